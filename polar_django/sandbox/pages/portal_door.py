"""Who stands at the portal's door: the session of a token, and what its member may do."""

from django.http import HttpRequest, HttpResponse

from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.models import CustomerSession
from polar_django.sandbox.pages.page import show

__all__ = ["TOKEN", "may_manage", "over", "session_of"]

TOKEN = "customer_session_token"
MANAGERS = ("owner", "billing_manager")


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
