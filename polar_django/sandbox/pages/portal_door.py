"""Who stands at the portal's door: the session of a token, and what its member may do."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.errors import ResourceNotFound, SandboxError
from polar_django.sandbox.models import CustomerSession
from polar_django.sandbox.pages.page import SeeOther, describe, page, show

__all__ = [
    "TOKEN",
    "back_to_portal",
    "button",
    "inside",
    "may_manage",
    "over",
    "require_manager",
    "session_of",
    "show_inside",
]

TOKEN = "customer_session_token"
MANAGERS = ("owner", "billing_manager")

Act = Callable[..., HttpResponse]


def session_of(request: HttpRequest) -> CustomerSession | None:
    """The session whose token the request carries; None for no token and for one that is over."""
    given = request.POST if request.method == "POST" else request.GET
    return find_session(given.get(TOKEN, ""))


def may_manage(session: CustomerSession) -> bool:
    """Whether this person may change what the customer pays for; a seat's holder may not."""
    return session.member is None or session.member.role in MANAGERS


def require_manager(session: CustomerSession) -> None:
    """Raises ResourceNotFound for a seat's holder."""
    if not may_manage(session):
        raise ResourceNotFound


def over(request: HttpRequest) -> HttpResponse:
    """The page for whom the door stays shut."""
    return show(request, "portal_over", {}, status=401)


def show_inside(
    request: HttpRequest,
    session: CustomerSession,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """A page for whom the door opened: it knows the session, its customer, and its token."""
    shared = {"session": session, "customer": session.customer, "token_name": TOKEN}
    return show(request, template, {**shared, **context}, status=status)


def inside(*methods: str) -> Callable[[Act], Act]:
    """A page for whom the token lets in: the view gets the session.

    What the engine refuses is told on a page that leads back to the portal, with its status.
    """

    def decorate(view: Act) -> Act:
        @page(*methods, by_secret=True)
        @wraps(view)
        def inner(request: HttpRequest, **named: Any) -> HttpResponse:
            session = session_of(request)
            if session is None:
                return over(request)
            try:
                return view(request, session, **named)
            except SandboxError as error:
                problem = describe(error)
                return show_inside(request, session, "portal_problem", problem, status=error.status)

        return inner

    return decorate


def button(act: Callable[..., str]) -> Act:
    """A POST by who may manage; `act` gets the session, and says what the page tells."""

    @inside("POST")
    @wraps(act)
    def view(request: HttpRequest, session: CustomerSession, **named: Any) -> HttpResponse:
        require_manager(session)
        return back_to_portal(session, act(request, session, **named))

    return view


def back_to_portal(session: CustomerSession, done: str) -> HttpResponse:
    """To the portal, which tells what was done: a name of `portal.NEWS`."""
    query = urlencode({TOKEN: session.token, "done": done})
    return SeeOther(f"{reverse('polar_sandbox:portal')}?{query}")
