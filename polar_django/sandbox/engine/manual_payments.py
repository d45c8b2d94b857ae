"""A customer pays in the portal what a renewal could not charge."""

from dataclasses import dataclass

from django.db.models import F

from polar_django.sandbox.cards import REFUSED_LATER, UnknownCard, find_card
from polar_django.sandbox.engine import dunning
from polar_django.sandbox.engine.payment_methods import keep_card
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    InvalidRequest,
    ManualRetryLimitExceeded,
    OrderNotEligibleForRetry,
    invalid,
)
from polar_django.sandbox.models import Order, PaymentMethod

__all__ = ["MOST_ATTEMPTS", "ManualPayment", "pay_order"]

MOST_ATTEMPTS = 5
DECLINED = "Your card was declined."


@dataclass(frozen=True, slots=True)
class ManualPayment:
    """`error` is None where it is paid; else nothing has changed but the count of attempts."""

    error: str | None


def pay_order(order: Order, *, token: str | None, method: PaymentMethod | None) -> ManualPayment:
    """Pay with a new test card (`token`: its number, or its token) or a saved one: exactly one.

    Raises OrderNotEligibleForRetry, ManualRetryLimitExceeded (five attempts for one order),
    InvalidRequest. Paid: the subscription recovers, which sends subscription.updated, .active,
    order.updated, .paid, and gives its benefits back.
    """
    with business_transaction():
        order.refresh_from_db()
        is_waiting = order.status == "pending" and order.next_payment_attempt_at is not None
        if not is_waiting or order.subscription_id is None:
            raise OrderNotEligibleForRetry
        if order.manual_payment_attempts >= MOST_ATTEMPTS:
            raise ManualRetryLimitExceeded
        behaviour = _behaviour(token, method)
        Order.objects.filter(pk=order.pk).update(
            manual_payment_attempts=F("manual_payment_attempts") + 1
        )
        if behaviour == "declines" or (method is not None and behaviour in REFUSED_LATER):
            return ManualPayment(DECLINED)
        paying = method or keep_card(order.customer, find_card(token or ""))
        dunning.pay_now(order.id, paying)
        return ManualPayment(None)


def _behaviour(token: str | None, method: PaymentMethod | None) -> str:
    if (token is None) == (method is None):
        raise _one_of_both()
    if method is not None:
        return method.behaviour
    try:
        return find_card(token or "").behaviour
    except UnknownCard as error:
        # The text itself is not repeated: it may be a real card's number.
        raise invalid(str(error), "confirmation_token_id") from error


def _one_of_both() -> InvalidRequest:
    message = "Give either confirmation_token_id or payment_method_id."
    return invalid(message, "confirmation_token_id")
