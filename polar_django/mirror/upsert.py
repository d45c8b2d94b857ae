"""The only way into the mirrored tables: versions in, rows and news out.

A batch of any size costs the same few statements: one for the locks, one to read and one to write
each table concerned, one for the news. It is written in the caller's transaction, which must begin
here, because the locks come first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from django.utils import timezone

from polar_django.exceptions import ForeignObject
from polar_django.mirror import catalog, customer_state, license_keys, linking, locks, seats
from polar_django.mirror.members import link_claimed, resolve_members
from polar_django.mirror.tables import KEPT_COLUMNS, TABLES, in_writing_order, new_row, write_rows
from polar_django.mirror.transitions import changes_between, news_of
from polar_django.mirror.versions import Version, Weight, is_in_doubt, supersedes
from polar_django.models import BenefitGrant, Customer, Transition, locking
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary
from polar_django.snapshots import BenefitGrantSnapshot, Event

__all__ = ["Applied", "apply_versions"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it.

    `changed` holds (table name, id) of each row written anew. To be read from the provider after
    commit: the grants of `customers_to_read`, which a state contradicts, and the objects in
    `unsettled`, of which two versions disagree that lie too close together to order.
    """

    changed: frozenset[tuple[str, str]] = frozenset()
    transitions: int = 0
    customers_to_read: frozenset[str] = frozenset()
    unsettled: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class _Batch:
    """Rows by table and id: what is stored, and what it becomes."""

    now: datetime
    rows: dict[type[MirroredModel], dict[str, MirroredModel]] = field(default_factory=dict)
    stored: dict[type[MirroredModel], dict[str, MirroredModel]] = field(default_factory=dict)
    changed: dict[type[MirroredModel], dict[str, MirroredModel]] = field(default_factory=dict)
    copies: list[Version] = field(default_factory=list)
    team_grants: set[str] = field(default_factory=set)
    news: list[Transition] = field(default_factory=list)
    unsettled: set[tuple[str, str]] = field(default_factory=set)


def apply_versions(
    versions: Sequence[Version],
    *,
    news: Iterable[Transition] = (),
    states: Sequence[Event] = (),
) -> Applied:
    """Write the versions that are newer than what is stored, and the news of what changed.

    Inside a transaction that has done nothing yet. `news` are rows to be told with it, `states` the
    events whose customer states are compared with what stands then. Raises ForeignObject where an
    id belongs to another provider. About four statements for one version of a known object.
    """
    batch = _begin(versions)
    for version in sorted(versions, key=attrgetter("order")):
        _fold(batch, version)
    copies = _rows_of_copies(batch)
    members = resolve_members(batch.changed, copies)
    owned = linking.resolve_owners(batch.changed, copies)
    seats.mark(batch.changed, copies, batch.team_grants)
    for table, rows, is_copy in in_writing_order(batch.changed, copies):
        write_rows(table, rows, keep_existing=is_copy)
    catalog.archive_unlisted_prices(batch.changed)
    seats.correct(batch.changed, batch.stored)
    license_keys.follow_grants(batch.changed)
    linking.rehome(owned, [*members, *link_claimed(batch.changed)])
    cause = versions[0].cause if versions else None
    linked = [linking.news_of_link(customer, cause.source) for customer in owned if cause]
    told = [*batch.news, *linked, *news]
    on_primary(Transition).bulk_create(told)
    return Applied(
        changed=frozenset(
            (table._meta.model_name or "", key)
            for table, rows in batch.changed.items()
            for key in rows
        ),
        transitions=len(told),
        customers_to_read=customer_state.customers_to_read(states),
        unsettled=frozenset(batch.unsettled),
    )


def _begin(versions: Sequence[Version]) -> _Batch:
    """What is stored of their objects, read under the locks of those they belong to."""
    held = {
        name for version in versions for name in locks.locks_of(version.provider, version.snapshot)
    }
    locking.take(held)
    # After the wait for the locks: what waited for an erasure was not written before it.
    batch = _Batch(timezone.now())
    _load(batch, versions)
    grants = [one for one in versions if isinstance(one.snapshot, BenefitGrantSnapshot)]
    while more := _locks_of_grants(batch, grants) - held:
        locking.take(more)
        held |= more
        _load(batch, grants)
    return batch


def _load(batch: _Batch, versions: Iterable[Version]) -> None:
    wanted: dict[type[MirroredModel], set[str]] = {}
    for version in versions:
        if version.weight is not Weight.EMBEDDED:
            wanted.setdefault(TABLES[type(version.snapshot)], set()).add(version.snapshot.id)
    for table, ids in wanted.items():
        # `raw` is by far the largest column, and a new version brings its own.
        found = on_primary(table).defer("raw").in_bulk(ids)
        batch.stored[table] = found
        batch.rows[table] = dict(found)


