"""Taking the money for a pending order, with nobody at a pay page."""

from datetime import datetime, timedelta

from polar_django.sandbox.cards import REFUSED_LATER
from polar_django.sandbox.engine.balances import add_to_balance
from polar_django.sandbox.models import Order, PaymentMethod
from polar_django.sandbox.pricing import MINIMUM_CHARGE

__all__ = ["RETRY_DAYS", "next_attempt", "pays_later", "settles", "was_charged"]

# Days after each failed attempt until the next; after the last it is over.
RETRY_DAYS = (2, 5, 7, 7)


def pays_later(card: PaymentMethod | None) -> bool:
    """Whether a payment without the buyer goes through."""
    return card is not None and card.deleted_at is None and card.behaviour not in REFUSED_LATER


def settles(order: Order) -> bool:
    """Whether it is paid now. Less than a card takes is paid from the balance, which then owes."""
    if 0 < order.due_amount < MINIMUM_CHARGE:
        add_to_balance(order.customer, order.currency, -order.due_amount)
        return True
    return order.due_amount == 0 or pays_later(order.payment_method)


def was_charged(order: Order) -> bool:
    """Whether a card pays it: not where nothing is due, or so little that the balance owes it."""
    least = 1 if order.checkout_id is not None else MINIMUM_CHARGE
    return order.due_amount >= least


def next_attempt(
    order: Order, failures: int, now: datetime, past_due_at: datetime
) -> datetime | None:
    """None after the last. A lost card is tried once more, when all attempts would be over."""
    if failures > len(RETRY_DAYS):
        return None
    card = order.payment_method
    if card is None or card.behaviour != "lost_later":
        return now + timedelta(days=RETRY_DAYS[failures - 1])
    last = past_due_at + timedelta(days=sum(RETRY_DAYS), minutes=1)
    return last if now < last else None
