"""Bodies of webhook endpoints."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from polar_django.sandbox.api.inputs.fields import Body, Organizational, Url, choice
from polar_django.sandbox.engine.endpoints import EVENT_TYPES

__all__ = ["EndpointCreate", "EndpointUpdate", "EventType"]

EventType = Annotated[str, choice(*EVENT_TYPES)]
Format = Annotated[str, choice("raw", "discord", "slack")]
Version = Literal["2026-04", "2026-10", "2027-01"]
Secret = Annotated[str, StringConstraints(min_length=32, max_length=255)]
EndpointName = Annotated[str, StringConstraints(max_length=255)]


class EndpointCreate(Organizational):
    """POST /v1/webhooks/endpoints. Addresses without TLS are fine here: receivers are local."""

    url: Url
    format: Format
    events: list[EventType]
    name: EndpointName | None = None
    api_version: Version = "2026-10"
    secret: Secret | None = None


class EndpointUpdate(Body):
    """PATCH /v1/webhooks/endpoints/{id}."""

    url: Url | None = None
    format: Format | None = None
    events: list[EventType] | None = None
    name: EndpointName | None = None
    api_version: Version | None = None
    secret: Secret | None = None
    enabled: bool | None = None
