"""Whether a stored row says what a snapshot says, and rows as snapshots.

Compared are the columns; `raw` is not, because the same object is spelled differently in different
versions of an API.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from polar_django import models
from polar_django.mirror.tables import PROVIDER_COLUMNS, TABLES
from polar_django.models.base import MirroredModel
from polar_django.models.querysets import ENDED_STATUSES
from polar_django.snapshots import ObjectSnapshot

_NOT_CONTENT = frozenset({"raw", "created_at", "modified_at"})
_SNAPSHOTS = {table: kind for kind, table in TABLES.items()}

# What shows that an object no longer is; tables that are not here keep what was.
_LIVE: Mapping[type[MirroredModel], Q] = {
    models.Benefit: Q(is_deleted=False),
    models.BenefitGrant: Q(is_revoked=False),
    models.Customer: Q(deleted_at__isnull=True),
    models.Discount: Q(deleted_at__isnull=True),
    models.LicenseKey: ~Q(status="revoked"),
    models.Member: Q(deleted_at__isnull=True),
    models.Meter: Q(archived_at__isnull=True),
    models.Product: Q(is_archived=False),
    models.Seat: ~Q(status="revoked"),
    models.Subscription: ~Q(status__in=ENDED_STATUSES),
}


def disagrees(snapshot: ObjectSnapshot, row: MirroredModel) -> bool:
    """Whether the row's content is another. No query, also where `raw` is deferred."""
    return any(
        _plain(getattr(snapshot, name)) != _plain(getattr(row, name))
        for name in PROVIDER_COLUMNS[type(snapshot)]
        if name not in _NOT_CONTENT
    )


def is_outdated(snapshot: ObjectSnapshot, row: MirroredModel) -> bool:
    """Whether the row lacks what the snapshot shows: content, time of change, or wholeness."""
    return row.as_of is None or row.modified_at != snapshot.modified_at or disagrees(snapshot, row)


def live(table: type[MirroredModel]) -> Q | None:
    """The condition of the table's rows that still stand for something; None: all do, always."""
    return _LIVE.get(table)


def gone(row: MirroredModel, at: datetime | None) -> ObjectSnapshot | None:
    """The row as a snapshot of an object that is no more; None where its table has no such thing.

    `at` is when the provider said so, on its clock. Asks for `raw` where that is deferred.
    """
    moment = at or timezone.now()
    changes = _changes_when_gone(moment).get(type(row))
    if changes is None:
        return None
    kind = _SNAPSHOTS[type(row)]
    values = {name: getattr(row, name) for name in PROVIDER_COLUMNS[kind]}
    if isinstance(row, models.BenefitGrant):
        values["for_team"] = row.is_seat
    return kind(**{**values, **changes})


def _changes_when_gone(at: datetime) -> Mapping[type[MirroredModel], Mapping[str, Any]]:
    nobody = {"customer_id": None, "member_id": None, "email": None}
    return {
        models.Benefit: {"is_deleted": True},
        models.BenefitGrant: {
            "is_granted": False,
            "is_revoked": True,
            "granted_at": None,
            "revoked_at": at,
        },
        models.Customer: {"deleted_at": at},
        models.Discount: {"deleted_at": at},
        models.LicenseKey: {"status": "revoked"},
        models.Member: {"deleted_at": at},
        models.Meter: {"archived_at": at},
        models.Product: {"is_archived": True},
        models.Seat: {"status": "revoked", "revoked_at": at, **nobody},
        models.Subscription: {
            "status": "canceled",
            "provider_status": "",
            "cancel_at_period_end": False,
            "ended_at": at,
        },
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
