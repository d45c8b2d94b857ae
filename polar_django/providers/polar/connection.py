"""From the settings to a connection with Polar."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from polar_django.conf import Settings
from polar_django.exceptions import ConfigurationError
from polar_django.providers.transport import Transport

SERVERS: Mapping[str, str] = {
    "production": "https://api.polar.sh",
    "sandbox": "https://sandbox-api.polar.sh",
}


def transport_for(settings: Settings) -> Transport:
    """The configured connection; nothing is sent yet.

    Raises ConfigurationError without an access token, and for a server that is no address.
    """
    token = settings.access_token.strip()  # a secret from a file ends in a line break
    if not token:
        raise ConfigurationError(
            "POLAR_DJANGO['ACCESS_TOKEN'] is empty: create an organization access token in Polar's "
            "dashboard, and set it there or as POLAR_ACCESS_TOKEN in the environment."
        )
    headers = {
        "Authorization": f"Bearer {token}",
        "Polar-Version": settings.api_version,
        "User-Agent": f"polar-django/{_own_version()}",
    }
    if settings.organization_id:
        headers["Polar-Organization"] = settings.organization_id
    return Transport(base_url(settings.server), headers, timeout=settings.request_timeout)


def base_url(server: str) -> str:
    """The address behind `SERVER`, without a trailing slash."""
    if server in SERVERS:
        return SERVERS[server]
    if "://" not in server:
        raise ConfigurationError(
            f"POLAR_DJANGO['SERVER'] must be {', '.join(map(repr, SERVERS))} or a base URL such as "
            f"'http://127.0.0.1:8000/sandbox', not {server!r}."
        )
    address = server.rstrip("/")
    if address.endswith("/v1"):
        raise ConfigurationError("POLAR_DJANGO['SERVER'] must not end in /v1: the calls begin so.")
    return address


def _own_version() -> str:
    try:
        return version("polar-django")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
