"""Webhook endpoints and deliveries as JSON."""

import json
from typing import Any

from polar_django.sandbox.models import (
    ORGANIZATION_ID,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEvent,
)
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["delivery_log_entry", "webhook_delivery", "webhook_endpoint", "webhook_event"]


def webhook_endpoint(row: WebhookEndpoint) -> dict[str, Any]:
    """WebhookEndpoint, secret included. No query."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "url": row.url,
        "name": row.name,
        "format": row.format,
        "api_version": row.api_version,
        "secret": row.secret,
        "uses_standard_webhook_signature": row.uses_standard_webhook_signature,
        "organization_id": str(ORGANIZATION_ID),
        "events": row.events,
        "enabled": row.enabled,
    }


def webhook_event(row: WebhookEvent) -> dict[str, Any]:
    """WebhookEvent; its payload is the body as text."""
    envelope = json.loads(row.body) if row.body else {}
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        # An envelope of before September 2026 does not say it, and an archived one is gone.
        "api_version": envelope.get("api_version", "2026-10"),
        "last_http_code": row.last_http_code,
        "succeeded": row.succeeded,
        "skipped": row.skipped,
        "payload": row.body,
        "type": row.type,
        "is_archived": row.is_archived,
    }


def webhook_delivery(row: WebhookAttempt) -> dict[str, Any]:
    """WebhookDelivery: one attempt, with its event."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "succeeded": row.succeeded,
        "http_code": row.http_code,
        "response": row.response,
        "webhook_event": webhook_event(row.event),
    }


def delivery_log_entry(row: WebhookEvent) -> dict[str, Any]:
    """What `GET _control/deliveries` lists: an event with every attempt. One query."""
    return {
        "id": str(row.id),
        "type": row.type,
        "timestamp": moment(row.created_at),
        "body": row.body,
        "state": row.state,
        "attempts": [
            {"at": moment(attempt.created_at), "status": attempt.http_code}
            for attempt in sorted(row.attempts.all(), key=lambda each: each.created_at)
        ],
    }