def _locks_of_grants(batch: _Batch, grants: Iterable[Version]) -> set[str]:
    """The locks of the customers whose grants these are, and of the grants nobody has written.

    A grant is the one thing that moves to another customer, so that two versions of it may name
    different ones. Taken after the others, so that two writers may wait for each other: the
    database ends one, whose deliveries are tried again.
    """
    stored = batch.stored.get(BenefitGrant, {})
    names = {
        locks.new_grant_lock(version.snapshot.id)
        for version in grants
        if version.snapshot.id not in stored and supersedes(version, None)
    }
    return names | {
        locks.customer_lock(row.provider, row.customer_id)
        for row in stored.values()
        if isinstance(row, BenefitGrant) and row.customer_id
    }


def _fold(batch: _Batch, version: Version) -> None:
    """Let one version change what stands, or not."""
    if version.weight is Weight.EMBEDDED:
        batch.copies.append(version)
        return
    table = TABLES[type(version.snapshot)]
    current = batch.rows.setdefault(table, {}).get(version.snapshot.id)
    if current is not None and current.provider != version.provider:
        raise ForeignObject(
            f"{table._meta.model_name} {current.pk} belongs to the provider {current.provider}."
        )
    if current is not None and is_in_doubt(version, current):
        batch.unsettled.add((table._meta.model_name or "", current.pk))
    if not supersedes(version, current) or _is_a_hint_too_late(batch, version):
        _keep(batch, seats.with_late_holder(current, version))
        return
    row = _next_row(batch, version, current)
    if version.cause:
        # A copy was written without telling anybody; a grant never comes as a copy.
        was_told = current is not None and (current.as_of or isinstance(current, BenefitGrant))
        before = current if was_told else None
        happened_at = version.as_of or batch.now
        batch.news.extend(
            news_of(name, row, version.cause, happened_at) for name in changes_between(before, row)
        )
    if current is None or current.as_of is None or _points_elsewhere(current, row):
        batch.copies.extend(
            Version(version.provider, copy, None, weight=Weight.EMBEDDED)
            for copy in version.embedded
        )
    if getattr(version.snapshot, "for_team", False):
        batch.team_grants.add(row.pk)
    else:
        batch.team_grants.discard(row.pk)
    _keep(batch, row)


def _is_a_hint_too_late(batch: _Batch, version: Version) -> bool:
    """Whether a state, on its way since before, lists what a customer held who is deleted now."""
    if version.weight is not Weight.HINT:
        return False
    holder = batch.rows.get(Customer, {}).get(getattr(version.snapshot, "customer_id", None) or "")
    return isinstance(holder, Customer) and holder.deleted_at is not None


def _keep(batch: _Batch, row: MirroredModel | None) -> None:
    if row is not None:
        batch.rows[type(row)][row.pk] = row
        batch.changed.setdefault(type(row), {})[row.pk] = row


def _next_row(batch: _Batch, version: Version, current: MirroredModel | None) -> MirroredModel:
    as_of = version.as_of if version.weight is Weight.FULL else None
    row = new_row(version.provider, version.snapshot, as_of=as_of, synced_at=batch.now)
    if current is not None:
        for name in KEPT_COLUMNS[type(version.snapshot)]:
            setattr(row, name, getattr(current, name))
        customer_state.merge_grant(row, current, version)
        linking.leave_former_owner(row, current)
    seats.note_holder(row, version)
    return row


def _points_elsewhere(before: MirroredModel, after: MirroredModel) -> bool:
    """Whether the row now belongs to another parent than before, which may be missing here."""
    return any(
        getattr(before, item.attname) != getattr(after, item.attname)
        for item in after._meta.concrete_fields
        if item.is_relation and item.attname not in {"subscriber_id", "user_id", "last_member_id"}
    )


def _rows_of_copies(batch: _Batch) -> dict[type[MirroredModel], dict[str, MirroredModel]]:
    rows: dict[type[MirroredModel], dict[str, MirroredModel]] = {}
    for version in reversed(batch.copies):
        snapshot = version.snapshot
        known = rows.setdefault(TABLES[type(snapshot)], {})
        # A product stands in every order of it: of a batch's copies the newest is enough.
        if snapshot.id not in known:
            known[snapshot.id] = new_row(
                version.provider, snapshot, as_of=None, synced_at=batch.now
            )
    return rows
