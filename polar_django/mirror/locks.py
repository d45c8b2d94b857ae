"""Which locks a writer of the mirror takes: one writer per customer, and one for the catalogue.

A lock is a row of `WriteLock`, held to the end of the transaction (`polar_django.models.locking`).
A transaction takes all it needs at its beginning; only grants may need more, once it is known where
they stand (`upsert`).
"""

from collections.abc import Iterator
from zlib import crc32

from polar_django.models.fields import ID_LENGTH
from polar_django.snapshots import (
    BenefitSnapshot,
    CheckoutSnapshot,
    CustomerSnapshot,
    DiscountSnapshot,
    MeterSnapshot,
    ObjectSnapshot,
    PriceSnapshot,
    ProductSnapshot,
    SeatSnapshot,
)

_SOMETIMES_WITHOUT_CUSTOMER = (CheckoutSnapshot, SeatSnapshot)
_SHARED_LOCKS = 256
_CATALOG = (BenefitSnapshot, DiscountSnapshot, MeterSnapshot, PriceSnapshot, ProductSnapshot)


def customer_lock(provider: str, customer_id: str) -> str:
    """The lock of everything one customer holds."""
    name = f"{provider}:customer:{customer_id}"
    # No provider makes ids so long; MySQL warns of keys that could hold them.
    return name if len(name) <= ID_LENGTH else shared_lock(customer_id)


def shared_lock(object_id: str) -> str:
    """The lock of one object by itself: one of a few hundred, shared with others by chance.

    Pay pages that nobody pays would otherwise leave a row each, for ever.
    """
    return f"object:{_bucket(object_id)}"


def new_grant_lock(grant_id: str) -> str:
    """The lock of a grant that is not stored yet, shared with others by chance.

    Known by a name of its own: it is taken when customers' locks are held already.
    """
    return f"grant:{_bucket(grant_id)}"


def locks_of(provider: str, snapshot: ObjectSnapshot) -> Iterator[str]:
    """The locks a writer of this object holds: its customer's, or the catalogue's.

    An object that may be seen without its customer, and then with it, has one of its own besides:
    else two of its versions would not take turns.
    """
    if isinstance(snapshot, _CATALOG):
        yield f"{provider}:catalog"
        return
    named = isinstance(snapshot, CustomerSnapshot)
    customer_id = snapshot.id if named else getattr(snapshot, "customer_id", None)
    if customer_id:
        yield customer_lock(provider, customer_id)
    if not customer_id or isinstance(snapshot, _SOMETIMES_WITHOUT_CUSTOMER):
        yield shared_lock(snapshot.id)


def _bucket(object_id: str) -> int:
    return crc32(object_id.encode()) % _SHARED_LOCKS
