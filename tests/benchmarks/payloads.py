"""Deliveries like real ones: a subscription, an order and a grant, with all they embed."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.corpus import recordings

KINDS = ("subscription.updated", "order.paid", "benefit_grant.created")


def templates() -> dict[str, dict[str, Any]]:
    """One recorded envelope of each kind, from the sandbox's own recordings."""
    found = {one.type: one.envelope for one in recordings.read(recordings.OWN)}
    return {kind: found[kind] for kind in KINDS}


def envelopes(count: int, customers: int) -> Iterator[dict[str, Any]]:
    """So many different objects, kinds in turn, spread over so many customers."""
    patterns = {kind: json.dumps(envelope) for kind, envelope in templates().items()}
    start = datetime.now(UTC)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        envelope = json.loads(patterns[kind])
        envelope["timestamp"] = (start + timedelta(microseconds=number)).isoformat()
        data = envelope["data"]
        customer = f"cus_{number // len(KINDS) % customers}"
        data["id"] = str(uuid.uuid4())
        data["customer_id"] = data["customer"]["id"] = customer
        data["customer"]["external_id"] = None
        yield envelope
