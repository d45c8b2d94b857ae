"""Where a refused request is sent, and the way back; never to another site on a visitor's word."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings as django_settings
from django.http import HttpRequest, QueryDict
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from django.utils.http import url_has_allowed_host_and_scheme

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError

__all__ = ["login_address", "safe_next", "upgrade_address", "way_back"]

_NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


def safe_next(request: HttpRequest, address: str | None) -> str:
    """The address as a path on this site, "" where it leads elsewhere or is none.

    Takes a path or a full address of the request's own host. `//host`, backslashes, control
    characters and other schemes are refused, also where they hide in the path of our own host.
    """
    host = {request.get_host()}
    # A NUL, which PostgreSQL does not store, is not printable either.
    if not address or not address.isprintable():
        return ""
    if not url_has_allowed_host_and_scheme(address, host, request.is_secure()):
        return ""
    parts = urlsplit(address)
    path = urlunsplit(("", "", parts.path, parts.query, "")) or "/"
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, None):
        return ""
    return path


def way_back(request: HttpRequest) -> str:
    """Where to return to after login or payment: the page that the person saw.

    That is the request's own address; for a fragment that htmx fetched, and for what was posted and
    cannot be asked for again, the page it came from. "" where that is not known.
    """
    if request.headers.get("HX-Request") == "true":
        return safe_next(request, request.headers.get("HX-Current-URL"))
    if request.method not in {"GET", "HEAD"}:
        return safe_next(request, request.headers.get("Referer"))
    return safe_next(request, request.get_full_path())


def login_address(request: HttpRequest) -> str:
    """The sign-in page with `next`: `LOGIN_URL`, else Django's. "" where that is this very page."""
    return _target(request, "LOGIN_URL", get_settings().login_url or str(django_settings.LOGIN_URL))


def upgrade_address(request: HttpRequest, **missing: Sequence[str]) -> str:
    """`UPGRADE_URL` with `next`, and with what was missing; "" where it is empty or is this page.

    `missing` are further parameters, each as often as it has values: `benefit=("pro",)`. Raises
    ConfigurationError where the setting is neither an address nor the name of one.
    """
    return _target(request, "UPGRADE_URL", get_settings().upgrade_url, missing)


def _target(
    request: HttpRequest, setting: str, given: str, further: Mapping[str, Sequence[str]] = _NOTHING
) -> str:
    if not given:
        return ""
    try:
        parts = urlsplit(resolve_url(given))
    except NoReverseMatch as error:
        raise ConfigurationError(
            f"POLAR_DJANGO[{setting!r}] is {given!r}: no URL pattern has that name. "
            "Give the name of one, or a path that begins with '/'."
        ) from error
    # A page that guards the way to itself would send the browser round for ever.
    if parts.path == request.path and parts.netloc in {"", request.get_host()}:
        return ""
    query = QueryDict(parts.query, mutable=True)
    for name, values in further.items():
        if values:
            query.setlist(name, list(values))
    if back := way_back(request):
        query["next"] = back
    return urlunsplit(parts._replace(query=query.urlencode(safe="/")))
