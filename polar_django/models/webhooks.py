"""The inbox: every message a provider sent us, one row per webhook id."""

from django.db import models
from django.db.models import Q

from polar_django.models.fields import ExactCharField
from polar_django.models.indexes import SmallIndex
from polar_django.models.querysets import WebhookDeliveryQuerySet


class WebhookDelivery(models.Model):
    """One received message. Only `polar_django.webhooks.inbox` changes its state.

    `timestamp` is the provider's clock when it made the event; `type` is "" where the body could
    not be read. The body is kept as bytes: PostgreSQL's JSON refuses some of what JSON allows.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        PROCESSING = "processing"
        PROCESSED = "processed"
        IGNORED = "ignored"
        FAILED = "failed"
        DEAD = "dead"

    provider = models.CharField(max_length=20)
    delivery_id = ExactCharField(max_length=255)
    type = models.CharField(max_length=255, blank=True, default="")
    timestamp = models.DateTimeField(null=True, blank=True)
    api_version = models.CharField(max_length=32, blank=True, default="")
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    error_type = models.CharField(max_length=255, blank=True, default="")
    error = models.TextField(blank=True, default="")
    # W3C's `traceparent` of the request that took it in, where the project traces.
    trace = models.CharField(max_length=64, blank=True, default="")

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(fields=["provider", "delivery_id"], name="polar_delivery_once"),
        ]
        indexes = [
            # What is still to do: small however long the history grows.
            SmallIndex(
                fields=["due_at"],
                where=Q(state__in=["pending", "processing", "failed"]),
                otherwise=["state", "due_at"],
                name="polar_delivery_due",
            ),
            models.Index(fields=["state", "received_at"], name="polar_delivery_state"),
        ]
        permissions = [("replay_webhookdelivery", "Can process webhook deliveries again")]

    def __str__(self) -> str:
        return f"{self.type or 'unreadable'} {self.delivery_id}"


class Health(WebhookDelivery):
    """No table: the name under which the admin lists its page about the inbox and all behind it,
    and the permission to see that."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = "health"
        verbose_name_plural = "health"
