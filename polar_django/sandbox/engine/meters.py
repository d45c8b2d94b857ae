"""Meters: what is counted, and how much of it was."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from polar_django.sandbox import clock
from polar_django.sandbox.engine import customer_meters, rows
from polar_django.sandbox.engine.meter_aggregation import aggregate, combine
from polar_django.sandbox.engine.meter_filter import matches
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import (
    Benefit,
    BillingEntry,
    CustomerMeter,
    Meter,
    Price,
    UsageEvent,
)
from polar_django.sandbox.periods import add_interval

__all__ = ["count_quantities", "create_meter", "update_meter"]

FIELDS = ("name", "unit", "custom_label", "custom_multiplier", "filter", "aggregation")
MOST_BUCKETS = 1_000
# What a bucket begins with, by the interval: these parts of the time are cut off.
CUT: Mapping[str, Mapping[str, Any]] = {
    "hour": {"minute": 0},
    "day": {"hour": 0, "minute": 0},
    "week": {"hour": 0, "minute": 0},
    "month": {"day": 1, "hour": 0, "minute": 0},
    "year": {"month": 1, "day": 1, "hour": 0, "minute": 0},
}


def create_meter(data: Mapping[str, Any]) -> Meter:
    """`data` as MeterCreate. Sends nothing."""
    with business_transaction():
        values = {name: rows.plain(data[name]) for name in FIELDS if name in data}
        return rows.create(Meter, **values, metadata=dict(data.get("metadata") or {}))


def update_meter(meter: Meter, data: Mapping[str, Any]) -> Meter:
    """Change what `data` names; `is_archived` stops the meter or wakes it. Raises InvalidRequest.

    A new filter or aggregation counts the events of the running period anew. Once something was
    billed by the meter, neither may be sent at all.
    """
    _check_unbilled(meter, data)
    values = {name: rows.plain(data[name]) for name in FIELDS if data.get(name) is not None}
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    with business_transaction() as work:
        if data.get("is_archived") is True:
            _check_unused(meter)
            values["archived_at"] = meter.archived_at or clock.tick()
        elif data.get("is_archived") is False:
            values["archived_at"] = None
        rows.change(meter, **values)
        if {"filter", "aggregation"} & values.keys():
            holders = CustomerMeter.objects.filter(meter=meter).order_by("created_at")
            for customer_id in holders.values_list("customer_id", flat=True):
                work.later(partial(customer_meters.refresh, customer_id))
        return meter


def _check_unbilled(meter: Meter, data: Mapping[str, Any]) -> None:
    named = [name for name in ("filter", "aggregation") if data.get(name) is not None]
    if not named or not BillingEntry.objects.filter(price__meter=meter).exists():
        return
    message = "This field cannot be changed: usage was already billed by this meter."
    errors = [
        invalid(message, name, value=rows.plain(data[name]), type_="forbidden").errors[0]
        for name in named
    ]
    raise InvalidRequest(errors)


def _check_unused(meter: Meter) -> None:
    priced = Price.objects.filter(
        meter=meter, is_archived=False, source="catalog", product__is_archived=False
    )
    if priced.exists():
        message = "Meter is still attached to an active product price."
        raise invalid(message, "is_archived", value=True)
    credited = Benefit.objects.filter(type="meter_credit", deleted_at=None)
    if any(each.properties.get("meter_id") == str(meter.id) for each in credited):
        message = "Meter is still referenced by an active benefit."
        raise invalid(message, "is_archived", value=True)


def count_quantities(
    meter: Meter,
    events: Iterator[UsageEvent],
    *,
    start: datetime,
    end: datetime,
    interval: str,
    timezone: str = "UTC",
    per_customer: str | None = None,
) -> dict[str, Any]:
    """{"quantities": [(start of bucket, number)], "total": number}, by when the events happened.

    `per_customer` (count, sum, avg, min, max, unique) aggregates each customer's events and
    combines the results. Raises InvalidRequest for an unknown time zone or far too many buckets.
    """
    zone = _zone(timezone)
    counted = [
        event
        for event in events
        if start <= event.timestamp <= end and matches(meter.filter, event)
    ]
    try:
        starts = _buckets(start.astimezone(zone), end.astimezone(zone), interval)
    except (OverflowError, ValueError) as error:
        message = "The calendar has no such time in that zone."
        raise _query_refusal("start_timestamp", message, start.isoformat()) from error
    bounds = [*starts[1:], None]
    quantities = [
        (
            begin,
            _quantity(
                meter,
                [
                    event
                    for event in counted
                    if begin <= event.timestamp and (until is None or event.timestamp < until)
                ],
                per_customer,
            ),
        )
        for begin, until in zip(starts, bounds, strict=True)
    ]
    return {"quantities": quantities, "total": _quantity(meter, counted, per_customer)}


def _quantity(meter: Meter, events: list[UsageEvent], per_customer: str | None) -> float:
    if per_customer is None:
        return aggregate(meter.aggregation, events)

    def owner(event: UsageEvent) -> str:
        return str(event.customer_id or event.external_customer_id)

    by_owner = groupby(sorted(events, key=owner), key=owner)
    return combine(per_customer, [aggregate(meter.aggregation, list(own)) for _, own in by_owner])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _query_refusal("timezone", "Invalid timezone.", name) from error


def _buckets(start: datetime, end: datetime, interval: str) -> list[datetime]:
    first = start.replace(second=0, microsecond=0, **CUT[interval])
    if interval == "week":
        first = add_interval(first, "day", -first.weekday(), anchor_day=first.day)
    found = [first]
    while (following := _next(found[-1], interval)) <= end:
        found.append(following)
        if len(found) > MOST_BUCKETS:
            message = "The interval is too small for this span of time."
            raise _query_refusal("interval", message, interval)
    return found


def _next(begin: datetime, interval: str) -> datetime:
    if interval == "hour":
        return datetime.fromtimestamp(begin.timestamp() + 3600, begin.tzinfo)
    return add_interval(begin, interval, 1, anchor_day=begin.day)


def _query_refusal(field: str, message: str, value: str) -> InvalidRequest:
    entry = {"type": "value_error", "loc": ["query", field], "msg": message, "input": value}
    return InvalidRequest([entry])
