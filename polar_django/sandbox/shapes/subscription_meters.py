"""The meters that a subscription pays for, as JSON."""

from typing import Any
from uuid import uuid5

from polar_django.sandbox.models import CustomerMeter, Subscription
from polar_django.sandbox.pricing import METERED_TYPES, metered_amount
from polar_django.sandbox.shapes import catalog
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["state_meters", "subscription_meters"]


def subscription_meters(row: Subscription) -> list[dict[str, Any]]:
    """SubscriptionMeter each. No query without a metered price, else one per price."""
    found: list[dict[str, Any]] = []
    for price in sorted(row.prices.all(), key=lambda each: each.created_at):
        if price.amount_type not in METERED_TYPES or price.meter is None:
            continue
        used = CustomerMeter.objects.filter(customer=row.customer_id, meter=price.meter).first()
        changed = moment_or_none(used.modified_at) if used is not None else None
        found.append(
            {
                "created_at": moment(row.created_at),
                "modified_at": changed,
                # No row of its own here, but the same id every time.
                "id": str(uuid5(row.id, str(price.meter_id))),
                "consumed_units": used.consumed_units if used is not None else 0.0,
                "credited_units": used.credited_units if used is not None else 0,
                "amount": metered_amount(price, -used.balance if used is not None else 0),
                "meter_id": str(price.meter_id),
                "meter": catalog.meter(price.meter),
            }
        )
    return found


def state_meters(row: Subscription) -> list[dict[str, Any]]:
    """The same inside a customer state, without the meter itself."""
    return [
        {name: value for name, value in each.items() if name != "meter"}
        for each in subscription_meters(row)
    ]
