"""Where events are sent, the events, and each attempt to send one."""

from django.db import models

from polar_django.sandbox.models.base import Row


class WebhookEndpoint(Row):
    url = models.CharField(max_length=2083)
    name = models.CharField(max_length=255, null=True)
    format = models.CharField(max_length=16, default="raw")
    api_version = models.CharField(max_length=7, default="2026-10")
    secret = models.CharField(max_length=255)
    # False: the key is the whole secret, prefix included, as before 2026-09-08.
    uses_standard_webhook_signature = models.BooleanField(default=True)
    events = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    # Made from the settings WEBHOOK_URL and WEBHOOK_SECRET, and made anew when they change.
    is_configured = models.BooleanField(default=False)
    # What they said then: what was changed or deleted since through the API stays so.
    applied_url = models.CharField(max_length=2083, default="", blank=True)
    applied_secret = models.CharField(max_length=255, default="", blank=True)
    deleted_at = models.DateTimeField(null=True)


class WebhookEvent(Row):
    """One event for one endpoint; the id is the `webhook-id` of every attempt.

    `body` is what is sent, to the byte, on every attempt. `created_at` is the envelope's
    `timestamp`. `next_attempt_at` is virtual time; null when there is nothing more to do.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="webhook_events")
    type = models.CharField(max_length=64, db_index=True)
    body = models.TextField(null=True)
    # Whose timeline it belongs to; null for the catalogue.
    customer_id = models.UUIDField(null=True, db_index=True)
    succeeded = models.BooleanField(null=True)
    skipped = models.BooleanField(default=False)
    last_http_code = models.PositiveSmallIntegerField(null=True)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    # Only a state that is held back: since when, in virtual time.
    waits_since = models.DateTimeField(null=True)
    # Real time until which one sender owns the event.
    claimed_until = models.DateTimeField(null=True)

    class Meta(Row.Meta):
        indexes = [
            models.Index(
                fields=["next_attempt_at", "created_at"],
                name="sandbox_events_due",
                condition=models.Q(next_attempt_at__isnull=False),
            ),
            # Asked before every delivery, of a table that grows with each.
            models.Index(
                fields=["claimed_until"],
                name="sandbox_events_claimed",
                condition=models.Q(claimed_until__isnull=False),
            ),
            models.Index(
                fields=["created_at"],
                name="sandbox_events_kept",
                condition=models.Q(body__isnull=False, next_attempt_at__isnull=True),
            ),
        ]

    @property
    def is_archived(self) -> bool:
        return self.body is None

    @property
    def state(self) -> str:
        """`skipped`, `delivered`, `failed` (for good), `retrying` or `pending`."""
        if self.skipped:
            return "skipped"
        if self.succeeded is not None:
            return "delivered" if self.succeeded else "failed"
        return "retrying" if self.attempts_made else "pending"


class WebhookAttempt(Row):
    """One POST. `http_code` null: no answer, and `response` says why."""

    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="attempts")
    succeeded = models.BooleanField()
    http_code = models.PositiveSmallIntegerField(null=True)
    response = models.TextField(null=True)
