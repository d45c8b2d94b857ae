"""Writing what a call to the provider returned.

An answer supersedes every version that was stored before its request was sent. Each object's key
is therefore the one stored for it then, or the provider's time less one second (the `Date` header
has no fractions), whichever is later; what was stored meanwhile is compared by key.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model

from polar_django.mirror.upsert import Applied, apply_versions
from polar_django.mirror.versions import Cause, Version
from polar_django.models.databases import on_primary, primary
from polar_django.snapshots import Answer, ObjectSnapshot, PriceSnapshot

__all__ = ["apply_answer", "stored_keys"]

DATE_HEADER_ROUNDS_DOWN_BY = timedelta(seconds=1)


def stored_keys(*rows: Model) -> dict[str, datetime | None]:
    """The order keys stored now, to be read before the request is sent. One query per table."""
    ids: dict[type[Model], list[Any]] = {}
    for row in rows:
        ids.setdefault(type(row), []).append(row.pk)
    return {
        key: as_of
        for table, keys in ids.items()
        for key, as_of in on_primary(table).filter(pk__in=keys).values_list("pk", "as_of")
    }


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
    versions = [
        Version(
            answer.provider,
            seen.snapshot,
            _key_of(seen.snapshot, answer.answered_at, sent or {}),
            cause,
            embedded=seen.embedded,
        )
        for seen in answer.observations
    ]
    with transaction.atomic(using=primary()):
        return apply_versions(versions)


def _key_of(
    snapshot: ObjectSnapshot, answered_at: datetime, sent: Mapping[str, datetime | None]
) -> datetime:
    keys = [sent.get(snapshot.id)]
    if isinstance(snapshot, PriceSnapshot) and snapshot.product_id:
        # A product's prices are as old as the product that lists them (`catalog`).
        keys.append(sent.get(snapshot.product_id))
    return max([answered_at - DATE_HEADER_ROUNDS_DOWN_BY, *(key for key in keys if key)])
