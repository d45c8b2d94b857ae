"""Webhook endpoints, and sending an event again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from polar_django.sandbox.models import WebhookEndpoint, WebhookEvent


def create_endpoint(data: Mapping[str, Any]) -> WebhookEndpoint:
    """`data` as WebhookEndpointCreate; a `secret` of one's own signs in the legacy scheme."""
    raise NotImplementedError


def update_endpoint(endpoint: WebhookEndpoint, data: Mapping[str, Any]) -> WebhookEndpoint:
    """Change what `data` names, `enabled` too."""
    raise NotImplementedError


def reset_secret(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """A new secret; the old one stops at once."""
    raise NotImplementedError


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Soft delete."""
    raise NotImplementedError


def redeliver(event_id: UUID) -> WebhookEvent:
    """Send it again, same id and body. Raises ResourceNotFound."""
    raise NotImplementedError
