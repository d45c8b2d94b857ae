"""Who stands at the portal's door: the session of a token, and what its member may do."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import CustomerSession
from polar_django.sandbox.pages.page import SeeOther, page, show

__all__ = ["TOKEN", "back_to_portal", "button", "may_manage", "over", "session_of", "show_inside"]

TOKEN = "customer_session_token"
MANAGERS = ("owner", "billing_manager")

Act = Callable[..., str]


def session_of(request: HttpRequest) -> CustomerSession | None:
    """The session whose token the request carries; None for no token and for one that is over."""
    given = request.POST if request.method == "POST" else request.GET
    return find_session(given.get(TOKEN, ""))


def may_manage(session: CustomerSession) -> bool:
    """Whether this person may change what the customer pays for; a seat's holder may not."""
    return session.member is None or session.member.role in MANAGERS


def over(request: HttpRequest) -> HttpResponse:
    """The page for whom the door stays shut."""
    return show(request, "portal_over", {}, status=401)


def show_inside(
    request: HttpRequest, session: CustomerSession, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A page for whom the door opened: it knows the session, its customer, and its token."""
    shared = {"session": session, "customer": session.customer, "token_name": TOKEN}
    return show(request, template, {**shared, **context})


def button(act: Act) -> Callable[..., HttpResponse]:
    """A POST by whom the token lets in; `act` gets the session, and says what the page tells."""

    @page("POST", by_secret=True)
    @wraps(act)
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        session = session_of(request)
        if session is None:
            return over(request)
        if not may_manage(session):
            raise ResourceNotFound
        return back_to_portal(session, act(request, session, **named))

    return view


def back_to_portal(session: CustomerSession, done: str) -> HttpResponse:
    """To the portal, which tells what was done: a name of `portal.NEWS`."""
    query = urlencode({TOKEN: session.token, "done": done})
    return SeeOther(f"{reverse('polar_sandbox:portal')}?{query}")
