"""Which plan a subscriber is on, and what they have bought."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q

from polar_django.conf import get_settings
from polar_django.entitlements.holdings import EntitlementSet
from polar_django.entitlements.keys import product_names
from polar_django.entitlements.lookup import entitlements_for
from polar_django.models import Order, Product, Subscription

__all__ = ["has_purchased", "is_subscribed", "plan_of"]


def _is_of(subscription: Subscription, names: frozenset[str]) -> bool:
    product = subscription.product
    return subscription.product_id in names or bool(product and product.key in names)


def is_subscribed(entitlements: EntitlementSet, names: Iterable[str] = ()) -> bool:
    """Whether an active subscription is to one of these plans or products; to any, if none given.

    One query, unless the set has read its subscriptions before.
    """
    wanted = product_names(names)
    if not wanted:
        return bool(entitlements.subscriptions)
    return any(_is_of(subscription, wanted) for subscription in entitlements.subscriptions)


def plan_of(subscriber: Any) -> str | None:
    """The key of the plan this subscriber is on, None without one.

    The first in `PLANS` that has the product of an active or trialing subscription. Two queries
    the first time, none after.
    """
    entitlements = entitlements_for(subscriber)
    keys = get_settings().all_plans()
    return next((key for key in keys if is_subscribed(entitlements, [key])), None)


def has_purchased(subscriber: Any, name: str) -> bool:
    """Whether a paid order of this product (key, id or plan) was not wholly refunded.

    One query.
    """
    if getattr(subscriber, "pk", None) is None:
        return False
    names = product_names([name])
    kept = Q(refunded_amount=0) | Q(refunded_amount__lt=F("net_amount"))
    # A subquery, because Django makes an inner join of `product__key` here, which drops the orders
    # whose product has not arrived.
    keyed = Q(product__in=Product.objects.filter(key__in=names))
    return (
        Order.objects.paid()
        .filter(kept, Q(product_id__in=names) | keyed, subscriber=subscriber)
        .exclude(status__in=["refunded", "void"])
        .exists()
    )
