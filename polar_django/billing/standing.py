"""What a subscriber is billed for already, where they want to buy a subscription.

Polar sells no second subscription to a customer (unless the organization allows it, and
`MULTIPLE_SUBSCRIPTIONS` says so here), except that a free one is replaced by a paid one. It would
sell one beside a paused one, and bill both when that goes on.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from polar_django.conf import get_settings
from polar_django.models import Product, Subscription
from polar_django.models.querysets import ACTIVE_STATUSES
from polar_django.providers.base import Capability
from polar_django.providers.registry import get_provider

__all__ = ["Standing", "standing_of"]

# A failed renewal is mended in the portal; what is paused is billed again when it goes on.
_BILLED = [*ACTIVE_STATUSES, "past_due", "paused"]


@dataclass(frozen=True, slots=True)
class Standing:
    """`hindrance` is a subscription that is to be changed instead of buying another one.

    `upgraded` is a free one that a checkout replaces.
    """

    hindrance: Subscription | None = None
    upgraded: Subscription | None = None


def standing_of(subscriber: Any, products: Collection[Product]) -> Standing:
    """Where this subscriber stands who wants one of these products. One query.

    Things bought once are never hindered, and where one of them is among the products, nothing is
    before the buyer has chosen.
    """
    if subscriber is None or not all(product.is_recurring for product in products):
        return Standing()
    service = get_provider()
    rows = Subscription.objects.for_subscriber(subscriber).filter(
        status__in=_BILLED, provider=service.name
    )
    billed = list(rows.order_by("started_at", "pk"))
    wanted = {product.pk for product in products}
    same = next((row for row in billed if row.product_id in wanted), None)
    if get_settings().multiple_subscriptions or not billed:
        return Standing(hindrance=same)
    free = billed[0] if all(_is_free(row) for row in billed) else None
    if free is None or Capability.FREE_UPGRADES not in service.capabilities:
        paid = (row for row in billed if not _is_free(row))
        return Standing(hindrance=same or next(paid, billed[0]))
    return Standing(hindrance=free) if wanted == {free.product_id} else Standing(upgraded=free)


def _is_free(subscription: Subscription) -> bool:
    """Whether Polar lets a checkout upgrade it."""
    return (
        subscription.amount == 0
        and subscription.status == "active"
        and not subscription.cancel_at_period_end
    )
