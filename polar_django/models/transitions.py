"""The outbox of signals, and the row that makes writers take turns."""

from django.db import models
from django.db.models import Q

from polar_django.models.fields import ProviderIdField
from polar_django.models.indexes import SmallIndex


class Transition(models.Model):
    """One change of state that the mirror made, written in the transaction that made it.

    The worker sends signals and `@on` handlers from it; it is also the customer's timeline.
    `name` is the signal's, or the event type behind an `@on` handler. `source` says what caused
    it. `receivers_done` names those that succeeded, so that only the others are retried.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        DEAD = "dead"

    class Source(models.TextChoices):
        DELIVERY = "delivery"
        VERB = "verb"
        RETURN_PAGE = "return_page"
        RECONCILE = "reconcile"
        LOCAL = "local"

    name = models.CharField(max_length=255)
    provider = models.CharField(max_length=20)
    object_type = models.CharField(max_length=32)
    object_id = ProviderIdField()
    customer_id = ProviderIdField(null=True, blank=True)
    delivery = models.ForeignKey(
        "polar_django.WebhookDelivery",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="transitions",
        db_constraint=False,
    )
    source = models.CharField(max_length=16, choices=Source)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    receivers_done = models.JSONField(default=list, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            SmallIndex(
                fields=["due_at"],
                where=Q(state__in=["pending", "failed"]),
                otherwise=["state", "due_at"],
                name="polar_transition_due",
            ),
            SmallIndex(fields=["due_at"], where=Q(state="dead"), name="polar_transition_dead"),
            models.Index(fields=["customer_id", "happened_at"], name="polar_transition_customer"),
            # What is told of grants by hand, for the order in which it is told.
            SmallIndex(
                fields=["object_id"],
                where=Q(customer_id=None, state="pending"),
                otherwise=["customer_id", "object_id"],
                name="polar_transition_nobodys",
            ),
        ]
        permissions = [("replay_transition", "Can tell receivers again")]

    def __str__(self) -> str:
        return f"{self.name} {self.object_id}"


class WriteLock(models.Model):
    """A name that writers take turns on (`polar_django.models.locking`).

    One row per customer, one for the catalogue, and a few hundred shared ones.
    """

    name = ProviderIdField(primary_key=True)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.name)
