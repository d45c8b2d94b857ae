"""Making the mirror say what the provider says: of a page, of a complete list, of one object."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from polar_django import models
from polar_django.exceptions import NotSupported, ObjectNotFound
from polar_django.mirror.answers import (
    TICK,
    apply_answer,
    moments_in,
    read_at,
    stored_keys,
    stored_keys_of,
)
from polar_django.mirror.differences import gone, live
from polar_django.mirror.drift import Drift, differing, of_kind
from polar_django.mirror.lists import KIND_OF, NAMED, TABLE_OF, readable, smallest_list
from polar_django.mirror.organizations import refuse_another_organization
from polar_django.mirror.upsert import apply_versions
from polar_django.mirror.versions import Cause, Version
from polar_django.mirror.walking import Patience, pages
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Page, Provider
from polar_django.snapshots import Answer

__all__ = ["mark_deleted", "read_again", "repair_list", "repair_page"]


def repair_page(
    provider: Provider,
    page: Page,
    kind: str,
    patience: Patience,
    *,
    source: str | None,
    sent: Mapping[str, datetime | None] | None = None,
) -> Drift:
    """Write what differs on a page; what was heard of meanwhile, and still differs, is asked for.

    About two queries where nothing differs.
    """
    drift = Drift(kind, seen=len(of_kind(page, kind)))
    found = differing(page, drift)
    if not found:
        return drift
    part = replace(page, observations=tuple(found))
    applied = apply_answer(part, sent=sent, source=source)
    drift.written += len(applied.changed)
    if sent is None:
        sure = {key for _, key in applied.changed - applied.unsettled}
        late = [item.snapshot for item in found if item.snapshot.id not in sure]
        for table_name, key in readable(late):
            # Its key is near the stored one: a change of this very second, or a provider's clock
            # that was set back. A read of its own supersedes whatever was stored before it.
            drift.written += read_again(provider, table_name, key, patience, source=source).written
    return drift


def repair_list(
    provider: Provider,
    kind: str,
    patience: Patience,
    filters: Mapping[str, str],
    *,
    source: str | None,
) -> Drift:
    """Make the rows of one complete, short list what it says; what it leaves out is no more.

    `filters` are columns of the table and the provider's filters alike (`customer_id=`). One call
    and about two queries a page, and one query before; a list of several pages is read twice where
    it leaves something out. Raises ProviderError; ForeignObject where something would be marked,
    but the access token is of another organization.
    """
    table = TABLE_OF[kind]
    drift = Drift(kind)
    scope = on_primary(table).filter(provider=provider.name, **filters)
    sent = stored_keys_of(scope)
    listed: set[str] = set()
    first: Page | None = None
    last_page = 1
    try:
        for number, page in pages(provider, kind, patience, filters):
            drift.add(repair_page(provider, page, kind, patience, source=source, sent=sent))
            listed |= _ids_on(page)
            first, last_page = first or page, number
        standing = live(table)
        if standing is None or not (absent := sent.keys() - listed):
            return drift
        rows = list(scope.filter(standing, pk__in=absent))
        if rows and last_page > 1:
            # What is deleted while pages are read moves others up, to one that was read already:
            # only what is absent twice is no more.
            for _, page in pages(provider, kind, patience, filters):
                absent -= _ids_on(page)
            rows = [row for row in rows if row.pk in absent]
    except (NotSupported, ObjectNotFound):
        # Of a parent that is not there it says nothing.
        return drift
    if rows:
        refuse_another_organization(provider, patience)
        drift.add(_mark_gone(kind, rows, sent, first, source))
    return drift


def _ids_on(page: Page) -> set[str]:
    return {item.snapshot.id for item in page.observations}


def read_again(
    provider: Provider,
    table_name: str,
    object_id: str,
    patience: Patience,
    *,
    source: str | None = models.Transition.Source.RECONCILE,
) -> Drift:
    """Ask the provider for one object that the mirror has, and write what it says.

    One call, or one a page of the smallest list it is on. An object that is no more is marked so.
    Nothing where the provider cannot be asked for it. Raises ProviderError, and ForeignObject as
    `repair_list`.
    """
    table = NAMED[table_name]
    row = on_primary(table).filter(pk=object_id).defer("raw").first()
    if row is None or table not in KIND_OF:
        return Drift(table_name)
    kind = KIND_OF[table]
    filters = smallest_list(row)
    if filters is not None:
        if not filters:
            return Drift(kind)
        return repair_list(provider, kind, patience, filters, source=source)
    drift = Drift(kind)
    rows = on_primary(table).filter(pk=object_id)
    try:
        row, sent, answer = patience.call(_ask, provider, rows, kind)
    except NotSupported:
        return drift
    if isinstance(answer, ObjectNotFound):
        refuse_another_organization(provider, patience)
        return _mark_gone(kind, [row], sent, answer, source)
    drift.seen = 1
    if differing(answer, drift):
        drift.written += len(apply_answer(answer, sent=sent, source=source).changed)
    return drift


def _ask(
    provider: Provider, rows: QuerySet[MirroredModel], kind: str
) -> tuple[MirroredModel, Mapping[str, datetime | None], Answer | ObjectNotFound]:
    """The row and its key before this very attempt, and what was answered."""
    row = rows.get()
    sent = stored_keys(row)
    try:
        return row, sent, provider.get_object(kind, row.pk)
    except ObjectNotFound as error:
        return row, sent, error


def mark_deleted(
    row: MirroredModel, sent: Mapping[str, datetime | None], *, source: str | None
) -> None:
    """Write that this object is no more, because we have had it deleted ourselves.

    `sent` is what `stored_keys` gave before that. The provider's own delivery of it, which may tell
    more (that the person was made anonymous), counts as newer, whenever it comes.
    """
    # The caller's copy may be older than what is stored.
    stored = list(on_primary(type(row)).filter(pk=row.pk))
    _mark_gone(KIND_OF[type(row)], stored, sent, None, source)


def _mark_gone(
    kind: str,
    rows: Sequence[MirroredModel],
    sent: Mapping[str, datetime | None],
    answer: Answer | ObjectNotFound | None,
    source: str | None,
) -> Drift:
    """Write that these are no more, unless something newer than the answer was stored meanwhile."""
    answered_at = answer.answered_at if answer else None
    standing = live(type(rows[0])) if rows else None
    if standing is None:
        return Drift(kind)
    still = set(
        on_primary(type(rows[0]))
        .filter(standing, pk__in=[row.pk for row in rows])
        .values_list("pk", flat=True)
    )
    cause = Cause(source) if source else None
    versions = []
    for row in rows:
        snapshot = gone(row, answered_at)
        if snapshot is None or row.pk not in still:
            continue
        known = sent.get(row.pk)
        keys = [key for key in (row.created_at, *moments_in(row)) if key is not None]
        if known is not None:
            # Just above: what was stored then, heard once more, does not bring it back.
            keys.append(known + TICK)
        if answer and answered_at is not None:
            keys.append(read_at(answered_at, answer.took))
        if keys:
            versions.append(Version(row.provider, snapshot, max(keys), cause))
    if not versions:
        return Drift(kind)
    with transaction.atomic(using=primary()):
        applied = apply_versions(versions)
    marked = sorted(key for _, key in applied.changed)
    return Drift(kind, gone=marked, written=len(marked))
