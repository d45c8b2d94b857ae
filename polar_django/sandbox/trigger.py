"""Sending one event by hand, with the newest object that fits it."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists

from polar_django.sandbox import shapes
from polar_django.sandbox.engine.emit import emit
from polar_django.sandbox.engine.endpoints import EVENT_TYPES
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import BadRequest
from polar_django.sandbox.models import (
    Benefit,
    BenefitGrant,
    Checkout,
    ClockState,
    Customer,
    Discount,
    Member,
    Order,
    Organization,
    Product,
    Refund,
    Seat,
    Subscription,
)
from polar_django.sandbox.models.base import Row

__all__ = ["possible_events", "trigger"]

Shape = Callable[[Any], dict[str, Any]]

# The part before the dot → the table it is of, and how it is sent.
SOURCES: Mapping[str, tuple[type[Row], Shape]] = {
    "benefit": (Benefit, shapes.benefit),
    "benefit_grant": (
        BenefitGrant,
        lambda row: shapes.benefit_grant_webhook(row, row.properties),
    ),
    "checkout": (Checkout, shapes.checkout),
    "customer": (Customer, shapes.customer),
    "customer_seat": (Seat, shapes.seat),
    "discount": (Discount, shapes.discount),
    "member": (Member, shapes.member),
    "order": (Order, shapes.order),
    "organization": (Organization, shapes.organization),
    "product": (Product, shapes.product),
    "refund": (Refund, shapes.refund),
    "subscription": (Subscription, shapes.subscription),
}


def possible_events() -> list[str]:
    """The types of which an object exists to tell. One query."""
    kinds = {kind: Exists(model._default_manager.all()) for kind, (model, _) in SOURCES.items()}
    # Every change begins with the clock's row: without it there is nothing.
    found = ClockState.objects.filter(pk=1).annotate(**kinds).values(*kinds).first() or {}
    return [each for each in EVENT_TYPES if found.get(each.partition(".")[0])]


def trigger(event_type: str) -> str:
    """Write an event of `event_type` for the newest object of its kind, changing nothing.

    Returns the type. Raises BadRequest for an unknown type, or where no such object exists yet.
    """
    kind = event_type.partition(".")[0]
    if event_type not in EVENT_TYPES or kind not in SOURCES:
        raise BadRequest(f"There is no event {event_type!r} to trigger.")
    model, shape = SOURCES[kind]
    row = model._default_manager.order_by("-created_at").first()
    if row is None:
        raise BadRequest(f"There is no {kind} yet to tell of.")
    if event_type == "customer.state_changed":
        shape = shapes.customer_state
    owner = row.pk if kind == "customer" else getattr(row, "customer_id", None)
    more = _origin(row) if event_type == "subscription.migrated" else None
    with business_transaction():
        emit(
            event_type,
            shape(row),
            customer_id=owner if isinstance(owner, UUID) else None,
            more=more,
        )
    return event_type


def _origin(row: Row) -> dict[str, str]:
    """Where an imported subscription came from, which Polar tells beside `data`."""
    return {"provider": "stripe", "provider_subscription_id": f"sub_{row.pk.hex[:24]}"}
