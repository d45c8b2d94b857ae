"""Which of two versions of an object is the newer.

The order key is the provider's clock, `as_of`: for a delivery the moment the event was made, for an
answer the moment it was given (`answers`). `modified_at` is no version (content changes without
it); it only breaks ties. A lower key changes nothing, an equal one applies again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from polar_django.mirror.differences import disagrees
from polar_django.models import BenefitGrant, Transition
from polar_django.models.base import MirroredModel
from polar_django.snapshots import BenefitGrantSnapshot, ObjectSnapshot

# The provider's servers and jobs stamp events of one change up to that far apart.
_SETTLE_WITHIN = timedelta(seconds=2)
_DELIVERY = Transition.Source.DELIVERY
NEVER = datetime.min.replace(tzinfo=UTC)


class Weight(Enum):
    """How much a snapshot may change.

    FULL is the whole object. EMBEDDED is a reduced copy: it may only fill a missing row. HINT is a
    grant listed in a customer state, which may be older than what is stored: it may fill a missing
    row, or re-grant what was revoked before it was granted. RE_GRANT is a HINT that may not fill:
    states of teams list all members' grants without naming the member.
    """

    FULL = auto()
    EMBEDDED = auto()
    HINT = auto()
    RE_GRANT = auto()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the mirror writes, for the outbox. `source` is a `Transition.Source`."""

    source: str
    delivery_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One snapshot on its way into the mirror. Without a cause nobody is told of its changes."""

    provider: str
    snapshot: ObjectSnapshot
    as_of: datetime | None
    cause: Cause | None = None
    weight: Weight = Weight.FULL
    embedded: tuple[ObjectSnapshot, ...] = ()

    @property
    def order(self) -> tuple[datetime, datetime]:
        return self.as_of or NEVER, self.snapshot.modified_at or NEVER


def is_in_doubt(version: Version, stored: MirroredModel) -> bool:
    """Whether the two lie so near that their order proves nothing, and say something else: the
    provider has to be asked. No query.

    An earlier version is dropped, whatever asks; a later one of a delivery is written all the same.
    It is in doubt where its `modified_at` is no later: two jobs of the provider may stamp their
    events in the other order than they read the object. An answer that is just as old as what is
    stored, or later, is right.
    """
    if version.weight is not Weight.FULL or version.as_of is None or stored.as_of is None:
        return False
    known_as_of = stored.as_of
    if isinstance(stored, BenefitGrant) and stored.is_granted:
        # A customer state may have said so, which leaves the key (`customer_state.merge_grant`).
        known_as_of = max(known_as_of, stored.granted_at or NEVER)
    if abs(known_as_of - version.as_of) > _SETTLE_WITHIN:
        return False
    known = (known_as_of, stored.modified_at or NEVER)
    if version.order >= known:
        if version.cause is None or version.cause.source != _DELIVERY:
            return False
        if (version.snapshot.modified_at or NEVER) > known[1]:
            return False
    return disagrees(version.snapshot, stored)


def supersedes(version: Version, stored: MirroredModel | None) -> bool:
    """Whether this version is to replace what is stored."""
    if stored is None:
        return version.weight is not Weight.RE_GRANT
    if version.weight is Weight.FULL:
        known = (stored.as_of or NEVER, stored.modified_at or NEVER)
        return version.order >= known
    if version.weight is Weight.EMBEDDED:
        return False
    return _is_granted_later(version.snapshot, stored)


def _is_granted_later(snapshot: ObjectSnapshot, stored: MirroredModel) -> bool:
    """Recorded: a state 15 ms after a revocation still lists the grant. Only a later one counts."""
    if not isinstance(snapshot, BenefitGrantSnapshot) or not isinstance(stored, BenefitGrant):
        return False
    known = max(stored.as_of or NEVER, stored.granted_at or NEVER)
    return (snapshot.granted_at or NEVER) > known
