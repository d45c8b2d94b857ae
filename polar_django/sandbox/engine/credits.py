"""Units that a benefit gives to a meter: at the grant, at every period, and taken back."""

from typing import Any

from polar_django.sandbox import clock
from polar_django.sandbox.engine import customer_meters
from polar_django.sandbox.models import BenefitGrant, Meter

__all__ = ["cycle", "give", "take"]


def give(grant: BenefitGrant) -> dict[str, Any]:
    """Credit the benefit's units now; the grant's properties."""
    properties = grant.benefit.properties
    meter = Meter.objects.get(pk=properties["meter_id"])
    units: int = properties["units"]
    customer_meters.credit(grant.customer, meter, units, rollover=bool(properties["rollover"]))
    return _noted(meter, units)


def take(grant: BenefitGrant) -> dict[str, Any]:
    """Take the last credit back, never below nothing; the grant's properties."""
    previous = dict(grant.properties)
    units = previous.get("last_credited_units") or 0
    if units <= 0:
        return previous
    meter = Meter.objects.get(pk=previous["last_credited_meter_id"])
    rollover = bool(grant.benefit.properties["rollover"])
    customer_meters.credit(grant.customer, meter, -units, rollover=rollover)
    return _noted(meter, -units)


def cycle(grant: BenefitGrant) -> dict[str, Any]:
    """A new period: the meter is reset unless that was done already, then credited again."""
    meter = Meter.objects.get(pk=grant.benefit.properties["meter_id"])
    last = grant.properties.get("last_credited_at") or ""
    if not customer_meters.reset_since(grant.customer, meter, last):
        customer_meters.reset(grant.customer, meter)
    return give(grant)


def _noted(meter: Meter, units: int) -> dict[str, Any]:
    return {
        "last_credited_meter_id": str(meter.id),
        "last_credited_units": units,
        "last_credited_at": clock.tick().isoformat(),
    }
