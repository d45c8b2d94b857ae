"""Who is at the portal's door: a customer, or one member of theirs."""

from typing import Any, cast

from django.http import HttpRequest

from polar_django.sandbox.api.access import bearer_token
from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.errors import NotPermitted
from polar_django.sandbox.models import Customer, CustomerSession, Member

__all__ = ["has_session", "require_billing", "session_of", "visitor", "whose"]

BILLING_ROLES = ("owner", "billing_manager")


def has_session(request: HttpRequest) -> CustomerSession | None:
    """The session of the token, for ninja's `auth`; None refuses the request. Two queries."""
    token = bearer_token(request)
    return find_session(token) if token is not None else None


def session_of(request: HttpRequest) -> CustomerSession:
    """The session that `has_session` found; ninja keeps it on the request."""
    return cast(CustomerSession, cast(Any, request).auth)


def visitor(request: HttpRequest) -> Customer:
    """Whose portal it is. No query."""
    return session_of(request).customer


def whose(request: HttpRequest) -> dict[str, Member]:
    """What narrows grants and keys to the visitor's own: nothing for those who pay."""
    member = session_of(request).member
    return {} if member is None or member.role in BILLING_ROLES else {"member": member}


def require_billing(request: HttpRequest) -> Customer:
    """The customer, for those who may see what is paid. Raises NotPermitted for other members."""
    if whose(request):
        raise NotPermitted("Only owners and billing managers can do this.")
    return visitor(request)
