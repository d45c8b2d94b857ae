"""Charging a pending order, and what follows when the card refuses: retries, and the end."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import grants, orders, rows, subscriptions
from polar_django.sandbox.engine.balances import add_to_balance
from polar_django.sandbox.engine.emit import emit_order, emit_subscription
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.errors import PaymentFailed
from polar_django.sandbox.models import Order, PaymentMethod, Subscription
from polar_django.sandbox.pricing import MINIMUM_CHARGE

__all__ = ["RETRY_DAYS", "charge", "charge_or_refuse", "pay_now", "pays_later", "retry_payment"]

# Days after each failed attempt until the next; after the last the subscription is revoked.
RETRY_DAYS = (2, 5, 7, 7)


def pays_later(card: PaymentMethod | None) -> bool:
    """Whether a payment without the buyer goes through: only the good card pays."""
    return card is not None and card.deleted_at is None and card.behaviour == "pays"


def charge(order_id: UUID) -> None:
    """The first attempt on a period's order: paid, or the subscription is past due."""
    order, subscription = _get_both(order_id)
    if _settles(order):
        _settle(order, subscription)
    else:
        _fail(order, subscription)


def charge_or_refuse(order_id: UUID) -> None:
    """The only attempt on the order of a change. Raises PaymentFailed: then nothing has changed.

    Sends order.updated, .paid.
    """
    order = _get_order(order_id)
    if not _settles(order):
        raise PaymentFailed
    orders.mark_paid(order)


def retry_payment(order_id: UUID, *, counts: bool = True) -> None:
    """One attempt more on a pending order, with the customer's card of today.

    `counts` is False where the customer asked for it: a refusal then changes nothing.
    """
    with business_transaction():
        order, subscription = _get_both(order_id)
        if order.status != "pending":
            return
        card = order.customer.default_payment_method
        if card is not None and card.pk != order.payment_method_id:
            rows.change(order, payment_method=card)
        if _settles(order):
            _settle(order, subscription)
        elif counts:
            _fail(order, subscription)


def pay_now(order_id: UUID, card: PaymentMethod) -> None:
    """The customer has paid a pending order themselves, with a card that renews from now on."""
    order, subscription = _get_both(order_id)
    rows.change(order, payment_method=card)
    rows.change(subscription, payment_method=card)
    _settle(order, subscription)


def _settles(order: Order) -> bool:
    """Whether it is paid now. Less than a card takes is paid from the balance, which then owes."""
    if 0 < order.due_amount < MINIMUM_CHARGE:
        add_to_balance(order.customer, order.currency, -order.due_amount)
        return True
    return order.due_amount == 0 or pays_later(order.payment_method)


def _settle(order: Order, subscription: Subscription) -> None:
    """Paid. A subscription that was past due becomes active again, and gets its grants back."""
    has_recovered = subscription.status == "past_due"
    if has_recovered:
        rows.change(subscription, status="active", past_due_at=None)
        emit_subscription(subscription, "updated", "active")
    orders.mark_paid(order)
    work = current_work()
    if has_recovered:
        work.later(partial(grants.sync_subscription, subscription.id))
    work.later(partial(grants.cycle_subscription, subscription.id))


def _fail(order: Order, subscription: Subscription) -> None:
    """Not paid: past due at the first failure, over at the last; no order.updated in between."""
    failures, now = order.failed_payment_attempts + 1, clock.tick()
    next_attempt_at = _next_attempt(order, failures, now, subscription.past_due_at or now)
    rows.change(order, failed_payment_attempts=failures, next_payment_attempt_at=next_attempt_at)
    if next_attempt_at is None:
        ended = clock.tick()
        subscriptions.end(subscription, canceled_at=ended, ends_at=ended, ended_at=ended)
        return
    if order.payment_method is None:
        emit_order(order, "updated")
    if subscription.status != "past_due":
        rows.change(subscription, status="past_due", past_due_at=now)
        emit_subscription(subscription, "updated", "past_due")
    # Also where nothing else happens: the grace period may have ended meanwhile.
    current_work().later(partial(grants.sync_subscription, subscription.id))


def _next_attempt(
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


def _get_order(order_id: UUID) -> Order:
    return Order.objects.select_related(
        "customer__default_payment_method", "product", "payment_method", "discount"
    ).get(pk=order_id)


def _get_both(order_id: UUID) -> tuple[Order, Subscription]:
    """The order, and as its `subscription` the very row that is going to change."""
    order = _get_order(order_id)
    if order.subscription_id is None:
        raise RuntimeError(f"Order {order.id} renews no subscription.")
    order.subscription = subscriptions.get(order.subscription_id)
    return order, order.subscription
