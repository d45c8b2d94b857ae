"""Charging a pending order, and what follows when the card refuses: retries, and the end."""

from datetime import timedelta
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

__all__ = ["RETRY_DAYS", "charge", "charge_or_refuse", "pays_later", "retry_payment"]

# Days after each failed attempt until the next; after the last the subscription is revoked.
RETRY_DAYS = (2, 5, 7, 7)


def pays_later(card: PaymentMethod | None) -> bool:
    """Whether a payment without the buyer goes through: only the good card pays."""
    return card is not None and card.deleted_at is None and card.behaviour == "pays"


def charge(order_id: UUID) -> None:
    """The first attempt on a period's order: paid, or the subscription is past due."""
    order = _get_order(order_id)
    subscription = subscriptions.get(_subscription_id(order))
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
        order = _get_order(order_id)
        if order.status != "pending":
            return
        subscription = subscriptions.get(_subscription_id(order))
        card = order.customer.default_payment_method
        if card is not None and card.pk != order.payment_method_id:
            rows.change(order, payment_method=card)
        if _settles(order):
            _settle(order, subscription)
        elif counts:
            _fail(order, subscription)


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
        order.subscription = subscription
    orders.mark_paid(order)
    work = current_work()
    if has_recovered:
        work.later(partial(grants.sync_subscription, subscription.id))
    work.later(partial(grants.cycle_subscription, subscription.id))


def _fail(order: Order, subscription: Subscription) -> None:
    """Not paid: past due at the first failure, over at the last; no order.updated in between."""
    failures = order.failed_payment_attempts + 1
    if failures > len(RETRY_DAYS):
        rows.change(order, failed_payment_attempts=failures, next_payment_attempt_at=None)
        now = clock.tick()
        subscriptions.end(subscription, canceled_at=now, ends_at=now, ended_at=now)
        return
    next_attempt_at = clock.tick() + timedelta(days=RETRY_DAYS[failures - 1])
    rows.change(order, failed_payment_attempts=failures, next_payment_attempt_at=next_attempt_at)
    if order.payment_method is None:
        emit_order(order, "updated")
    if subscription.status != "past_due":
        rows.change(subscription, status="past_due", past_due_at=clock.tick())
        emit_subscription(subscription, "updated", "past_due")
    # Also where nothing else happens: the grace period may have ended meanwhile.
    current_work().later(partial(grants.sync_subscription, subscription.id))


def _get_order(order_id: UUID) -> Order:
    return Order.objects.select_related(
        "customer__default_payment_method", "product", "payment_method", "discount"
    ).get(pk=order_id)


def _subscription_id(order: Order) -> UUID:
    if order.subscription_id is None:
        raise RuntimeError(f"Order {order.id} renews no subscription.")
    return order.subscription_id
