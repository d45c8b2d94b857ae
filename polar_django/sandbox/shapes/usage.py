"""Usage events and customer meters as JSON."""

from decimal import Decimal
from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, CustomerMeter, UsageEvent
from polar_django.sandbox.shapes import catalog, customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["customer_meter", "portal_meter", "usage_event"]

# What Polar calls its own events.
LABELS = {"meter.credited": "Meter Credited", "meter.reset": "Meter Reset"}


def usage_event(row: UsageEvent) -> dict[str, Any]:
    """Event. One query beyond the customer."""
    return {
        "id": str(row.id),
        "timestamp": moment(row.timestamp),
        "organization_id": str(ORGANIZATION_ID),
        "customer_id": str(row.customer_id) if row.customer_id else None,
        "customer": customers.customer(row.customer) if row.customer else None,
        "external_customer_id": row.external_customer_id,
        "member_id": str(row.member_id) if row.member_id else None,
        "external_member_id": row.external_member_id,
        "child_count": row.children.count(),
        "parent_id": str(row.parent_id) if row.parent_id else None,
        "label": LABELS.get(row.name, row.name),
        "name": row.name,
        "source": row.source,
        "metadata": _metadata(row),
        "external_id": row.external_id,
    }


def _metadata(row: UsageEvent) -> dict[str, Any]:
    """Costs are text when they are read, whichever way they were sent."""
    metadata: dict[str, Any] = row.metadata
    cost = metadata.get("_cost")
    if not isinstance(cost, dict):
        return metadata
    return {**metadata, "_cost": {**cost, "amount": f"{Decimal(str(cost['amount'])):f}"}}


def _amounts(row: CustomerMeter) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "customer_id": str(row.customer_id),
        "meter_id": str(row.meter_id),
        "consumed_units": row.consumed_units,
        "credited_units": row.credited_units,
        "balance": row.balance,
    }


def customer_meter(row: CustomerMeter) -> dict[str, Any]:
    """CustomerMeter. No query beyond customer and meter."""
    return {
        **_amounts(row),
        "customer": customers.customer(row.customer),
        "meter": catalog.meter(row.meter),
    }


def portal_meter(row: CustomerMeter) -> dict[str, Any]:
    """CustomerCustomerMeter: what the customer sees of it."""
    meter = catalog.meter(row.meter)
    shown = ("created_at", "modified_at", "id", "name", "unit", "custom_label", "custom_multiplier")
    return {**_amounts(row), "meter": {name: meter[name] for name in shown}}
