"""What a subscription may become: the other products of the plans, and numbers of seats.

A customer may choose among these and nothing else; how the change is billed is the project's to
say (`PRORATION`).
"""

from collections.abc import Iterable
from typing import Any, cast, get_args

from django.db.models import Q

from polar_django.billing.bounds import MOST_SEATS, seat_bounds
from polar_django.billing.changes import Proration
from polar_django.billing.plans import PlanOffer, ProductOffer, plans_on_offer
from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError
from polar_django.models import Product, Seat, Subscription

__all__ = ["alternatives_among", "alternatives_to", "proration_of", "seats_to_choose"]

_PRORATIONS: frozenset[str] = frozenset(get_args(Proration))


def alternatives_to(subscription: Subscription, *, request: Any = None) -> dict[str, ProductOffer]:
    """`alternatives_among` all plans. Three queries. Functions in `PLANS` are called with the
    request."""
    plans = plans_on_offer(request=request, subscriber=subscription.subscriber)
    return alternatives_among(plans, subscription)


def alternatives_among(
    plans: Iterable[PlanOffer], subscription: Subscription
) -> dict[str, ProductOffer]:
    """The products that this subscription may be changed to, by the name a plan gives each.

    Recurring, not archived, sold in its currency, with seats if it has seats and without if it has
    none, and not the one it is for. Not those whose price a plan computes, because a change costs
    what the catalogue says, nor those whose price the buyer names, which Polar changes to for
    nobody. No query.
    """
    found: dict[str, ProductOffer] = {}
    known = {subscription.product_id}
    for plan in plans:
        if plan.plan.prices or (plan.seat_bounds is None) != (subscription.seats is None):
            continue
        for offer in plan.products:
            product = offer.product
            is_other = product.is_recurring and product.provider == subscription.provider
            if is_other and product.pk not in known and _can_be_billed(subscription, offer):
                known.add(product.pk)
                found[offer.name] = offer
    return found


def _can_be_billed(subscription: Subscription, offer: ProductOffer) -> bool:
    currencies = {price.price_currency for price in offer.prices}
    in_its_currency = not currencies or subscription.currency in {"", *currencies}
    return in_its_currency and offer.amount_bounds is None


def seats_to_choose(subscription: Subscription, *, request: Any = None) -> tuple[int, int] | None:
    """The fewest and the most seats it may be changed to; None for one without seats.

    No fewer than are taken, and within the bounds of the plan that sells its product, where one
    does. Two queries.
    """
    if subscription.seats is None:
        return None
    taken = Seat.objects.filter(~Q(status="revoked"), subscription=subscription).count()
    product = subscription.product
    names = {product.pk, product.key} if product is not None else set()
    mapped = get_settings().products
    for plan in get_settings().all_plans(request).values():
        bounds = seat_bounds(plan)
        if bounds and names.intersection(mapped.get(name, name) for name in plan.products):
            return max(bounds[0], taken), max(bounds[1], taken)
    return max(1, taken), MOST_SEATS


def proration_of(
    subscription: Subscription, *, product: Product | None = None, seats: int | None = None
) -> Proration | None:
    """How this change is billed: as `PRORATION` says; None leaves it to the provider's rule.

    Raises ConfigurationError where the project's function says something else.
    """
    given = get_settings().proration
    if callable(given) or (given and given not in _PRORATIONS):
        decide = get_settings().load("proration")
        given = decide(subscription, product=product, seats=seats) if decide else ""
    if given and given not in _PRORATIONS:
        raise ConfigurationError(
            f"POLAR_DJANGO['PRORATION'] gave {given!r}; it must be one of "
            f"{', '.join(sorted(_PRORATIONS))}, or None."
        )
    return cast("Proration", given) if given else None
