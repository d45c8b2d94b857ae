"""Writing what a call to the provider returned.

An answer supersedes every version that was stored before its request was sent, and was given after
everything it tells of. Each object's key is therefore just above the one stored for it then, the
latest moment in it, or the earliest at which the provider can have read it (`read_at`), whichever
is latest; what was stored meanwhile is compared by key.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from polar_django.mirror.upsert import Applied, apply_versions
from polar_django.mirror.versions import Cause, Version
from polar_django.models import BenefitGrant
from polar_django.models.databases import on_primary, primary
from polar_django.snapshots import Answer, ObjectSnapshot, PriceSnapshot

__all__ = ["apply_answer", "moments_in", "read_at", "stored_keys", "stored_keys_of"]

DATE_HEADER_ROUNDS_DOWN_BY = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
_MOMENTS = ("modified_at", "granted_at", "revoked_at")


def stored_keys(*rows: Model) -> dict[str, datetime | None]:
    """The order keys stored now, to be read before the request is sent. One query per table."""
    ids: dict[type[Model], list[Any]] = {}
    for row in rows:
        ids.setdefault(type(row), []).append(row.pk)
    return {
        key: as_of
        for table, keys in ids.items()
        for key, as_of in stored_keys_of(on_primary(table).filter(pk__in=keys)).items()
    }


def stored_keys_of(rows: QuerySet[Any]) -> dict[str, datetime | None]:
    """The same for the rows of a query. One query."""
    if rows.model is not BenefitGrant:
        return dict(rows.values_list("pk", "as_of"))
    # A customer state may have said that it was granted later than the grant itself was seen.
    told = rows.values_list("pk", "as_of", "granted_at")
    return {key: max(filter(None, moments), default=None) for key, *moments in told}


def apply_answer(
    answer: Answer,
    *,
    sent: Mapping[str, datetime | None] | None = None,
    source: str | None = "verb",
) -> Applied:
    """Write what the provider answered, in a transaction of its own.

    `sent` is what `stored_keys` gave before the request. `source` names the cause in the outbox;
    with None nobody is told (a first copy must not mail everybody).
    """
    cause = Cause(source) if source else None
    keys = _keys_of(answer, sent or {})
    versions = [
        Version(
            answer.provider,
            seen.snapshot,
            keys[_group(seen.snapshot)],
            cause,
            embedded=seen.embedded,
        )
        for seen in answer.observations
    ]
    with transaction.atomic(using=primary()):
        return apply_versions(versions)


def _keys_of(answer: Answer, sent: Mapping[str, datetime | None]) -> dict[str, datetime]:
    """The key of each object, by `_group`."""
    keys: dict[str, datetime] = {}
    for seen in answer.observations:
        group = _group(seen.snapshot)
        before = [key + TICK for key in (sent.get(seen.snapshot.id), sent.get(group)) if key]
        told = [moment for moment in moments_in(seen.snapshot) if moment <= answer.answered_at]
        least = keys.get(group, read_at(answer.answered_at, answer.took))
        keys[group] = max([least, *before, *told])
    return keys


def _group(snapshot: ObjectSnapshot) -> str:
    """A product's prices are just as old as the product that lists them (`catalog`)."""
    if isinstance(snapshot, PriceSnapshot) and snapshot.product_id:
        return snapshot.product_id
    return snapshot.id


def read_at(answered_at: datetime, took: timedelta) -> datetime:
    """The earliest moment of what an answer tells, on the provider's clock.

    A slow answer was read long before it was given, and what was heard of meanwhile is newer. The
    `Date` header has no fractions of a second.
    """
    return answered_at - took - DATE_HEADER_ROUNDS_DOWN_BY


def moments_in(item: ObjectSnapshot | Model) -> list[datetime]:
    """When the object was last changed, as far as it tells."""
    moments = (getattr(item, name, None) for name in _MOMENTS)
    return [moment for moment in moments if isinstance(moment, datetime)]
