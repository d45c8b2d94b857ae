"""What a customer state may change: it is a hint, not a ledger.

Recorded on a real server: a state made 15 ms after a revocation still lists the grant, and one may
lack what has just happened. So the customer and the meters are taken from it, a listed grant may
fill a gap or re-grant (`versions.Weight`), and an absent one revokes nothing: it is a reason to
read the customer's grants from the provider.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from polar_django.mirror.versions import NEVER, Cause, Version, Weight
from polar_django.models import BenefitGrant
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary
from polar_django.snapshots import CustomerState, Event

# A grant that changed this shortly before the state was made may rightly be missing from it.
_STATE_LAG = timedelta(seconds=10)
_NOT_IN_A_STATE = (
    "as_of",
    "created_at",
    "customer_id",
    "expires_at",
    "member_id",
    "modified_at",
    "order_id",
    "properties",
    "raw",
    "subscription_id",
)
_ADDED_BY_A_STATE = ("granted_at", "is_granted", "is_revoked", "revoked_at")


def versions_in(
    state: CustomerState, provider: str, as_of: datetime, cause: Cause | None
) -> Iterator[Version]:
    """The versions a state brings. No queries."""
    yield Version(provider, state.customer, as_of, cause)
    for meter in state.meters:
        yield Version(provider, meter, as_of, cause)
    for subscription in state.subscriptions:
        yield Version(provider, subscription, None, weight=Weight.EMBEDDED)
    if state.customer.deleted_at is not None:
        return  # nobody holds what it still lists
    for grant in state.grants:
        weight = Weight.HINT if state.customer.type == "individual" else Weight.RE_GRANT
        yield Version(provider, grant, grant.granted_at or as_of, cause, weight)


def merge_grant(row: MirroredModel, current: MirroredModel, version: Version) -> None:
    """Let a grant's own version and what a state adds to it meet in either order, to one end.

    The version gives the row, its order key included; a state only that it was granted later.
    One query for a state's entry (`raw`), none for a version.
    """
    if not isinstance(row, BenefitGrant) or not isinstance(current, BenefitGrant):
        return
    if version.weight is not Weight.FULL:
        for name in _NOT_IN_A_STATE:
            setattr(row, name, getattr(current, name))
    elif current.is_granted and (current.granted_at or NEVER) > (version.as_of or NEVER):
        for name in _ADDED_BY_A_STATE:
            setattr(row, name, getattr(current, name))


def customers_to_read(events: Sequence[Event]) -> frozenset[str]:
    """The customers whose stored grants their newest state contradicts, or of whom a grant is known
    from states alone: it may have ended since, unheard of. One query, or none."""
    newest = {event.state.customer.id: event for event in events if event.state}
    for event in events:
        if event.state and event.timestamp > newest[event.state.customer.id].timestamp:
            newest[event.state.customer.id] = event
    if not newest:
        return frozenset()
    listed = {
        key: {grant.id for grant in event.state.grants}
        for key, event in newest.items()
        if event.state
    }
    everything_listed = {key for keys in listed.values() for key in keys}
    stored = (
        on_primary(BenefitGrant)
        .filter(
            Q(is_granted=True, is_revoked=False) | Q(pk__in=everything_listed),
            customer_id__in=newest,
        )
        .values_list("pk", "customer_id", "is_granted", "granted_at", "as_of")
    )
    known = set()
    contradicted = set()
    for key, customer_id, is_granted, granted_at, as_of in stored:
        known.add(key)
        if as_of is None:
            contradicted.add(customer_id)
        is_old = granted_at is None or granted_at < newest[customer_id].timestamp - _STATE_LAG
        if is_granted and is_old and key not in listed[customer_id]:
            contradicted.add(customer_id)
    contradicted.update(customer_id for customer_id, keys in listed.items() if keys - known)
    return frozenset(contradicted)
