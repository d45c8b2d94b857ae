"""Writing webhook events, inside the transaction of the change that they tell of."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from polar_django.sandbox import chaos, clock, courier, shapes
from polar_django.sandbox.chaos import Trouble
from polar_django.sandbox.engine.endpoints import list_endpoints
from polar_django.sandbox.engine.work import current_work
from polar_django.sandbox.models import (
    BenefitGrant,
    Checkout,
    Customer,
    Member,
    Order,
    Refund,
    Seat,
    Subscription,
    WebhookEvent,
)

__all__ = [
    "emit",
    "emit_checkout",
    "emit_customer",
    "emit_grant",
    "emit_member",
    "emit_order",
    "emit_refund",
    "emit_seat",
    "emit_state",
    "emit_state_soon",
    "emit_subscription",
    "trouble",
]

# Polar's own debounce, where it is switched on.
STATE_WAITS = timedelta(seconds=15)
STATE_WAITS_AT_MOST = timedelta(minutes=15)


def emit(
    event_type: str,
    data: Mapping[str, Any],
    *,
    customer_id: UUID | None = None,
    at: datetime | None = None,
    waits_since: datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """One WebhookEvent per enabled endpoint that listens to `event_type`; no query but the first.

    The body is written once and for all, as Polar does: retries send it to the byte. With `at` it
    is an event of that time to come, and leaves then. `more` stands beside `data`.
    """
    work = current_work()
    if work.endpoints is None:
        work.endpoints = list_endpoints()
        transaction.on_commit(courier.wake)
    listening = [each for each in work.endpoints if each.enabled and event_type in each.events]
    if not listening:
        return
    timestamp = at or clock.tick()
    omits_version = trouble().omit_api_version
    for endpoint in listening:
        envelope = {
            "type": event_type,
            "timestamp": shapes.moment(timestamp),
            **({} if omits_version else {"api_version": endpoint.api_version}),
            "data": data,
            **(more or {}),
        }
        work.events.append(
            WebhookEvent(
                created_at=timestamp,
                endpoint=endpoint,
                type=event_type,
                body=json.dumps(envelope, separators=(",", ":"), ensure_ascii=False),
                customer_id=customer_id,
                next_attempt_at=timestamp,
                waits_since=waits_since,
            )
        )


def trouble() -> Trouble:
    """What is broken on purpose. One query in each transaction."""
    work = current_work()
    if work.trouble is None:
        work.trouble = chaos.read()
    return work.trouble


def emit_checkout(name: str, row: Checkout) -> None:
    """checkout.created, .updated or .expired."""
    emit(f"checkout.{name}", shapes.checkout(row), customer_id=row.customer_id)


def emit_member(name: str, row: Member) -> None:
    """member.created, .updated or .deleted."""
    emit(f"member.{name}", shapes.member(row), customer_id=row.customer_id)


def emit_customer(name: str, customer_id: UUID) -> None:
    """customer.created, .updated or .deleted as the row is now, then its state.

    Polar builds these when the job runs, not when the change was made.
    """
    row = Customer.objects.get(pk=customer_id)
    emit(f"customer.{name}", shapes.customer(row), customer_id=customer_id)
    _emit_state(row)


def emit_state(customer_id: UUID) -> None:
    """customer.state_changed, now, in place of one that is held back."""
    _emit_state(Customer.objects.get(pk=customer_id))


def _emit_state(row: Customer) -> None:
    customer_id = row.id
    current_work().last_jobs.pop(("state", customer_id), None)
    if trouble().delay_states:
        _held_back(customer_id).delete()
    emit("customer.state_changed", shapes.customer_state(row), customer_id=customer_id)


def emit_state_soon(customer_id: UUID) -> None:
    """customer.state_changed, once, after everything else of this transaction."""
    job = partial(_hold_back if trouble().delay_states else emit_state, customer_id)
    current_work().at_the_end(("state", customer_id), job)


def _hold_back(customer_id: UUID) -> None:
    """Fifteen seconds after the last change, a quarter of an hour after the first at most."""
    waiting = _held_back(customer_id)
    now = clock.tick()
    since = waiting.values_list("waits_since", flat=True).first() or now
    waiting.delete()
    emit(
        "customer.state_changed",
        shapes.customer_state(Customer.objects.get(pk=customer_id)),
        customer_id=customer_id,
        at=min(now + STATE_WAITS, max(now, since + STATE_WAITS_AT_MOST)),
        waits_since=since,
    )


def _held_back(customer_id: UUID) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(
        customer_id=customer_id,
        waits_since__isnull=False,
        attempts_made=0,
        next_attempt_at__gt=clock.now(),
    )


def emit_subscription(row: Subscription, *names: str) -> None:
    """subscription.<name> for each name in order, all with the same data; then a state, once."""
    data = shapes.subscription(row)
    for name in names:
        emit(f"subscription.{name}", data, customer_id=row.customer_id)
    emit_state_soon(row.customer_id)


def emit_order(row: Order, *names: str) -> None:
    """order.<name> for each name in order, all with the same data."""
    data = shapes.order(row)
    for name in names:
        emit(f"order.{name}", data, customer_id=row.customer_id)


def emit_grant(name: str, row: BenefitGrant, previous_properties: Mapping[str, Any]) -> None:
    """benefit_grant.created, .updated, .cycled or .revoked; then a state, once."""
    data = shapes.benefit_grant_webhook(row, previous_properties)
    emit(f"benefit_grant.{name}", data, customer_id=row.customer_id)
    emit_state_soon(row.customer_id)


def emit_seat(name: str, row: Seat) -> None:
    """customer_seat.assigned, .claimed or .revoked; a revoked one is shown to its purchase's buyer.

    Reads `row.subscription` or `row.order` once the seat has no holder.
    """
    source = row.subscription or row.order
    customer_id = row.customer_id or (source.customer_id if source is not None else None)
    emit(f"customer_seat.{name}", shapes.seat(row), customer_id=customer_id)


def emit_refund(name: str, row: Refund) -> None:
    """refund.created or .updated."""
    emit(f"refund.{name}", shapes.refund(row), customer_id=row.customer_id)
