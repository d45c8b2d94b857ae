"""What became of a checkout: asked of the provider, never believed from an address.

The buyer comes back before the webhook does, so what was bought is read and written at once.
"""

import logging
from typing import Any, Literal

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from polar_django.billing.answers import write_answer
from polar_django.exceptions import NotSupported, ObjectNotFound, PolarDjangoError, ProviderError
from polar_django.mirror.answers import stored_keys, stored_keys_of
from polar_django.models import BenefitGrant, CheckoutSession, Order, Product, Subscription
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider

__all__ = ["CheckoutState", "confirm_checkout"]

logger = logging.getLogger(__name__)

CheckoutState = Literal["pending", "active", "failed"]

# Several tabs and impatient reloads ask about one checkout; the provider hears of it this often.
_SECONDS_BETWEEN_QUESTIONS = 1
_OVER = frozenset({"expired", "failed"})


def confirm_checkout(checkout: CheckoutSession) -> CheckoutState:
    """Where this checkout stands; when it succeeded, what it bought is in the mirror on return.

    "active": paid, and the benefits of an individual's purchase have been granted. "failed":
    expired or refused for good. "pending": all else; `confirmed` is not paid.

    Nothing is asked about a checkout that is over and mirrored, or was asked about within the last
    second; else one call, and about three more when it succeeded. A provider that cannot be
    reached leaves it as it was last known.
    """
    if not _is_settled(checkout) and _may_ask(checkout):
        provider = get_provider(checkout.provider)
        try:
            _read(provider, checkout)
        except (NotSupported, ProviderError) as error:
            logger.warning("Checkout %s not confirmed: %s", checkout.pk, type(error).__name__)
            if _is_gone(error) and checkout.status != "succeeded":
                return "failed"
    return _state(checkout)


def _is_settled(checkout: CheckoutSession) -> bool:
    """Whether the provider has nothing to add."""
    if checkout.status == "succeeded":
        return _has_taken_effect(checkout)
    return checkout.status in _OVER


def _is_gone(error: PolarDjangoError) -> bool:
    """Whether there is no such checkout; a server that knows no such route names no code."""
    return isinstance(error, ObjectNotFound) and bool(error.code)


def _state(checkout: CheckoutSession) -> CheckoutState:
    if checkout.status in _OVER:
        return "failed"
    if checkout.status == "succeeded":
        return "active" if _has_taken_effect(checkout) else "pending"
    late = checkout.expires_at is not None and checkout.expires_at <= timezone.now()
    return "failed" if late and checkout.status == "open" else "pending"


def _has_taken_effect(checkout: CheckoutSession) -> bool:
    """Whether what was bought is here. Up to three queries.

    Any grant of the purchase will do: one may wait for an action of the customer, or have been
    revoked since. Seats give no grant before somebody takes them.
    """
    # Asked for, not followed: the link may dangle.
    product = Product.objects.filter(pk=checkout.product_id).first()
    if product is None or not product.benefit_ids or checkout.seats is not None:
        bought = Order.objects.filter(checkout=checkout, paid=True)
        return bought.exists() or Subscription.objects.active().filter(checkout=checkout).exists()
    by_this = Q(subscription__checkout=checkout) | Q(order__checkout=checkout)
    if checkout.subscription_id:
        # The free subscription that was upgraded had grants of its own before.
        upgraded = Subscription.objects.filter(
            pk=checkout.subscription_id, product_id=checkout.product_id
        ).first()
        if upgraded is None:
            return False
        # And may have lost one of the same benefit before, which counts for nothing while it lives.
        lost = {} if upgraded.has_ended else {"is_revoked": False}
        by_this |= Q(subscription_id=upgraded.pk, **lost)
    return BenefitGrant.objects.filter(by_this, benefit_id__in=product.benefit_ids).exists()


def _may_ask(checkout: CheckoutSession) -> bool:
    asked = f"polar_django.confirm.{checkout.pk}"
    try:
        return cache.add(asked, True, timeout=_SECONDS_BETWEEN_QUESTIONS)
    except Exception:  # each backend fails with errors of its own
        # The cache only spares the provider; somebody who has paid must not suffer for it.
        logger.warning("The cache cannot be asked, so checkout %s is read at once.", checkout.pk)
        return True


def _read(provider: Provider, checkout: CheckoutSession) -> None:
    if checkout.status != "succeeded":
        sent = stored_keys(checkout)
        answer = provider.get_checkout(checkout.pk)
        write_answer(answer, sent=sent, source="return_page")
        checkout.refresh_from_db(using=primary())
    if checkout.status == "succeeded" and checkout.customer_id:
        _read_purchase(provider, checkout)


def _read_purchase(provider: Provider, checkout: CheckoutSession) -> None:
    """What this customer has now: its subscriptions, this checkout's order, its grants."""
    customer_id = checkout.customer_id
    kinds: tuple[tuple[str, Any, dict[str, str]], ...] = (
        ("subscriptions", Subscription, {}),
        ("orders", Order, {"checkout_id": checkout.pk}),
        ("benefit_grants", BenefitGrant, {}),
    )
    for kind, table, filters in kinds:
        held = on_primary(table).filter(customer_id=customer_id)
        sent = stored_keys_of(held)
        for page in provider.list_objects(kind, customer_id=customer_id, **filters):
            write_answer(page, sent=sent, source="return_page")
