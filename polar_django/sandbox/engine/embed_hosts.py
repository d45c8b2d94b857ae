"""Which sites may frame what a checkout link opens: the organization's `embed_hosts`."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import EmbedHostNotAllowed

__all__ = ["check_embed_origin"]

LOCAL_ENDINGS = (".localhost", ".local")


def check_embed_origin(origin: str) -> None:
    """Raises EmbedHostNotAllowed unless the organization lists the host of `origin`. One query.

    As at Polar the list is empty at first, and sessions made by the API are not asked.
    """
    allowed: list[str] = get_organization().settings.get("embed_hosts", [])
    if not any(_matches(entry, origin) for entry in allowed):
        raise EmbedHostNotAllowed(f"{origin} is not among the organization's embed hosts.")


def _matches(entry: str, origin: str) -> bool:
    if "://" in entry:
        # The origin of an app, which has no host.
        return entry == origin
    try:
        parts = urlsplit(origin)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_local(parts))
    except ValueError:
        return False
    host, wanted = parts.netloc.lower(), entry.lower()
    if wanted.startswith("*."):
        return is_safe and host.endswith(wanted[1:]) and host != wanted[1:]
    return is_safe and host == wanted


def _is_local(parts: SplitResult) -> bool:
    name = parts.hostname or ""
    if name == "localhost" or name.endswith(LOCAL_ENDINGS):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_private
