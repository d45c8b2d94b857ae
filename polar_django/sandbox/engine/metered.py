"""Usage that a subscription pays for: billed when its period ends, then counted from nothing."""

from collections.abc import Iterable
from datetime import datetime

from polar_django.sandbox import clock
from polar_django.sandbox.engine import customer_meters, rows
from polar_django.sandbox.models import (
    BillingEntry,
    CustomerMeter,
    Meter,
    Price,
    Product,
    Subscription,
)
from polar_django.sandbox.periods import MONTHS, add_interval, day_in_month
from polar_django.sandbox.pricing import METERED_TYPES, metered_amount

__all__ = ["close_usage", "first_meter_period", "meter_period", "open_usage", "owed"]


def owed(subscription: Subscription) -> list[tuple[Price, Meter, int]]:
    """What was used beyond the credits, by metered price. Two queries for each, and one for the
    prices where they were not prefetched."""
    metered = [each for each in subscription.prices.all() if each.amount_type in METERED_TYPES]
    found = []
    for price in sorted(metered, key=lambda each: each.created_at):
        if price.meter is None:
            continue
        used = CustomerMeter.objects.filter(customer=subscription.customer, meter=price.meter)
        row = used.first()
        units = -row.balance if row is not None else 0
        found.append((price, price.meter, metered_amount(price, units)))
    return found


def close_usage(subscription: Subscription, *, but: Iterable[Price] = ()) -> None:
    """What was used, in a trial too, waits for the next order; the meters are reset.

    What may roll over is credited again. `but` are prices that go on counting. Sends nothing.
    """
    kept = {price.meter_id for price in but}
    start = subscription.current_meter_period_start or subscription.current_period_start
    planned_end = subscription.current_meter_period_end or subscription.current_period_end
    for price, meter, amount in owed(subscription):
        if meter.id in kept:
            continue
        if amount:
            rows.create(
                BillingEntry,
                subscription=subscription,
                price=price,
                label=meter.name,
                amount=amount,
                start_timestamp=start,
                end_timestamp=min(planned_end, clock.tick()),
            )
        customer_meters.reset(subscription.customer, meter)


def open_usage(subscription: Subscription) -> None:
    """What was used before it began, or while it paused, costs nothing."""
    for _, meter, _ in owed(subscription):
        customer_meters.reset(subscription.customer, meter)


def meter_period(product: Product, start: datetime, anchor_day: int) -> dict[str, datetime | None]:
    """The columns of a period from `start` for products that bill usage more or less often."""
    end = None
    if product.meter_interval is not None:
        count = product.meter_interval_count or 1
        end = add_interval(start, product.meter_interval, count, anchor_day=anchor_day)
    return _columns(start, end)


def first_meter_period(
    subscription: Subscription, product: Product, start: datetime
) -> dict[str, datetime | None]:
    """The same in the midst of a subscription: up to its own day and time, so that all end there.

    In months and years it is shorter than those that follow, unless it begins on that day.
    """
    interval, count = product.meter_interval, product.meter_interval_count or 1
    anchor_day = subscription.anchor_day
    if interval not in MONTHS:
        return meter_period(product, start, anchor_day)
    months = MONTHS[interval] * count
    if day_in_month(start, anchor_day) > start.day:
        # The day is still to come in this month.
        months -= 1
    time = subscription.current_period_end.timetz()
    aligned = datetime.combine(start.date(), time)
    return _columns(start, add_interval(aligned, "month", months, anchor_day=anchor_day))


def _columns(start: datetime, end: datetime | None) -> dict[str, datetime | None]:
    return {
        "current_meter_period_start": None if end is None else start,
        "current_meter_period_end": end,
    }
