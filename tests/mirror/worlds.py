"""Short ways to say what a provider told us, and when."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from polar_django.mirror.arrivals import Arrival, states_in, versions_in
from polar_django.mirror.backfill import backfill
from polar_django.mirror.upsert import Applied, apply_versions
from polar_django.providers.registry import get_provider
from polar_django.snapshots import (
    BenefitGrantSnapshot,
    CustomerSnapshot,
    CustomerState,
    Event,
    ObjectSnapshot,
    Observation,
    SubscriptionSnapshot,
)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon, on the provider's clock."""
    return NOON + timedelta(seconds=seconds)


def event(
    *snapshots: ObjectSnapshot,
    seconds: float = 0,
    embedded: Iterable[ObjectSnapshot] = (),
    state: CustomerState | None = None,
    type: str = "something.updated",
    provider: str = "polar",
) -> Event:
    return Event(
        provider=provider,
        type=type,
        timestamp=at(seconds),
        observations=tuple(
            Observation(snapshot=one, embedded=tuple(embedded)) for one in snapshots
        ),
        state=state,
    )


def apply(*events: Event) -> Applied:
    with transaction.atomic():
        return write(*events)


def write(*events: Event) -> Applied:
    """What a worker writes, within the caller's transaction."""
    arrivals = [Arrival(one) for one in events]
    return apply_versions(versions_in(arrivals), states=states_in(arrivals))


def customer(id: str = "cus_ada", **values: Any) -> CustomerSnapshot:
    return CustomerSnapshot(id=id, **{"email": "ada@example.com", **values})


def subscription(status: str = "active", id: str = "sub_1", **values: Any) -> SubscriptionSnapshot:
    return SubscriptionSnapshot(
        id=id, status=status, **{"customer_id": "cus_ada", "product_id": "prod_pro", **values}
    )


def grant(id: str = "grant_1", **values: Any) -> BenefitGrantSnapshot:
    given = {"customer_id": "cus_ada", "benefit_id": "ben_pro", "is_granted": True}
    return BenefitGrantSnapshot(id=id, **{**given, "granted_at": at(0), **values})


def revoked(id: str = "grant_1", *, revoked_at: datetime, **values: Any) -> BenefitGrantSnapshot:
    return grant(
        id, is_granted=False, is_revoked=True, granted_at=None, revoked_at=revoked_at, **values
    )


def state(*grants: BenefitGrantSnapshot, of: CustomerSnapshot | None = None) -> CustomerState:
    return CustomerState(customer=of or customer(), grants=grants)


def mirror_all() -> None:
    """Copy all that the default provider has, and tell nobody."""
    for _ in backfill(get_provider()):
        pass
