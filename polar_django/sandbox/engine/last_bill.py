"""What was used in the last period of a subscription that has ended."""

from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import billing, orders, rows
from polar_django.sandbox.engine.emit import emit_order
from polar_django.sandbox.engine.payments import next_attempt, settles
from polar_django.sandbox.engine.work import current_work
from polar_django.sandbox.models import Order, Subscription

__all__ = ["send_last_bill"]


def send_last_bill(subscription_id: UUID) -> None:
    """Nothing where nothing was used. Sends order.created, then order.updated, .paid.

    A card that refuses is tried again as at any renewal; in the end the order is void.
    """
    rows_with = Subscription.objects.select_related(
        "customer", "product", "discount", "payment_method"
    )
    order = billing.add_usage_order(rows_with.get(pk=subscription_id), "subscription_cycle")
    if order is not None:
        emit_order(order, "created")
        current_work().later(partial(_charge, order.id))


def _charge(order_id: UUID) -> None:
    order = Order.objects.select_related(
        "customer", "product", "payment_method", "discount", "subscription"
    ).get(pk=order_id)
    if settles(order):
        orders.mark_paid(order)
        return
    now = clock.tick()
    next_attempt_at = next_attempt(order, 1, now, now)
    rows.change(order, failed_payment_attempts=1, next_payment_attempt_at=next_attempt_at)
