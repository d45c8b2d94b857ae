"""The endpoint at the provider that leads here: which it is, what is wrong, and making it right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.urls import reverse

from polar_django.exceptions import ConfigurationError
from polar_django.providers.base import Provider
from polar_django.providers.endpoints import WebhookEndpoint, WebhookEndpoints
from polar_django.webhooks.rehearsal import Key, is_believed

__all__ = [
    "Ensured",
    "ensure_endpoint",
    "faults_of",
    "is_same_address",
    "is_trusted",
    "leading_here",
    "spare_endpoints",
    "webhook_address",
    "webhook_path",
]


def webhook_path(provider: str) -> str:
    """Where this project takes that provider's deliveries: "/billing/webhooks/polar/".

    Raises NoReverseMatch where `polar_django.urls` is not included.
    """
    return reverse("polar:webhook", args=[provider])


def webhook_address(given: str, provider: str) -> str:
    """The whole address of the inbox: `given` itself, or its site's root and our path.

    Raises ConfigurationError for what is no address that a provider could deliver to.
    """
    try:
        parts = urlsplit(given.strip())
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_readable = urlsplit(""), False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_readable:
        raise ConfigurationError(
            f"{given!r} is no public address: write it as 'https://your.site' or as "
            f"'https://your.site{webhook_path(provider)}'."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "The address of an endpoint has no user name, password, query or fragment."
        )
    path = parts.path if parts.path not in {"", "/"} else webhook_path(provider)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def leading_here(
    endpoints: Iterable[WebhookEndpoint], provider: Provider, address: str = ""
) -> list[WebhookEndpoint]:
    """Those that lead to this project, enabled ones first. No calls.

    With `address` (whole, see `webhook_address`) those of exactly it, but for the last slash.
    Without one, those with our path, on whatever host: of them only those that are believed here,
    where any is, because another environment of the same account has an endpoint of its own.
    """
    if address:
        ours = [endpoint for endpoint in endpoints if is_same_address(endpoint.url, address)]
    else:
        path = webhook_path(provider.name).rstrip("/")
        near = [one for one in endpoints if urlsplit(one.url).path.rstrip("/") == path]
        ours = [one for one in near if is_trusted(provider, one)] or near
    return sorted(ours, key=lambda endpoint: not endpoint.is_enabled)


def is_same_address(one: str, other: str) -> bool:
    """Whether two addresses are one, but for capitals of the host and the last slash, both of which
    the inbox answers."""
    return _comparable(one) == _comparable(other)


def _comparable(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url.strip())
    host = parts.netloc.lower()
    for scheme, port in (("https", ":443"), ("http", ":80")):
        if parts.scheme == scheme:
            host = host.removesuffix(port)
    return parts.scheme, host, parts.path.rstrip("/")


def faults_of(endpoint: WebhookEndpoint, service: WebhookEndpoints) -> list[str]:
    """What `ensure_endpoint` would mend, in words; empty where all is as it should be."""
    faults = []
    if not endpoint.is_enabled:
        faults.append("it is disabled")
    if not endpoint.is_raw:
        faults.append("its format is not raw")
    if missing := sorted(service.needed_events - endpoint.events):
        faults.append(f"it does not take {', '.join(missing)}")
    if service.api_version and endpoint.api_version not in {"", service.api_version}:
        faults.append(f"its payloads are of {endpoint.api_version}, not {service.api_version}")
    return faults


def is_trusted(provider: Provider, endpoint: WebhookEndpoint) -> bool | None:
    """Whether what is signed with this endpoint's secret is believed here, whatever that is.

    None where the provider does not show the secret. No calls.
    """
    if not endpoint.secret:
        return None
    return is_believed(provider, Key(endpoint.secret, endpoint.scheme))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensured:
    """What `ensure_endpoint` did. `mended` is empty where nothing had to be; `secret` is "" where
    the one in use stays as it was."""

    endpoint: WebhookEndpoint
    is_new: bool
    mended: tuple[str, ...]
    secret: str = ""


def ensure_endpoint(
    service: WebhookEndpoints,
    provider: Provider,
    address: str,
    *,
    renew_secret: bool = False,
) -> Ensured:
    """See to it that there is one endpoint for this whole address, as it should be.

    One call where nothing is wrong, else two or three. A new one takes every event type. The secret
    is returned where it is new, for the operator to keep; nothing of it is stored here.
    """
    ours = leading_here(service.all(), provider, address)
    if not ours:
        made = service.create(address)
        return Ensured(endpoint=made, is_new=True, mended=(), secret=made.secret)
    endpoint, mended = ours[0], faults_of(ours[0], service)
    if mended:
        endpoint = service.repair(endpoint, endpoint.url)
    if not renew_secret:
        return Ensured(endpoint=endpoint, is_new=False, mended=tuple(mended))
    endpoint = service.renew_secret(endpoint)
    mended.append("its secret is renewed")
    return Ensured(endpoint=endpoint, is_new=False, mended=tuple(mended), secret=endpoint.secret)


def spare_endpoints(ours: Sequence[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """The enabled ones beyond the first: each event comes once for each of them."""
    return [endpoint for endpoint in ours if endpoint.is_enabled][1:]
