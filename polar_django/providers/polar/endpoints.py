"""Polar's webhook endpoints (`/v1/webhooks/…`, where no address ends in a slash)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polar_django.exceptions import MalformedPayload, ProviderUnavailable
from polar_django.providers.endpoints import DeliveryAttempt, WebhookEndpoint, WebhookEndpoints
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.events import EVENTS, KNOWN_TYPES, STATE_CHANGED
from polar_django.providers.polar.reading import (
    count,
    flag,
    mapping,
    moment,
    objects,
    required_id,
    text,
)
from polar_django.providers.transport import Reply, Transport

_PAGE_SIZE = 100
_ENDPOINTS = "/v1/webhooks/endpoints"
# Its own limit on an address.
_URL_LENGTH = 2083


class PolarEndpoints(WebhookEndpoints):
    """Those of the token's organization. `api_version` is what new and repaired ones send."""

    needed_events = frozenset(EVENTS) | {STATE_CHANGED}
    all_events = KNOWN_TYPES

    def __init__(self, transport: Transport, api_version: str, organization_id: str = "") -> None:
        self._transport = transport
        self._organization_id = organization_id
        self.api_version = api_version

    def all(self) -> list[WebhookEndpoint]:
        found = [_endpoint(item) for item in self._items(_ENDPOINTS, {})]
        return found[::-1]

    def create(self, url: str) -> WebhookEndpoint:
        body = self._wanted(url)
        if self._organization_id:
            # Needed where the token is not an organization's own.
            body["organization_id"] = self._organization_id
        return _endpoint_in(self._transport.request("POST", _ENDPOINTS, body=body))

    def repair(self, endpoint: WebhookEndpoint, url: str) -> WebhookEndpoint:
        body = {**self._wanted(url), "enabled": True}
        return self._change(endpoint, "", body)

    def renew_secret(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        return self._change(endpoint, "/secret", None)

    def attempts(
        self, endpoints: Sequence[WebhookEndpoint], *, failed_only: bool = False
    ) -> Iterator[DeliveryAttempt]:
        filters: dict[str, Any] = {"endpoint_id": [endpoint.id for endpoint in endpoints]}
        if failed_only:
            filters["succeeded"] = False
        for item in self._items("/v1/webhooks/deliveries", filters):
            yield _attempt(item)

    def redeliver(self, event_id: str) -> None:
        self._transport.request("POST", "/v1/webhooks/events/{id}/redeliver", path={"id": event_id})

    def _wanted(self, url: str) -> dict[str, Any]:
        wanted: dict[str, Any] = {"url": url, "format": "raw", "events": sorted(self.all_events)}
        if self.api_version:
            wanted["api_version"] = self.api_version
        return wanted

    def _change(self, endpoint: WebhookEndpoint, part: str, body: Any) -> WebhookEndpoint:
        return _endpoint_in(
            self._transport.request(
                "PATCH", f"{_ENDPOINTS}/{{id}}{part}", path={"id": endpoint.id}, body=body
            )
        )

    def _items(self, route: str, filters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The objects of all pages, newest first, as the server lists them."""
        number = 1
        while True:
            query = {**filters, "page": number, "limit": _PAGE_SIZE}
            reply = self._transport.request("GET", route, query=query)
            data = object_in(reply)
            items = list(objects(data.get("items")))
            yield from items
            last = mapping(data.get("pagination")).get("max_page")
            if not items or not isinstance(last, int) or number >= last:
                return
            number += 1


def _endpoint_in(reply: Reply) -> WebhookEndpoint:
    return _endpoint(object_in(reply))


def _endpoint(data: Mapping[str, Any]) -> WebhookEndpoint:
    """The scheme is that of older servers where the answer does not name it."""
    events = data.get("events")
    return WebhookEndpoint(
        id=_id_of(data),
        url=text(data.get("url"), _URL_LENGTH),
        events=frozenset(item for item in events if isinstance(item, str))
        if isinstance(events, list)
        else frozenset(),
        is_enabled=flag(data.get("enabled", True)),
        is_raw=data.get("format", "raw") == "raw",
        api_version=text(data.get("api_version")),
        secret=text(data.get("secret")),
        scheme="standard" if data.get("uses_standard_webhook_signature") is True else "legacy",
    )


def _attempt(data: Mapping[str, Any]) -> DeliveryAttempt:
    event = mapping(data.get("webhook_event"))
    return DeliveryAttempt(
        event_id=_id_of(event),
        type=text(event.get("type")),
        attempted_at=moment(data.get("created_at")),
        succeeded=flag(data.get("succeeded")),
        status=count(data.get("http_code")),
        can_redeliver=not flag(event.get("is_archived")),
    )


def _id_of(data: Mapping[str, Any]) -> str:
    try:
        return required_id(data)
    except MalformedPayload as error:
        raise ProviderUnavailable("An answer about webhooks has an object without id.") from error
