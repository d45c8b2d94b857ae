"""Webhook endpoints, and sending an event again."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from polar_django.sandbox import clock, courier
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import WebhookEndpoint, WebhookEvent
from polar_django.signing import generate_secret

__all__ = [
    "EVENT_TYPES",
    "create_endpoint",
    "delete_endpoint",
    "list_endpoints",
    "redeliver",
    "reset_secret",
    "update_endpoint",
]

EVENT_TYPES = (
    "checkout.created",
    "checkout.updated",
    "checkout.expired",
    "customer.created",
    "customer.updated",
    "customer.deleted",
    "customer.state_changed",
    "customer_seat.assigned",
    "customer_seat.claimed",
    "customer_seat.revoked",
    "member.created",
    "member.updated",
    "member.deleted",
    "order.created",
    "order.updated",
    "order.paid",
    "order.refunded",
    "subscription.created",
    "subscription.updated",
    "subscription.active",
    "subscription.canceled",
    "subscription.uncanceled",
    "subscription.cycled",
    "subscription.revoked",
    "subscription.past_due",
    "subscription.paused",
    "subscription.resumed",
    "subscription.migrated",
    "refund.created",
    "refund.updated",
    "product.created",
    "product.updated",
    "discount.created",
    "discount.updated",
    "discount.deleted",
    "benefit.created",
    "benefit.updated",
    "benefit_grant.created",
    "benefit_grant.cycled",
    "benefit_grant.updated",
    "benefit_grant.revoked",
    "organization.updated",
)

CHANGEABLE = ("url", "name", "format", "events", "api_version", "secret", "enabled")


def list_endpoints() -> list[WebhookEndpoint]:
    """All endpoints, oldest first; the one of the settings is made, and follows when they change.

    One query, two or three where the settings changed.
    """
    url = get_settings().webhook_url
    found = _known()
    if url and not any(_is_applied(each) for each in found):
        _configure()
        found = _known()
    return [each for each in found if each.deleted_at is None]


def _known() -> list[WebhookEndpoint]:
    """Those that are not deleted, and the one of the settings."""
    known = Q(deleted_at=None) | Q(is_configured=True)
    return list(WebhookEndpoint.objects.filter(known).order_by("created_at"))


def _is_applied(endpoint: WebhookEndpoint) -> bool:
    """Whether it was made of the settings as they are, whatever became of it since."""
    settings = get_settings()
    return endpoint.is_configured and (
        (endpoint.applied_url, endpoint.applied_secret)
        == (settings.webhook_url, settings.webhook_secret)
    )


def _configure() -> None:
    settings = get_settings()
    values: dict[str, Any] = {
        "url": settings.webhook_url,
        "secret": settings.webhook_secret,
        "applied_url": settings.webhook_url,
        "applied_secret": settings.webhook_secret,
        "uses_standard_webhook_signature": is_standard_secret(settings.webhook_secret),
        "enabled": True,
        "deleted_at": None,
    }
    with business_transaction():
        found = WebhookEndpoint.objects.filter(is_configured=True).first()
        if found is None:
            rows.create(
                WebhookEndpoint,
                name="From the settings",
                events=list(EVENT_TYPES),
                is_configured=True,
                **values,
            )
        elif not _is_applied(found):
            # Else another request was faster.
            rows.change(found, **values)


def is_standard_secret(secret: str) -> bool:
    """Whether the part after `whsec_` is base64 of a whole key, as Polar generates them now."""
    if not secret.startswith("whsec_"):
        return False
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) >= 24
    except binascii.Error:
        return False


def create_endpoint(data: Mapping[str, Any]) -> WebhookEndpoint:
    """`data` as WebhookEndpointCreate: url, format, events, name, api_version, secret.

    Without a `secret` one is generated. Unlike Polar, http and local addresses are welcome.
    Raises InvalidRequest for an unknown event type.
    """
    _check_events(data.get("events", []))
    secret = data.get("secret") or generate_secret()
    with business_transaction():
        return rows.create(
            WebhookEndpoint,
            url=str(data["url"]).strip(),
            name=data.get("name"),
            format=data.get("format", "raw"),
            api_version=data.get("api_version") or "2026-10",
            events=list(data.get("events", [])),
            secret=secret,
            uses_standard_webhook_signature=is_standard_secret(secret),
        )


def update_endpoint(endpoint: WebhookEndpoint, data: Mapping[str, Any]) -> WebhookEndpoint:
    """Change what `data` names: url, name, format, events, api_version, secret, enabled.

    What is null stays as it is, as at Polar. Raises InvalidRequest for an unknown event type.
    """
    values = {
        name: value for name, value in data.items() if name in CHANGEABLE and value is not None
    }
    _check_events(values.get("events", []))
    if "url" in values:
        values["url"] = str(values["url"]).strip()
    if "secret" in values:
        values["uses_standard_webhook_signature"] = is_standard_secret(values["secret"])
    with business_transaction():
        return rows.change(endpoint, **values)


def _check_events(events: list[str]) -> None:
    for index, name in enumerate(events):
        if name not in EVENT_TYPES:
            raise invalid("Unknown event type.", "events", index, value=name, type_="enum")


def reset_secret(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """A new secret of the standard scheme; the old one stops at once."""
    with business_transaction():
        return rows.change(endpoint, secret=generate_secret(), uses_standard_webhook_signature=True)


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Soft delete; what waits to be sent there is skipped."""
    with business_transaction():
        rows.change(endpoint, deleted_at=clock.tick())


def redeliver(event_id: UUID) -> WebhookEvent:
    """Send it again now: same id, same body, new attempt. Raises ResourceNotFound."""
    with business_transaction():
        event = WebhookEvent.objects.filter(pk=event_id, endpoint__deleted_at=None).first()
        if event is None or event.is_archived:
            raise ResourceNotFound
        rows.change(event, next_attempt_at=clock.tick(), skipped=False, claimed_until=None)
        transaction.on_commit(courier.wake)
        return event
