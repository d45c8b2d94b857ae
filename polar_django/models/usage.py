"""Facts to be sent to a meter."""

import uuid

from django.db import models
from django.db.models import Q

from polar_django.models.fields import ProviderIdField, subscriber_key
from polar_django.models.indexes import SmallIndex


class UsageEvent(models.Model):
    """One fact for a meter, sent or waiting to be. `external_id` makes a repeat harmless.

    `external_customer_id` and `external_member_id` name subscriber and user to the provider, also
    when they are gone here. `sent_at` is on the provider's clock, null until it has the event. Only
    `polar_django.usage` writes these rows.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"  # put off to `due_at`
        DEAD = "dead"

    # The index below serves the key, too.
    subscriber = subscriber_key("polar_usage_events", db_index=False)
    provider = models.CharField(max_length=20)
    name = models.CharField(max_length=128)
    external_id = ProviderIdField(unique=True, default=uuid.uuid4)
    external_customer_id = ProviderIdField(blank=True, default="")
    external_member_id = ProviderIdField(blank=True, default="")
    timestamp = models.DateTimeField()
    metadata = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            SmallIndex(
                fields=["due_at"],
                where=Q(state__in=["pending", "failed"]),
                otherwise=["state", "due_at"],
                name="polar_usage_due",
            ),
            SmallIndex(fields=["due_at"], where=Q(state="dead"), name="polar_usage_dead"),
            # What a meter does not know of yet: never sent, or sent since it was reckoned.
            models.Index(fields=["subscriber", "sent_at"], name="polar_usage_unreckoned"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.external_id}"
