"""Giving money back for an order, and not twice."""

import hashlib
import logging
import uuid
from collections.abc import Callable
from typing import Literal

from django.core.cache import cache

from polar_django.billing.answers import write_answer
from polar_django.exceptions import (
    ActionRefused,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.answers import stored_keys
from polar_django.models import Order, Refund
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider

__all__ = ["RefundReason", "refund_order"]

logger = logging.getLogger(__name__)

RefundReason = Literal[
    "duplicate",
    "fraudulent",
    "customer_request",
    "service_disruption",
    "satisfaction_guarantee",
    "other",
]
# In the refund's metadata: tells ours from another of the same amount.
_MARK = "polar_django_request"
_ALL_GIVEN = "RefundedAlready"
# Longer than a slow call takes: until then a second request of the same key is refused.
_SECONDS_OF_A_REQUEST = 120
_LONGEST_KEY = 200


def refund_order(
    order: Order,
    amount: int | None = None,
    *,
    reason: RefundReason = "customer_request",
    comment: str = "",
    revoke_benefits: bool = False,
    request_key: str = "",
) -> Refund:
    """Give money back: `amount` in minor units, net of tax, by default all that is left.

    The tax is the provider's to add. `revoke_benefits` takes away what a one-time purchase gave;
    those of a subscription end with it (`revoke_subscription`). `comment` is for the seller's eyes.
    Who may do this is the caller's question: staff want `polar_django.refund_order`.

    Repeated without an `amount`, nothing is given twice, and the last refund is returned. A part is
    given again, unless `request_key` is the same (a hidden random value of the form): then what was
    made for it is looked for first. One that timed out is looked for, too. Refund and order are in
    the mirror on return.

    Two calls; one more without an `amount`, and one with a `request_key`. Raises ValueError for an
    amount below 1 or a key that is too long; ActionRefused for an order that was free or is fully
    refunded, for `revoke_benefits` of a subscription, and (`code` "RefundInProgress") while a
    refund of the same key is being made; InvalidRequest for more than is left; ProviderError.
    """
    if amount is not None and amount < 1:
        raise ValueError("A refund is at least 1, in minor units.")
    if len(request_key) > _LONGEST_KEY:
        raise ValueError(f"A request key has at most {_LONGEST_KEY} characters.")
    provider = get_provider(order.provider)
    mark = request_key or uuid.uuid4().hex

    def refund() -> Refund:
        if request_key and (made := _find(provider, order, mark)):
            return made
        if amount is None:
            _read_order(provider, order)
            if not order.refundable_amount:
                return _last(provider, order)
        try:
            answer = provider.refund_order(
                order.pk,
                amount or order.refundable_amount,
                reason=reason,
                comment=comment,
                revoke_benefits=revoke_benefits,
                metadata={_MARK: mark},
            )
        except RateLimited:
            raise
        except ActionRefused as refused:
            if amount is not None or refused.code != _ALL_GIVEN:
                raise
            # Somebody else was first, a moment ago.
            _read_order(provider, order)
            return _last(provider, order)
        except ProviderUnavailable as error:
            made = _found_after(error, provider, order, mark)
        else:
            write_answer(answer)
            made = on_primary(Refund).get(pk=answer.first.id)
        _read_order_or_leave_it(provider, order)
        return made

    # Not by the key itself: memcached takes no spaces, and not so many letters.
    name = hashlib.sha256(f"{order.pk} {mark}".encode()).hexdigest()
    return _once(f"polar_django.refund.{name}", refund) if request_key else refund()


def _once(name: str, refund: Callable[[], Refund]) -> Refund:
    """Two submits at the same moment: the second is refused, as far as the cache is shared."""
    try:
        is_first = cache.add(name, True, timeout=_SECONDS_OF_A_REQUEST)
    except Exception:  # each backend fails with errors of its own
        logger.warning("The cache cannot be asked, so a refund is made without its guard.")
        return refund()
    if not is_first:
        raise ActionRefused("This refund is being made right now.", code="RefundInProgress")
    try:
        return refund()
    finally:
        try:
            cache.delete(name)
        except Exception:  # as above; it lapses by itself
            logger.warning("The cache cannot be told that a refund is made.")


def _found_after(error: ProviderUnavailable, provider: Provider, order: Order, mark: str) -> Refund:
    """The refund that the call has made although it was not answered; else the error."""
    try:
        made = _find(provider, order, mark)
    except ProviderError:
        raise error from None
    if made is None:
        raise error
    return made


def _find(provider: Provider, order: Order, mark: str) -> Refund | None:
    """The refund that carries our mark, as the provider lists it. One call."""
    _read_refunds(provider, order)
    for row in on_primary(Refund).filter(order_id=order.pk):
        if row.metadata.get(_MARK) == mark:
            found: Refund = row
            return found
    return None


def _last(provider: Provider, order: Order) -> Refund:
    _read_refunds(provider, order)
    last: Refund | None = (
        on_primary(Refund).filter(order_id=order.pk).order_by("created_at", "pk").last()
    )
    if last is None:
        raise ActionRefused("Nothing was paid for this order.", code="NothingToRefund")
    return last


def _read_refunds(provider: Provider, order: Order) -> None:
    sent = stored_keys(*on_primary(Refund).filter(order_id=order.pk).only("pk"))
    for page in provider.list_objects("refunds", order_id=order.pk):
        write_answer(page, sent=sent)


def _read_order(provider: Provider, order: Order) -> None:
    sent = stored_keys(order)
    write_answer(provider.get_order(order.pk), sent=sent)
    order.refresh_from_db(using=primary())


def _read_order_or_leave_it(provider: Provider, order: Order) -> None:
    try:
        _read_order(provider, order)
    except ProviderError as error:
        # The money is on its way; what the order says now comes with its delivery.
        logger.warning("Order %s not read after its refund: %s", order.pk, type(error).__name__)
