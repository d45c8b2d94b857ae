"""Changing what a subscription is for: product, seats, discount.

Each verb calls the provider once and writes the answer to the mirror before it returns; the row it
was given is read again. Called twice it returns quietly. Benefits follow by the provider's own
events. All raise ProviderError: PaymentFailed where a charge that the change depends on was refused
(nothing has changed then), ActionRefused where the subscription has ended, is about to, or is being
changed this moment (`code` "SubscriptionLocked"), and InvalidRequest for values that do not fit.
"""

from typing import Any, Literal

from django.db.models import Q

from polar_django.billing.acting import act, goes_on
from polar_django.billing.products import mirrored_products
from polar_django.exceptions import ForeignObject, InvalidRequest
from polar_django.models import Discount, Product, Subscription
from polar_django.providers.base import ChargePreview
from polar_django.providers.registry import get_provider

__all__ = [
    "Proration",
    "apply_discount",
    "change_product",
    "change_seats",
    "clear_pending_update",
    "preview_product_change",
    "preview_seat_change",
    "remove_discount",
]

# What becomes of the rest of the paid period: credited and billed with the next invoice, at once,
# or left as it is because the change waits; "reset" begins a new period without a credit.
Proration = Literal["prorate", "invoice", "next_period", "reset"]
_PRORATIONS = frozenset({"prorate", "invoice", "next_period", "reset"})


def change_product(
    subscription: Subscription, product: Product | str, *, proration: Proration | None = None
) -> Subscription:
    """Move a subscription to another product: a row, or the key or id of one that is mirrored.

    `proration` says how the rest of the period is billed, by default as the organization has it:
    "prorate" with the next invoice, "invoice" now, "next_period" not at all, because the change
    waits in `pending_change` until the period ends. Another interval is always billed now. A change
    that waits is dropped by one that is made at once.

    One call and one query. Raises PaymentFailed; InvalidRequest (`code` "unknown_product") for one
    that nobody knows, and for what the provider will not change to (archived, bought once, another
    currency, from seats to none); ForeignObject for another provider's product.
    """
    target = _product_id(subscription, product)
    chosen = _proration(proration)

    def is_as_wanted() -> bool:
        waiting = (subscription.pending_update or {}).get("product_id")
        waits = waiting == target and chosen in ("", "next_period")
        is_made = subscription.product_id == target and waiting in (None, target)
        return goes_on(subscription) and (waits or is_made)

    return act(
        subscription,
        lambda provider: provider.change_product(subscription.pk, target, proration=chosen),
        is_as_wanted,
    )


def change_seats(
    subscription: Subscription, seats: int, *, proration: Proration | None = None
) -> Subscription:
    """Sell a team more or fewer seats; `proration` as in `change_product`. One call.

    Raises ActionRefused with `code` "SeatsAlreadyAssigned" for fewer seats than people who sit
    there (revoke some first), "NotASeatBasedSubscription" for one without seats; InvalidRequest
    outside the product's bounds; PaymentFailed.
    """
    chosen = _proration(proration)

    def is_as_wanted() -> bool:
        waiting = (subscription.pending_update or {}).get("seats")
        waits = waiting == seats and chosen in ("", "next_period")
        is_made = subscription.seats == seats and waiting in (None, seats)
        return goes_on(subscription) and (waits or is_made)

    return act(
        subscription,
        lambda provider: provider.change_seats(subscription.pk, seats, proration=chosen),
        is_as_wanted,
    )


def preview_product_change(
    subscription: Subscription, product: Product | str, *, proration: Proration | None = None
) -> ChargePreview:
    """What `change_product` would cost, without making it.

    `due_amount` is charged at once, or with the next invoice where it is prorated; nothing is where
    the change waits. One call. Raises as `change_product`, and NotSupported where the provider
    cannot tell (Polar has this call but does not document it).
    """
    target = _product_id(subscription, product)
    return get_provider(subscription.provider).preview_change(
        subscription.pk, product_id=target, proration=_proration(proration)
    )


def preview_seat_change(
    subscription: Subscription, seats: int, *, proration: Proration | None = None
) -> ChargePreview:
    """What `change_seats` would cost; as `preview_product_change`. One call."""
    return get_provider(subscription.provider).preview_change(
        subscription.pk, seats=seats, proration=_proration(proration)
    )


def apply_discount(subscription: Subscription, discount: Discount | str) -> Subscription:
    """Put a discount (a row, or the id or code of one that is mirrored) on it from the next period
    on, instead of the one it has.

    One call and one query. Raises InvalidRequest (`code` "unknown_discount") for one that nobody
    knows, and where the provider does not take it: expired, used up, for other products.
    """
    target = _discount_id(subscription, discount)
    return act(
        subscription,
        lambda provider: provider.set_discount(subscription.pk, target),
        lambda: goes_on(subscription) and subscription.discount_id == target,
    )


def remove_discount(subscription: Subscription) -> Subscription:
    """Take its discount off from the next period on. One call."""
    return act(
        subscription,
        lambda provider: provider.set_discount(subscription.pk, None),
        lambda: subscription.discount_id is None,
    )


def clear_pending_update(subscription: Subscription) -> Subscription:
    """Drop the change that waits for the next period (`pending_change`). One call."""
    return act(
        subscription,
        lambda provider: provider.clear_pending_update(subscription.pk),
        lambda: not subscription.pending_update,
    )


def _proration(given: str | None) -> str:
    if given is not None and given not in _PRORATIONS:
        raise ValueError(f"proration is one of {', '.join(sorted(_PRORATIONS))}, or None.")
    return given or ""


def _product_id(subscription: Subscription, product: Product | str) -> str:
    if isinstance(product, str):
        known = mirrored_products([product], subscription.provider)
        if product not in known:
            raise InvalidRequest(
                "No product has this key or id; `polar_products` lists what there is.",
                code="unknown_product",
            )
        product = known[product]
    return _checked(subscription, product)


def _discount_id(subscription: Subscription, discount: Discount | str) -> str:
    if isinstance(discount, str):
        named = Q(pk=discount) | Q(code__iexact=discount)
        living = Discount.objects.filter(named, provider=subscription.provider, deleted_at=None)
        found = living.order_by("-created_at", "pk").first()
        if found is None:
            raise InvalidRequest("No discount has this id or code.", code="unknown_discount")
        discount = found
    return _checked(subscription, discount)


def _checked(subscription: Subscription, row: Any) -> str:
    if row.provider != subscription.provider:
        raise ForeignObject(f"The {row._meta.verbose_name} is another provider's.")
    return str(row.pk)
