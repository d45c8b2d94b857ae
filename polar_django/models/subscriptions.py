"""Subscriptions and the seats in them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import models
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from polar_django.models.base import MirroredModel
from polar_django.models.fields import mirrored_key, subscriber_key
from polar_django.models.indexes import SmallIndex
from polar_django.models.querysets import (
    ACTIVE_STATUSES,
    ENDED_STATUSES,
    SubscriptionQuerySet,
)


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that waits for the next period; None is what stays. `applies_at` is aware UTC."""

    product_id: str | None = None
    seats: int | None = None
    units: int | None = None
    applies_at: datetime | None = None


class Subscription(MirroredModel):
    """A customer's subscription to a product. `amount` is in minor units of `currency`.

    `status` is one of Polar's eight, unknown ones kept as they came; `canceled` means ended. It
    never decides access: a live `BenefitGrant` does.
    """

    subscriber = subscriber_key("polar_subscriptions")
    customer = mirrored_key("polar_django.Customer", "subscriptions")
    product = mirrored_key("polar_django.Product", "subscriptions")
    discount = mirrored_key("polar_django.Discount", "subscriptions")
    checkout = mirrored_key("polar_django.CheckoutSession", "created_subscriptions")
    status = models.CharField(max_length=32)
    provider_status = models.CharField(max_length=64, blank=True, default="")
    amount = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    recurring_interval = models.CharField(max_length=32, null=True, blank=True)
    recurring_interval_count = models.PositiveIntegerField(null=True, blank=True)
    current_period_start = models.DateTimeField(null=True, blank=True)
    current_period_end = models.DateTimeField(null=True, blank=True)
    trial_start = models.DateTimeField(null=True, blank=True)
    trial_end = models.DateTimeField(null=True, blank=True)
    cancel_at_period_end = models.BooleanField(default=False)
    canceled_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    past_due_at = models.DateTimeField(null=True, blank=True)
    pause_at_period_end = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    resumes_at = models.DateTimeField(null=True, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    units = models.PositiveIntegerField(null=True, blank=True)
    customer_cancellation_reason = models.CharField(max_length=64, null=True, blank=True)
    customer_cancellation_comment = models.TextField(null=True, blank=True)
    pending_update = models.JSONField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status", "current_period_end"], name="polar_subscription_status"),
            # The order in which the provider lists them, for `mirror.reconcile` and the admin.
            models.Index(fields=["provider", "started_at"], name="polar_subscription_listed"),
        ]
        permissions = [
            ("cancel_subscription", "Can cancel subscriptions, and take that back"),
            ("revoke_subscription", "Can end subscriptions at once"),
        ]

    @property
    def is_active(self) -> bool:
        """Paid for now, or in its trial; a scheduled cancellation changes nothing yet."""
        return self.status in ACTIVE_STATUSES

    @property
    def is_trialing(self) -> bool:
        return self.status == "trialing"

    @property
    def is_ending(self) -> bool:
        """Active, and will not renew: `ends_at` says until when it lasts."""
        return self.is_active and self.cancel_at_period_end

    @property
    def has_ended(self) -> bool:
        """For good: `ended_at` says when."""
        return self.status in ENDED_STATUSES

    @property
    def renews_at(self) -> datetime | None:
        """When it is charged next, at the end of its trial or period; None where it will not be:
        ended, about to end or to rest, or resting until somebody resumes it."""
        if self.status == "paused":
            return self.resumes_at
        if not self.is_active or self.cancel_at_period_end or self.pause_at_period_end:
            return None
        return self.current_period_end

    @property
    def in_grace(self) -> bool:
        """A renewal could not be charged and is tried again; paid up, it goes on as before.

        Whether its benefits are still held meanwhile is the provider's to say: ask the gate.
        """
        return self.status == "past_due"

    @property
    def can_resume(self) -> bool:
        """Paused, or about to be: `resume_subscription` works."""
        return self.status == "paused" or (self.is_active and self.pause_at_period_end)

    @property
    def pending_change(self) -> PendingChange | None:
        """What changes with the next period; `clear_pending_update` drops it. No query."""
        noted = self.pending_update
        if not isinstance(noted, dict) or not noted:
            return None
        return PendingChange(
            product_id=noted.get("product_id"),
            seats=noted.get("seats"),
            units=noted.get("units"),
            applies_at=_moment(noted.get("applies_at")),
        )


class Seat(MirroredModel):
    """A place in a team's purchase. Ids are reused: a revoked seat may be assigned again.

    A revoked seat names nobody any more; `last_member` and `last_email` say who held it last, as
    of `last_held_as_of`.
    """

    subscription = mirrored_key("polar_django.Subscription", "seat_set")
    order = mirrored_key("polar_django.Order", "seat_set")
    customer = mirrored_key("polar_django.Customer", "seat_set")
    member = mirrored_key("polar_django.Member", "seat_set")
    status = models.CharField(max_length=32, default="pending")
    email = models.CharField(max_length=320, null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    invitation_token_expires_at = models.DateTimeField(null=True, blank=True)
    last_member = mirrored_key("polar_django.Member", "last_seat_set", db_index=False)
    last_email = models.CharField(max_length=320, null=True, blank=True)
    last_held_as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            SmallIndex(
                fields=["subscription"],
                where=~Q(status="revoked"),
                otherwise=["subscription", "status"],
                name="polar_seat_taken",
            ),
            # In the admin's order.
            models.Index(fields=["provider", "created_at"], name="polar_seat_listed"),
            models.Index(fields=["status"], name="polar_seat_status"),
        ]


def _moment(value: object) -> datetime | None:
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
