"""The end of a period: renewal, trial conversion, planned end; and payments that fail."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import grants, orders, rows, subscriptions
from polar_django.sandbox.engine.emit import emit_order, emit_subscription
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.models import Order, Subscription
from polar_django.sandbox.periods import add_interval
from polar_django.sandbox.pricing import lasts, subtotal

__all__ = ["retry_payment", "roll_period"]

# Days after each failed attempt until the next; after the last the subscription is revoked.
RETRY_DAYS = (2, 5, 7, 7)


def roll_period(subscription_id: UUID) -> None:
    """One period's end, at the clock's present time; a late subscription needs several calls.

    A planned end sends subscription.updated, .canceled (a second time), .revoked. A renewal sends
    subscription.cycled, .updated; then order.created, and what the payment brings.
    """
    with business_transaction() as work:
        subscription = subscriptions.get(subscription_id)
        if subscription.cancel_at_period_end:
            # `ends_at` keeps the planned end; `ended_at` is when it really happened.
            subscriptions.end(subscription, ended_at=clock.tick())
            return
        start = subscription.current_period_end
        values: dict[str, object] = {
            "current_period_start": start,
            "current_period_end": add_interval(
                start,
                subscription.recurring_interval,
                subscription.recurring_interval_count,
                anchor_day=subscription.anchor_day,
            ),
        }
        if subscription.status == "trialing":
            values["status"] = "active"
        rows.change(subscription, **values, **_discount_values(subscription, start))
        emit_subscription(subscription, "cycled", "updated")
        work.later(partial(_bill, subscription.id))


def _discount_values(subscription: Subscription, start: datetime) -> dict[str, object]:
    """Whether the discount still counts for the new period, and what the period costs then."""
    discount = subscription.discount
    if discount is None:
        return {}
    if lasts(discount, subscription.discount_applied_at, start):
        return {"discount_applied_at": subscription.discount_applied_at or start}
    prices = list(subscription.prices.all())
    full = subtotal(
        prices,
        custom_amount=subscription.custom_amount,
        seats=subscription.seats,
        units=subscription.units,
    )
    return {"discount": None, "amount": full}


def _bill(subscription_id: UUID) -> None:
    subscription = subscriptions.get(subscription_id)
    order = orders.add_renewal_order(subscription, subscription.current_period_start)
    emit_order(order, "created")
    if order.due_amount == 0:
        _settle(order, subscription)
    else:
        current_work().later(partial(_charge, order.id))


def _charge(order_id: UUID) -> None:
    order = _get_order(order_id)
    subscription = subscriptions.get(_subscription_id(order))
    if _card_pays(order):
        _settle(order, subscription)
    else:
        _fail(order, subscription)


def _card_pays(order: Order) -> bool:
    """A later payment, without the buyer: only the good card pays."""
    method = order.payment_method
    return method is not None and method.deleted_at is None and method.behaviour == "pays"


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
    current_work().later(partial(grants.sync_subscription, subscription.id))


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
        if _card_pays(order):
            _settle(order, subscription)
        elif counts:
            _fail(order, subscription)


def _get_order(order_id: UUID) -> Order:
    return Order.objects.select_related(
        "customer__default_payment_method", "product", "payment_method", "discount"
    ).get(pk=order_id)


def _subscription_id(order: Order) -> UUID:
    if order.subscription_id is None:
        raise RuntimeError(f"Order {order.id} renews no subscription.")
    return order.subscription_id
