"""Polar's 42 event types, each with what its data is. An unknown type is normal."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from polar_django.exceptions import MalformedPayload
from polar_django.providers.body import read_object
from polar_django.providers.polar.customer_state import customer_state
from polar_django.providers.polar.parsing import PARSERS, Parser
from polar_django.providers.polar.reading import Json, mapping, moment, text
from polar_django.snapshots import (
    CustomerSnapshot,
    DiscountSnapshot,
    Event,
    MemberSnapshot,
    Observation,
)

STATE_CHANGED = "customer.state_changed"


def _types(prefix: str, names: str, kind: str) -> dict[str, Parser]:
    return {f"{prefix}.{name}": PARSERS[kind] for name in names.split()}


EVENTS: Mapping[str, Parser] = {
    **_types("benefit", "created updated", "benefits"),
    **_types("benefit_grant", "created cycled revoked updated", "benefit_grants"),
    **_types("checkout", "created expired updated", "checkouts"),
    **_types("customer", "created deleted updated", "customers"),
    **_types("customer_seat", "assigned claimed revoked", "customer_seats"),
    **_types("discount", "created deleted updated", "discounts"),
    **_types("member", "created deleted updated", "members"),
    **_types("order", "created paid refunded updated", "orders"),
    **_types("product", "created updated", "products"),
    **_types("refund", "created updated", "refunds"),
    **_types(
        "subscription",
        "active canceled created cycled migrated past_due paused resumed revoked uncanceled "
        "updated",
        "subscriptions",
    ),
}
# Known, and nothing of it is mirrored.
NOT_MIRRORED = frozenset({"organization.updated"})
KNOWN_TYPES = frozenset(EVENTS) | NOT_MIRRORED | {STATE_CHANGED}
# The objects of these often do not say themselves that they are gone.
_DELETIONS = frozenset({"customer.deleted", "discount.deleted", "member.deleted"})


def parse_event(provider: str, body: bytes) -> Event:
    """A stored body as an event; of an unknown type, one with its data and nothing to mirror.

    Raises MalformedPayload where it is no JSON object, has no type or timestamp, or where the
    object of a known type has no id; never anything else. No queries, no calls.
    """
    envelope = read_object(body)
    event_type, timestamp = text(envelope.get("type")), moment(envelope.get("timestamp"))
    if not event_type or timestamp is None:
        raise MalformedPayload("The envelope has no type or no timestamp.")
    data = mapping(envelope.get("data"))
    parse = EVENTS.get(event_type)
    return Event(
        provider=provider,
        type=event_type,
        timestamp=timestamp,
        observations=_observe(parse, event_type, data, timestamp) if parse else (),
        state=customer_state(data) if event_type == STATE_CHANGED else None,
        data=data,
    )


def _observe(
    parse: Parser, event_type: str, data: Json, timestamp: datetime
) -> tuple[Observation, ...]:
    seen = parse(data)
    if event_type not in _DELETIONS:
        return seen
    return tuple(_gone(item, timestamp) for item in seen)


def _gone(seen: Observation, timestamp: datetime) -> Observation:
    snapshot = seen.snapshot
    if (
        isinstance(snapshot, CustomerSnapshot | DiscountSnapshot | MemberSnapshot)
        and snapshot.deleted_at is None
    ):
        return replace(seen, snapshot=replace(snapshot, deleted_at=timestamp))
    return seen
