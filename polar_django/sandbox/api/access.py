"""Who may call: the one access token, and the tokens of portal sessions."""

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.tokens import CUSTOMER_SESSION, MEMBER_SESSION

__all__ = ["bearer_token", "has_access_token", "is_known_token"]


def bearer_token(request: HttpRequest) -> str | None:
    """The bearer token sent, None without one or with credentials of another kind."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def has_access_token(request: HttpRequest) -> bool:
    """Whether the request carries the setting ACCESS_TOKEN."""
    token = bearer_token(request)
    return token is not None and _is_access_token(token)


def is_known_token(token: str) -> bool:
    """Whether any door knows this token, if not the one that is asked for. At most one query."""
    if _is_access_token(token):
        return True
    is_session = token.startswith((CUSTOMER_SESSION, MEMBER_SESSION))
    return is_session and find_session(token) is not None


def _is_access_token(token: str) -> bool:
    return constant_time_compare(token, get_settings().access_token)
