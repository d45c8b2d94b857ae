"""Charging a pending order, and what follows when the card refuses: retries, and the end."""

from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import grants, orders, rows, subscriptions
from polar_django.sandbox.engine.emit import emit_order, emit_subscription
from polar_django.sandbox.engine.payments import next_attempt, settles
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.errors import PaymentFailed
from polar_django.sandbox.models import Order, PaymentMethod, Subscription

__all__ = ["charge", "charge_or_refuse", "pay_now", "retry_payment"]


def charge(order: Order, subscription: Subscription) -> None:
    """The first attempt on a period's order: paid, or the subscription is past due."""
    if settles(order):
        _settle(order, subscription)
    else:
        _fail(order, subscription)


def charge_or_refuse(order_id: UUID) -> None:
    """The only attempt on the order of a change. Raises PaymentFailed: then nothing has changed.

    Sends order.updated, .paid.
    """
    order = _get_order(order_id)
    if not settles(order):
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
        if settles(order):
            _settle(order, subscription)
        elif counts:
            _fail(order, subscription)


def pay_now(order_id: UUID, card: PaymentMethod) -> None:
    """The customer has paid a pending order themselves, with a card that renews from now on."""
    order, subscription = _get_both(order_id)
    rows.change(order, payment_method=card)
    rows.change(subscription, payment_method=card)
    _settle(order, subscription)


def _settle(order: Order, subscription: Subscription) -> None:
    """Paid. A subscription that was past due becomes active again, and gets its grants back."""
    is_its_own = order.billing_reason != "subscription_meter_cycle"
    has_recovered = subscription.status == "past_due" and is_its_own
    if has_recovered:
        rows.change(subscription, status="active", past_due_at=None)
        emit_subscription(subscription, "updated", "active")
    orders.mark_paid(order)
    work = current_work()
    if has_recovered:
        work.later(partial(grants.sync_subscription, subscription.id))
    if is_its_own:
        # Where usage has periods of its own, credits come with those.
        has_own_meters = subscription.current_meter_period_end is not None
        work.later(partial(grants.cycle_subscription, subscription.id, credits=not has_own_meters))


def _fail(order: Order, subscription: Subscription) -> None:
    """Not paid: past due at the first failure, over at the last; no order.updated in between."""
    failures, now = order.failed_payment_attempts + 1, clock.tick()
    next_attempt_at = next_attempt(order, failures, now, subscription.past_due_at or now)
    rows.change(order, failed_payment_attempts=failures, next_payment_attempt_at=next_attempt_at)
    if order.billing_reason == "subscription_meter_cycle" or subscription.ended_at is not None:
        # Usage alone never ends a subscription; nor does anything end it twice.
        if next_attempt_at is None:
            orders.void_order(order)
        return
    if next_attempt_at is None:
        subscriptions.end_now(subscription)
        return
    if order.payment_method is None:
        emit_order(order, "updated")
    if subscription.status not in ("past_due", "paused"):
        # A pause that came meanwhile goes on: what rests is not billed anew.
        rows.change(subscription, status="past_due", past_due_at=now)
        emit_subscription(subscription, "updated", "past_due")
    # Also where nothing else happens: the grace period may have ended meanwhile.
    current_work().later(partial(grants.sync_subscription, subscription.id))


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
