"""Which order each occasion makes: a purchase, a new period, a change in mid-period."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from polar_django.sandbox.engine.invoicing import Line, add_order
from polar_django.sandbox.engine.plans import Plan, plan_of
from polar_django.sandbox.models import (
    BillingEntry,
    Checkout,
    Customer,
    Discount,
    Order,
    Price,
    Product,
    Subscription,
)
from polar_django.sandbox.pricing import METERED_TYPES

__all__ = [
    "add_change_order",
    "add_checkout_order",
    "add_renewal_order",
    "add_usage_order",
    "period_label",
    "period_lines",
]


def add_checkout_order(
    checkout: Checkout,
    product: Product,
    customer: Customer,
    prices: Sequence[Price],
    subscription: Subscription | None,
) -> Order:
    """The paid order of a confirmed checkout; a trial's costs nothing. Sends nothing."""
    reason = "purchase"
    if subscription is not None:
        is_upgrade = checkout.subscription_id is not None
        reason = "subscription_update" if is_upgrade else "subscription_create"
    plan = Plan(product, prices, checkout.seats, checkout.units, checkout.custom_amount)
    lines = [Line(_named(price, plan), amount, price) for price, amount in plan.parts()]
    if subscription is not None and checkout.trial_end is not None:
        lines = [_trial_line(subscription.current_period_start, checkout.trial_end, product)]
    return add_order(
        lines,
        customer=customer,
        currency=checkout.currency,
        status="paid",
        discount=checkout.discount,
        billing_reason=reason,
        product=product,
        subscription=subscription,
        checkout=checkout,
        payment_method=checkout.payment_method,
        seats=checkout.seats,
        units=checkout.units,
        metadata=dict(checkout.metadata),
        custom_field_data=dict(checkout.custom_field_data),
    )


def _named(price: Price, plan: Plan) -> str:
    if price.amount_type != "seat_based":
        return plan.product.name
    seats = plan.seats or 0
    return f"{plan.product.name} ({seats} seat{'' if seats == 1 else 's'})"


def _trial_line(start: datetime, end: datetime, product: Product) -> Line:
    return Line(f"Trial period for {product.name} ({_day(start)} - {_day(end)})", 0)


def add_renewal_order(subscription: Subscription) -> Order:
    """The pending order of the present period, with what was left to be billed. Sends nothing."""
    return _add_subscription_order(subscription, period_lines(subscription), "subscription_cycle")


def add_usage_order(subscription: Subscription, billing_reason: str) -> Order | None:
    """The pending order of what was used, None where nothing was. Sends nothing.

    `subscription_meter_cycle` has usage alone, and no fixed discount; the last order of all
    (`subscription_cycle`) takes with it whatever else was left.
    """
    waiting = subscription.billing_entries.filter(order=None)
    used = waiting.filter(price__amount_type__in=METERED_TYPES)
    if not used.exists():
        return None
    if billing_reason != "subscription_meter_cycle":
        return _add_subscription_order(subscription, [], billing_reason)
    discount = subscription.discount
    if discount is not None and discount.type == "fixed":
        discount = None
    return _add_order(subscription, used, [], billing_reason, discount)


def add_change_order(subscription: Subscription, lines: Sequence[Line]) -> Order:
    """The pending order of a change that is billed at once, with what was left. Sends nothing."""
    return _add_subscription_order(subscription, lines, "subscription_update")


def _add_subscription_order(
    subscription: Subscription, lines: Sequence[Line], billing_reason: str
) -> Order:
    waiting = subscription.billing_entries.filter(order=None)
    return _add_order(subscription, waiting, lines, billing_reason, subscription.discount)


def _add_order(
    subscription: Subscription,
    entries: QuerySet[BillingEntry],
    lines: Sequence[Line],
    billing_reason: str,
    discount: Discount | None,
) -> Order:
    waiting = list(entries.order_by("created_at"))
    order = add_order(
        [*(_line(entry) for entry in waiting), *lines],
        customer=subscription.customer,
        currency=subscription.currency,
        status="pending",
        discount=discount,
        billing_reason=billing_reason,
        product=subscription.product,
        subscription=subscription,
        payment_method=subscription.payment_method,
        seats=subscription.seats,
        units=subscription.units,
        metadata=dict(subscription.metadata),
        custom_field_data=dict(subscription.custom_field_data),
    )
    BillingEntry.objects.filter(pk__in=[entry.pk for entry in waiting]).update(order=order)
    return order


def period_lines(subscription: Subscription) -> list[Line]:
    """The present period in full, one line per price."""
    plan = plan_of(subscription)
    start, end = subscription.current_period_start, subscription.current_period_end
    label = f"{plan.product.name} \N{EM DASH} {period_label(start, end)}"
    return [Line(label, amount, price) for price, amount in plan.parts()]


def period_label(start: datetime, end: datetime) -> str:
    """From Jan 31, 2027 to Feb 28, 2027"""
    return f"From {_day(start)} to {_day(end)}"


def _line(entry: BillingEntry) -> Line:
    return Line(
        label=entry.label,
        amount=entry.amount,
        price=entry.price,
        # Usage is part of the period: the order's discount is for it too.
        proration=entry.price is None or entry.price.amount_type not in METERED_TYPES,
        start=entry.start_timestamp,
        end=entry.end_timestamp,
    )


def _day(time: datetime) -> str:
    return f"{time:%b} {time.day}, {time.year}"
