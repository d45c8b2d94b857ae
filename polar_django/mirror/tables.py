"""Which snapshot fills which table, and how rows are written in bulk.

The order of `TABLES` is the order of writing: every transaction writes tables and ids in the same
order, so that two of them cannot wait for each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Model

from polar_django import models, snapshots
from polar_django.models.base import MirroredModel
from polar_django.models.databases import conflict_target, on_primary
from polar_django.snapshots import ObjectSnapshot

# By table, and then by id.
Rows = Mapping[Any, Mapping[str, Any]]

TABLES: Mapping[type[ObjectSnapshot], type[MirroredModel]] = {
    snapshots.MeterSnapshot: models.Meter,
    snapshots.BenefitSnapshot: models.Benefit,
    snapshots.ProductSnapshot: models.Product,
    snapshots.PriceSnapshot: models.Price,
    snapshots.DiscountSnapshot: models.Discount,
    snapshots.CustomerSnapshot: models.Customer,
    snapshots.MemberSnapshot: models.Member,
    snapshots.CustomerMeterSnapshot: models.CustomerMeter,
    snapshots.CheckoutSnapshot: models.CheckoutSession,
    snapshots.SubscriptionSnapshot: models.Subscription,
    snapshots.SeatSnapshot: models.Seat,
    snapshots.OrderSnapshot: models.Order,
    snapshots.RefundSnapshot: models.Refund,
    snapshots.BenefitGrantSnapshot: models.BenefitGrant,
    snapshots.LicenseKeySnapshot: models.LicenseKey,
}
# Tables whose rows say whose they are; the customer's link decides.
OWNED: tuple[type[Any], ...] = (
    models.CheckoutSession,
    models.Subscription,
    models.Order,
    models.BenefitGrant,
)
# Columns the provider knows nothing of: a new version of a row keeps them.
_OURS = frozenset(
    {
        "erased_at",
        "expires_at",
        "is_seat",
        "last_email",
        "last_held_as_of",
        "last_member_id",
        "next_url",
        "plan",
        "reason",
        "subscriber_id",
        "user_id",
    }
)
# Noted without a lock, from within the project's own transactions: no version ever writes it.
_NOTED_BESIDE = frozenset({"push"})


def _columns(table: type[Model]) -> set[str]:
    return {field.attname for field in table._meta.concrete_fields}


# The snapshot's fields that are columns of its table: all but hints such as `for_team`.
PROVIDER_COLUMNS: Mapping[type[ObjectSnapshot], tuple[str, ...]] = {
    kind: tuple(item.name for item in fields(kind) if item.name in _columns(table))
    for kind, table in TABLES.items()
}
KEPT_COLUMNS: Mapping[type[ObjectSnapshot], tuple[str, ...]] = {
    kind: tuple(sorted((_OURS & _columns(table)) - set(PROVIDER_COLUMNS[kind])))
    for kind, table in TABLES.items()
}


def new_row(
    provider: str, snapshot: ObjectSnapshot, *, as_of: datetime | None, synced_at: datetime
) -> MirroredModel:
    """An unsaved row holding the snapshot."""
    kind = type(snapshot)
    values: dict[str, Any] = {name: getattr(snapshot, name) for name in PROVIDER_COLUMNS[kind]}
    return TABLES[kind](provider=provider, as_of=as_of, synced_at=synced_at, **values)


def in_writing_order(
    whole: Rows, copies: Rows
) -> Iterator[tuple[type[MirroredModel], list[MirroredModel], bool]]:
    """The rows table by table and key by key, in runs; True where they are but copies.

    Not all whole rows of a table and then all copies: writers of both would wait for each other.
    """
    for table in TABLES.values():
        written = whole.get(table, {})
        rows = sorted({**copies.get(table, {}), **written}.items())
        for is_copy, run in groupby(rows, key=lambda item: item[0] not in written):
            yield table, [row for _, row in run], is_copy


def write_rows(table: type[Model], rows: Iterable[Model], *, keep_existing: bool = False) -> None:
    """Insert the rows, and replace those that exist (or leave them, where `keep_existing`).

    In order of key; one statement for as many rows as the database takes at once.
    """
    ordered: Sequence[Model] = sorted(rows, key=lambda row: str(row.pk))
    if not ordered:
        return
    if keep_existing:
        on_primary(table).bulk_create(ordered, ignore_conflicts=True)
        return
    kept = {table._meta.pk.name, *_NOTED_BESIDE}
    columns = [field.name for field in table._meta.concrete_fields if field.name not in kept]
    on_primary(table).bulk_create(
        ordered,
        update_conflicts=True,
        update_fields=columns,
        unique_fields=conflict_target(table),
    )
