"""The questions people ask of the mirror."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Expression, Q
from django.utils import timezone

# Polar: "active" is the set of statuses in which a subscription has been paid for, or is in trial.
ACTIVE_STATUSES = frozenset({"trialing", "active"})
# Polar's `canceled` means ended; a scheduled cancellation is a flag.
ENDED_STATUSES = frozenset({"canceled", "unpaid", "incomplete_expired"})


class CustomerQuerySet(models.QuerySet[Any]):
    def living(self) -> Self:
        """Those the provider has not deleted."""
        return self.filter(deleted_at__isnull=True)

    def unclaimed(self) -> Self:
        """Living, and nobody's here: `mirror.linking.link_customer` gives them to a subscriber."""
        return self.living().filter(subscriber__isnull=True)


class ProductQuerySet(models.QuerySet[Any]):
    def named(self, names: Iterable[str]) -> Self:
        """Those whose key or id is among the names."""
        wanted = list(names)
        return self.filter(Q(key__in=wanted) | Q(pk__in=wanted))


class SubscriptionQuerySet(models.QuerySet[Any]):
    def active(self) -> Self:
        """Paid for now, or in trial; scheduled cancellations included."""
        return self.filter(status__in=ACTIVE_STATUSES)

    def ending(self) -> Self:
        """Active, and will not renew."""
        return self.active().filter(cancel_at_period_end=True)

    def past_due(self) -> Self:
        """A renewal could not be charged, and is being retried."""
        return self.filter(status="past_due")

    def for_subscriber(self, subscriber: Any) -> Self:
        return self.filter(subscriber=subscriber)


class OrderQuerySet(models.QuerySet[Any]):
    def paid(self) -> Self:
        """Paid at some time; refunds may have followed."""
        return self.filter(paid=True)

    def refunded(self) -> Self:
        """Refunded in part or whole."""
        return self.filter(refunded_amount__gt=0)

    def for_subscriber(self, subscriber: Any) -> Self:
        return self.filter(subscriber=subscriber)

    def totals(self, column: str = "total_amount") -> dict[str, int]:
        """The sum of a column of money per currency, in minor units: `{"eur": 4900, "usd": 1200}`.

        `Order.objects.paid().totals()`. Refunds are not taken off: `totals("refunded_amount")` and
        `totals("refunded_tax_amount")` say how much that was. One query.
        """
        sums = self.order_by().values_list("currency").annotate(models.Sum(column))
        return {currency: int(total) for currency, total in sums.order_by("currency")}


class BenefitGrantQuerySet(models.QuerySet[Any]):
    def active(self, at: datetime | Expression | None = None) -> Self:
        """Live: granted, not revoked, not past `expires_at` (`at`, by default now)."""
        moment = at or timezone.now()
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=moment),
            is_granted=True,
            is_revoked=False,
        )

    def held_by(self, subscriber: Any = None, user: Any = None) -> Self:
        """What a subscriber holds that is nobody's seat, and the seats that this user holds."""
        held = Q(pk__in=[])
        if subscriber is not None:
            held |= Q(subscriber=subscriber, is_seat=False)
        if user is not None:
            held |= Q(user=user)
        return self.filter(held)


class CustomerMeterQuerySet(models.QuerySet[Any]):
    def for_subscriber(self, subscriber: Any) -> Self:
        """Those of the subscriber's living customers: a deleted one's units are gone with it."""
        return self.filter(customer__subscriber=subscriber, customer__deleted_at__isnull=True)


class WebhookDeliveryQuerySet(models.QuerySet[Any]):
    def pending(self) -> Self:
        """Received, and not yet tried."""
        return self.filter(state="pending")

    def dead(self) -> Self:
        """Given up after the last attempt; `polar_inbox replay` tries again."""
        return self.filter(state="dead")
