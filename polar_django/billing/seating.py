"""Where a subscriber's seats are: what was bought with some, and who sits there. Calls nobody."""

from typing import Any

from django.db.models import Q, QuerySet

from polar_django.models import Order, Seat, Subscription

__all__ = ["purchases_with_seats", "seats_of"]

_GOES_ON = ("active", "trialing", "past_due")


def purchases_with_seats(subscriber: Any) -> list[Subscription | Order]:
    """What the subscriber has bought with seats, and still has, with their products. Two
    queries."""
    subscriptions = Subscription.objects.for_subscriber(subscriber).filter(
        seats__isnull=False, status__in=_GOES_ON
    )
    orders = Order.objects.paid().filter(
        subscriber=subscriber, seats__isnull=False, subscription=None
    )
    return [*subscriptions.select_related("product"), *orders.select_related("product")]


def seats_of(subscriber: Any) -> "QuerySet[Seat]":
    """All seats of what the subscriber has bought, revoked ones too, oldest first, with members."""
    mine = Q(subscription__subscriber=subscriber) | Q(order__subscriber=subscriber)
    rows: QuerySet[Seat] = Seat.objects.filter(mine)
    return rows.select_related("member").order_by("created_at", "pk")
