"""What is asked of a subscription after it was bought: free start, cancel, uncancel, revoke."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import grants, last_bill, metered, orders, rows, seats
from polar_django.sandbox.engine.emit import emit_subscription, trouble
from polar_django.sandbox.engine.fulfilment import add_subscription
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    AlreadyCanceledSubscription,
    BadRequest,
    ResourceUnavailable,
    invalid,
)
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Customer,
    Order,
    Product,
    Subscription,
)
from polar_django.sandbox.pricing import is_free
from polar_django.sandbox.shapes.catalog import catalog_prices

__all__ = [
    "cancel_at_period_end",
    "create_free_subscription",
    "end",
    "end_now",
    "get",
    "revoke",
    "uncancel",
]


def get(subscription_id: UUID) -> Subscription:
    """The row with what events need of it. Two queries."""
    rows_with = Subscription.objects.select_related(
        "customer", "product", "discount", "payment_method"
    )
    return rows_with.prefetch_related("prices").get(pk=subscription_id)


def create_free_subscription(data: Mapping[str, Any]) -> Subscription:
    """`data`: product_id, customer_id or external_customer_id, metadata. Makes no order.

    Raises InvalidRequest. Sends subscription.created, .active, .updated; then grants follow.
    """
    product = Product.objects.filter(pk=data["product_id"], deleted_at=None).first()
    if product is None or product.is_archived:
        raise invalid("Product does not exist.", "product_id", value=str(data["product_id"]))
    if not product.is_recurring:
        message = "Product is not a recurring product."
        raise invalid(message, "product_id", value=str(product.id))
    prices = catalog_prices(product)
    if not is_free(prices):
        raise invalid(
            "Product is not free. The customer should go through a checkout to create a paid "
            "subscription.",
            "product_id",
            value=str(product.id),
        )
    customer = _find_customer(data)
    with business_transaction() as work:
        subscription = add_subscription(
            product, customer, prices, metadata=dict(data.get("metadata") or {})
        )
        emit_subscription(subscription, "created", "active", "updated")
        work.later(partial(grants.sync_subscription, subscription.id))
        return subscription


def _find_customer(data: Mapping[str, Any]) -> Customer:
    if data.get("customer_id") is not None:
        name, lookup, value = "customer_id", "pk", data["customer_id"]
    else:
        value = data.get("external_customer_id") or data.get("customer_external_id")
        name, lookup = "external_customer_id", "external_id"
    found = Customer.objects.filter(deleted_at=None, **{lookup: value}).first()
    if found is None:
        raise invalid("Customer does not exist.", name, value=str(value))
    return found


def cancel_at_period_end(
    subscription: Subscription, *, reason: str | None = None, comment: str | None = None
) -> Subscription:
    """It will not renew; access stays until then. Raises AlreadyCanceledSubscription.

    Sends subscription.updated, .canceled.
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.status not in BILLABLE_STATUSES or subscription.cancel_at_period_end:
            raise AlreadyCanceledSubscription
        rows.change(
            subscription,
            cancel_at_period_end=True,
            canceled_at=clock.tick(),
            ends_at=subscription.current_period_end,
            pause_at_period_end=False,
            resumes_at=None,
            customer_cancellation_reason=reason,
            customer_cancellation_comment=comment,
        )
        emit_subscription(subscription, "updated", "canceled")
        return subscription


def uncancel(subscription: Subscription) -> Subscription:
    """Take a scheduled end back. Sends subscription.updated, .uncanceled.

    Raises ResourceUnavailable (it has ended), BadRequest (nothing is scheduled).
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.ended_at is not None:
            raise ResourceUnavailable
        if not subscription.cancel_at_period_end:
            raise BadRequest
        rows.change(
            subscription,
            cancel_at_period_end=False,
            canceled_at=None,
            ends_at=None,
            customer_cancellation_reason=None,
            customer_cancellation_comment=None,
        )
        emit_subscription(subscription, "updated", "uncanceled")
        return subscription


def revoke(
    subscription: Subscription, *, reason: str | None = None, comment: str | None = None
) -> Subscription:
    """End it now, also where an end or a pause is scheduled. Raises AlreadyCanceledSubscription.

    Sends customer_seat.revoked for each seat, subscription.updated, .canceled, .revoked; then
    grants are revoked, pending orders voided.
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.status not in (*BILLABLE_STATUSES, "paused"):
            raise AlreadyCanceledSubscription
        values: dict[str, Any] = {}
        if reason is not None or comment is not None:
            values["customer_cancellation_reason"] = reason
            values["customer_cancellation_comment"] = comment
        end_now(subscription, **values)
        return subscription


def end_now(subscription: Subscription, **values: Any) -> None:
    """Over at once, whatever was scheduled; also after the last attempt to charge. As `revoke`."""
    with business_transaction():
        seats.revoke_seats_of_subscription(subscription)
        now = clock.tick()
        end(
            subscription,
            canceled_at=now,
            ends_at=now,
            ended_at=now,
            cancel_at_period_end=False,
            pause_at_period_end=False,
            resumes_at=None,
            **values,
        )


def end(subscription: Subscription, **values: Any) -> None:
    """Any status → canceled, with what follows; `values` are the columns that differ by cause.

    What was used in the last period is billed by an order of its own.
    """
    with business_transaction() as work:
        if subscription.status != "paused":
            metered.close_usage(subscription)
        is_told = subscription.cancel_at_period_end and trouble().single_canceled
        rows.change(subscription, status="canceled", **values)
        names = ("updated", "revoked") if is_told else ("updated", "canceled", "revoked")
        emit_subscription(subscription, *names)
        work.later(partial(grants.sync_subscription, subscription.id))
        work.later(partial(_void_pending, subscription.id))
        work.later(partial(last_bill.send_last_bill, subscription.id))


def _void_pending(subscription_id: UUID) -> None:
    pending = Order.objects.filter(subscription_id=subscription_id, status="pending")
    for order in pending.order_by("created_at"):
        orders.void_order(order)
