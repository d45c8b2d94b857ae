"""Usage events as they come in: whose they are, and which were sent before."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import customer_meters, rows
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import Customer, Member, UsageEvent
from polar_django.sandbox.outcomes import Ingested

__all__ = ["attach_events", "ingest"]


def ingest(events: Sequence[Mapping[str, Any]]) -> Ingested:
    """Store a batch, all of it or nothing. `external_id` makes an event once and for all.

    An unknown external customer id is accepted; the event waits for a customer to have it. Raises
    InvalidRequest for an unknown customer, member or parent. The meters are reckoned, and
    customer.state_changed follows where one is different.
    """
    with business_transaction() as work:
        given_ids = [each["external_id"] for each in events if each.get("external_id")]
        known = UsageEvent.objects.filter(external_id__in=given_ids)
        seen = set(known.values_list("external_id", flat=True))
        errors: list[dict[str, Any]] = []
        touched: dict[UUID, Customer] = {}
        duplicates = 0
        for index, event in _parents_first(events):
            try:
                values = _values(event, index)
            except InvalidRequest as refused:
                errors += refused.errors
                continue
            if values["external_id"] is not None and values["external_id"] in seen:
                duplicates += 1
                continue
            seen.add(values["external_id"])
            row = rows.create(UsageEvent, **values)
            if row.customer is not None:
                touched[row.customer.id] = row.customer
        if errors:
            raise InvalidRequest(errors)
        for customer in touched.values():
            _note_first_event(customer)
            work.later(partial(customer_meters.refresh, customer.id))
    return Ingested(inserted=len(events) - duplicates, duplicates=duplicates)


def _parents_first(events: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Events with their places; one whose parent stands later in the batch comes after it."""
    left = list(enumerate(events))
    ordered: list[tuple[int, Mapping[str, Any]]] = []
    while left:
        to_come = {event.get("external_id") for _, event in left} - {None}
        ready = [each for each in left if each[1].get("parent_id") not in to_come]
        if not ready:
            # They are each other's parents: none of them will be found.
            return ordered + left
        ordered += ready
        taken = {index for index, _ in ready}
        left = [each for each in left if each[0] not in taken]
    return ordered


def _values(event: Mapping[str, Any], index: int) -> dict[str, Any]:
    """The columns of an event. Raises InvalidRequest for what it names and nobody knows."""
    customer = _find_customer(event, index)
    return {
        "name": event["name"],
        "timestamp": event.get("timestamp") or clock.tick(),
        "customer": customer,
        "external_customer_id": event.get("external_customer_id")
        or (customer.external_id if customer is not None else None),
        "member": _find_member(customer, event, index),
        "external_member_id": event.get("external_member_id"),
        "external_id": event.get("external_id") or None,
        "parent": _find_parent(event, index),
        "metadata": rows.plain(event.get("metadata") or {}),
    }


def _refusal(index: int, field: str, message: str, value: object) -> InvalidRequest:
    loc = ["body", "events", index, field]
    return InvalidRequest([{"type": field, "loc": loc, "msg": message, "input": str(value)}])


def _find_customer(event: Mapping[str, Any], index: int) -> Customer | None:
    customers = Customer.objects.filter(deleted_at=None)
    if event.get("customer_id") is None:
        return customers.filter(external_id=event["external_customer_id"]).first()
    found = customers.filter(pk=event["customer_id"]).first()
    if found is None:
        raise _refusal(index, "customer_id", "Customer not found.", event["customer_id"])
    return found


def _find_member(customer: Customer | None, event: Mapping[str, Any], index: int) -> Member | None:
    if customer is None:
        return None
    members = customer.members.filter(deleted_at=None)
    if event.get("external_member_id") is not None:
        return members.filter(external_id=event["external_member_id"]).first()
    if event.get("member_id") is None:
        return None
    found = members.filter(pk=event["member_id"]).first()
    if found is None:
        raise _refusal(index, "member_id", "Member not found.", event["member_id"])
    return found


def _find_parent(event: Mapping[str, Any], index: int) -> UsageEvent | None:
    """By the id that Polar gave, or by the project's own."""
    parent_id = event.get("parent_id")
    if parent_id is None:
        return None
    found = UsageEvent.objects.filter(external_id=parent_id).first()
    if found is None:
        try:
            found = UsageEvent.objects.filter(pk=UUID(parent_id)).first()
        except ValueError:
            found = None
    if found is None:
        raise _refusal(index, "parent_id", "Parent event not found.", parent_id)
    return found


def _note_first_event(customer: Customer) -> None:
    if customer.first_user_event_at is None:
        customer.first_user_event_at = clock.tick()
        customer.save(update_fields=["first_user_event_at"])


def attach_events(customer: Customer) -> None:
    """A customer has an external id now: events that waited for it are theirs. One query."""
    waiting = UsageEvent.objects.filter(
        customer=None, external_customer_id=customer.external_id, source="user"
    )
    if customer.external_id is not None and waiting.update(customer=customer):
        _note_first_event(customer)
        current_work().later(partial(customer_meters.refresh, customer.id))
