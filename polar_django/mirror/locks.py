"""Taking turns: one writer per customer, and one for the catalogue.

A lock is a row of `WriteLock`, held to the end of the transaction. Taking it is a write, so a
transaction that begins by taking its locks never reads before it writes: on SQLite that is the
difference between waiting and failing. All locks are taken at once, in order of name.
"""

from collections.abc import Iterable

from django.utils import timezone

from polar_django.mirror.tables import write_rows
from polar_django.models import WriteLock
from polar_django.snapshots import (
    BenefitSnapshot,
    CustomerSnapshot,
    DiscountSnapshot,
    MeterSnapshot,
    ObjectSnapshot,
    PriceSnapshot,
    ProductSnapshot,
)

_CATALOG = (BenefitSnapshot, DiscountSnapshot, MeterSnapshot, PriceSnapshot, ProductSnapshot)


def take(names: Iterable[str]) -> None:
    """Wait for, and hold, every named lock. Inside a transaction, as its first statement; one."""
    now = timezone.now()
    write_rows(WriteLock, [WriteLock(name=name, taken_at=now) for name in set(names)])


def customer_lock(provider: str, customer_id: str) -> str:
    """The lock of everything one customer holds."""
    return f"{provider}:customer:{customer_id}"


def lock_of(provider: str, snapshot: ObjectSnapshot) -> str:
    """The lock a writer of this object holds: its customer's, the catalogue's, or its own."""
    if isinstance(snapshot, _CATALOG):
        return f"{provider}:catalog"
    if isinstance(snapshot, CustomerSnapshot):
        return customer_lock(provider, snapshot.id)
    customer_id = getattr(snapshot, "customer_id", None)
    return customer_lock(provider, customer_id) if customer_id else f"{provider}:{snapshot.id}"
