"""Webhooks: from a signed message to the mirror, and on to the project's handlers."""

from polar_django.webhooks.dispatch import WebhookEvent, on

__all__ = ["WebhookEvent", "on"]
