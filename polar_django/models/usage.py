"""Facts to be sent to a meter."""

import uuid

from django.db import models
from django.db.models import Q

from polar_django.models.fields import ProviderIdField, subscriber_key


class UsageEvent(models.Model):
    """One fact for a meter, waiting to be sent. `external_id` makes a repeat harmless."""

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        DEAD = "dead"

    subscriber = subscriber_key("polar_usage_events")
    provider = models.CharField(max_length=20)
    name = models.CharField(max_length=128)
    external_id = ProviderIdField(unique=True, default=uuid.uuid4)
    timestamp = models.DateTimeField()
    metadata = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["pending", "failed"]),
                name="polar_usage_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.external_id}"
