"""What one subscriber holds, as an immutable set of keys with the grants behind them."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F
from django.utils import timezone

from polar_django.entitlements.numbers import number_in
from polar_django.models import CustomerMeter, Subscription

__all__ = ["Entitlement", "EntitlementSet"]

_NEVER = datetime.max.replace(tzinfo=UTC)
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One live grant under one key.

    `metadata` is the benefit's (a feature flag's values), `properties` the grant's. `expires_at` is
    None where only the provider ends it. `provider` is "local" where it was given by hand, and then
    `reason` says why. A free benefit has no grant, benefit or provider.
    """

    key: str
    benefit_id: str | None = None
    grant_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    granted_at: datetime | None = None
    expires_at: datetime | None = None
    subscription_id: str | None = None
    provider: str = ""
    reason: str = ""

    @property
    def is_live(self) -> bool:
        """Not past its own end, now: a set that is kept for a while must not outlive its grants."""
        return self.expires_at is None or self.expires_at > timezone.now()


def _longest_lasting(entitlement: Entitlement) -> tuple[datetime, datetime, str]:
    return (
        entitlement.expires_at or _NEVER,
        entitlement.granted_at or _EVER,
        entitlement.grant_id or "",
    )


@dataclass(frozen=True, eq=False)
class EntitlementSet(Set[str]):
    """The keys a subscriber holds now: a read-only set of texts, compared exactly.

    `"pro" in entitlements` costs nothing; `subscriptions` and `meters` one query each, the first
    time (in async code ask for them with `aentitlements_for(..., include=...)`). `holds_everything`
    is `STAFF_BYPASS` at work: then `in` is True for every key, while `keys` lists real grants only.
    """

    grants: tuple[Entitlement, ...] = ()
    subscriber: Any = field(default=None, repr=False)
    holds_everything: bool = False
    read_at: datetime = field(default_factory=timezone.now, repr=False)

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[Entitlement, ...]]:
        found: dict[str, list[Entitlement]] = {}
        for entitlement in sorted(self.grants, key=_longest_lasting, reverse=True):
            found.setdefault(entitlement.key, []).append(entitlement)
        return {key: tuple(entitlements) for key, entitlements in found.items()}

    def all(self, key: str) -> tuple[Entitlement, ...]:
        """Every live grant under this key, the one that lasts longest first."""
        return tuple(item for item in self._by_key.get(key, ()) if item.is_live)

    def get(self, key: str) -> Entitlement | None:
        """The live grant that lasts longest under this key; None where there is none."""
        return next(iter(self.all(key)), None)

    def limit(self, name: str, default: Decimal | int = 0) -> Decimal | int:
        """The highest number that a live grant's benefit has in its metadata under this name.

        `{"projects": 10}`, or the same as text: `entitlements.limit("projects")` is 10; whole
        numbers are int, others Decimal. `default` where no benefit that is held says one. True and
        False are no numbers. `STAFF_BYPASS` and free benefits raise no limit.
        """
        said = (number_in(item.metadata.get(name)) for item in self.grants if item.is_live)
        return max((number for number in said if number is not None), default=default)

    def __contains__(self, key: object) -> bool:
        return self.holds_everything or (isinstance(key, str) and self.get(key) is not None)

    @property
    def keys(self) -> frozenset[str]:
        """The keys with a live grant, and the free ones."""
        return frozenset(key for key in self._by_key if self.get(key))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.keys))

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def _from_iterable(cls, it: Any) -> Any:
        # `&` and `|` of the set protocol give plain sets of keys: a union has no subscriber.
        return frozenset(it)

    @cached_property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriber's active and trialing subscriptions, newest first, with their products.

        Those of the subscriber only: who holds a seat in another's team holds its benefits.
        """
        if self.subscriber is None:
            return ()
        return tuple(
            Subscription.objects.active()
            .for_subscriber(self.subscriber)
            .select_related("product")
            .order_by("-started_at", "-pk")
        )

    @cached_property
    def meters(self) -> Mapping[str, CustomerMeter]:
        """The subscriber's meters by key (by id where a meter has none), in the meters' units."""
        if self.subscriber is None:
            return {}
        rows = (
            CustomerMeter.objects.for_subscriber(self.subscriber)
            .select_related("meter")
            # The last of a key counts: a living meter before an archived one.
            .order_by(F("meter__archived_at").asc(nulls_last=True), "synced_at", "pk")
        )
        return {(row.meter.key if row.meter else "") or row.meter_id: row for row in rows}
