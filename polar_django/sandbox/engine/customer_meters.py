"""What each customer used of each meter, reckoned anew from the events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.emit import emit_state_soon
from polar_django.sandbox.engine.meter_aggregation import aggregate
from polar_django.sandbox.engine.meter_filter import matches
from polar_django.sandbox.models import Customer, CustomerMeter, Meter, UsageEvent

__all__ = ["credit", "refresh", "reset", "reset_since"]

CREDITED, RESET = "meter.credited", "meter.reset"


def refresh(customer_id: UUID) -> None:
    """Reckon every meter of a customer after new events. One query per meter and more.

    Sends customer.state_changed where something is different.
    """
    customer = Customer.objects.get(pk=customer_id)
    meters = Meter.objects.filter(archived_at=None).order_by("created_at")
    changed = [_reckon(customer, meter) for meter in meters]
    if any(changed):
        emit_state_soon(customer_id)


def credit(customer: Customer, meter: Meter, units: int, *, rollover: bool) -> None:
    """Give units, or with a negative number take them. Seen at once in the balance."""
    _note(customer, meter, CREDITED, units=units, rollover=rollover)
    _reckon(customer, meter)
    emit_state_soon(customer.id)


def reset(customer: Customer, meter: Meter) -> None:
    """A new period: usage and credits start over; what may roll over is credited again.

    Only units that were credited with rollover are carried, and no more than what is left.
    """
    row = CustomerMeter.objects.filter(customer=customer, meter=meter).first()
    carried = 0
    if row is not None:
        credits_given = _notes(customer, meter, CREDITED, since=_window(customer, meter))
        kept = sum(each.metadata["units"] for each in credits_given if each.metadata["rollover"])
        carried = max(0, min(int(row.balance), kept))
    _note(customer, meter, RESET)
    if carried:
        _note(customer, meter, CREDITED, units=carried, rollover=True)
    if row is not None:
        _reckon(customer, meter)
        emit_state_soon(customer.id)


def reset_since(customer: Customer, meter: Meter, at: str) -> bool:
    """Whether the meter was reset at or after `at`, an ISO time. One query."""
    window = _window(customer, meter)
    return window is not None and bool(at) and window >= datetime.fromisoformat(at)


def _note(customer: Customer, meter: Meter, name: str, **metadata: Any) -> None:
    now = clock.tick()
    rows.create(
        UsageEvent,
        timestamp=now,
        name=name,
        source="system",
        customer=customer,
        metadata={"meter_id": str(meter.id), **metadata},
    )


def _notes(customer: Customer, meter: Meter, name: str, *, since: Any) -> list[UsageEvent]:
    found = customer.usage_events.filter(source="system", name=name)
    if since is not None:
        found = found.filter(created_at__gte=since)
    meter_id = str(meter.id)
    # Compared in Python, because databases differ in how they read JSON.
    ordered = found.order_by("created_at")
    return [each for each in ordered if each.metadata["meter_id"] == meter_id]


def _window(customer: Customer, meter: Meter) -> Any:
    """When the meter was last reset for the customer; None means never."""
    resets = _notes(customer, meter, RESET, since=None)
    return resets[-1].created_at if resets else None


def _reckon(customer: Customer, meter: Meter) -> bool:
    """Whether the row changed. It is made by the first event or credit."""
    since = _window(customer, meter)
    counted = _counted(customer, meter, since)
    credits_given = _notes(customer, meter, CREDITED, since=since)
    row = CustomerMeter.objects.filter(customer=customer, meter=meter).first()
    if row is None and not counted and not credits_given:
        return False
    consumed = aggregate(meter.aggregation, counted)
    credited = 0
    for each in credits_given:
        credited = max(0, credited + each.metadata["units"])
    values = {
        "consumed_units": consumed,
        "credited_units": credited,
        "balance": credited - consumed,
    }
    if row is None:
        rows.create(CustomerMeter, customer=customer, meter=meter, **values)
        return True
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    rows.change(row, **values)
    return True


def _counted(customer: Customer, meter: Meter, since: Any) -> Sequence[UsageEvent]:
    """The customer's events since the reset, by when they were ingested."""
    events = customer.usage_events.filter(source="user")
    if since is not None:
        events = events.filter(created_at__gte=since)
    name = _only_name(meter)
    if name is not None:
        events = events.filter(name=name)
    return [each for each in events.order_by("created_at") if matches(meter.filter, each)]


def _only_name(meter: Meter) -> str | None:
    """The one event name that the filter asks for, so that no other events are read."""
    if meter.filter.get("conjunction") != "and":
        return None
    names = [
        clause["value"]
        for clause in meter.filter["clauses"]
        if clause.get("property") == "name" and clause.get("operator") == "eq"
    ]
    return names[0] if names and isinstance(names[0], str) else None
