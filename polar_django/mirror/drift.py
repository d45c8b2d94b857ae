"""What differs between a page of the provider's and the mirror."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from polar_django import models
from polar_django.mirror.differences import is_outdated
from polar_django.mirror.erasing import as_forgotten, erased_among
from polar_django.mirror.lists import TABLE_OF
from polar_django.mirror.tables import TABLES
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary
from polar_django.providers.base import Page
from polar_django.snapshots import ObjectSnapshot, Observation, PriceSnapshot

__all__ = ["Drift", "differing", "of_kind"]


@dataclass(slots=True)
class Drift:
    """What differed: ids the mirror lacked, ids whose content was older, ids that are no more.

    `seen` counts what the provider listed, `written` what was written to repair it.
    """

    kind: str
    seen: int = 0
    missing: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    written: int = 0

    def add(self, other: "Drift") -> None:
        self.seen += other.seen
        self.missing += other.missing
        self.outdated += other.outdated
        self.gone += other.gone
        self.written += other.written

    @property
    def counts(self) -> dict[str, int]:
        return {
            "seen": self.seen,
            "missing": len(self.missing),
            "outdated": len(self.outdated),
            "gone": len(self.gone),
            "written": self.written,
        }


def differing(page: Page, drift: Drift) -> list[Observation]:
    """The objects of a page that the mirror lacks or has otherwise, noted in `drift`.

    A product and its prices differ together. What was forgotten here, because a person was to be,
    differs from nothing: the provider goes on listing their purchases. One query for each table,
    and one more where something differs.
    """
    stored: dict[str, MirroredModel] = {}
    for kind in {type(item.snapshot) for item in page.observations}:
        ids = [item.snapshot.id for item in page.observations if type(item.snapshot) is kind]
        stored.update(on_primary(TABLES[kind]).defer("raw").in_bulk(ids))
    outdated = _outdated([item.snapshot for item in page.observations], stored)
    wanted: set[str] = set(_with_unlisted_prices(page))
    drift.outdated.extend(sorted(wanted))
    for item in page.observations:
        snapshot = item.snapshot
        if snapshot.id not in stored:
            drift.missing.append(snapshot.id)
        elif snapshot.id in outdated:
            if snapshot.id not in wanted:
                drift.outdated.append(snapshot.id)
        else:
            continue
        wanted.add(snapshot.id)
        if isinstance(snapshot, PriceSnapshot) and snapshot.product_id:
            wanted.add(snapshot.product_id)
    return [item for item in page.observations if {item.snapshot.id, _product_of(item)} & wanted]


def of_kind(page: Page, kind: str) -> list[ObjectSnapshot]:
    """The objects on the page that are of the kind itself, in the list's order."""
    table = TABLE_OF[kind]
    snapshots = (item.snapshot for item in page.observations)
    return [snapshot for snapshot in snapshots if TABLES[type(snapshot)] is table]


def _outdated(snapshots: Iterable[ObjectSnapshot], stored: Mapping[str, MirroredModel]) -> set[str]:
    """The ids of those that are stored and say something else there."""
    differ = [
        (snapshot, row)
        for snapshot in snapshots
        if (row := stored.get(snapshot.id)) and is_outdated(snapshot, row)
    ]
    erased = erased_among(snapshot for snapshot, _ in differ)
    return {
        row.pk
        for snapshot, row in differ
        if getattr(snapshot, "customer_id", None) not in erased
        or is_outdated(as_forgotten(snapshot), row)
    }


def _product_of(item: Observation) -> str:
    snapshot = item.snapshot
    if isinstance(snapshot, PriceSnapshot):
        return snapshot.product_id or snapshot.id
    return snapshot.id


def _with_unlisted_prices(page: Page) -> Iterable[str]:
    """The products that list fewer prices, on this page, than the mirror. One query, or none."""
    listed = [
        item.snapshot for item in page.observations if isinstance(item.snapshot, PriceSnapshot)
    ]
    if not listed:
        return []
    return (
        on_primary(models.Price)
        .filter(
            product__in={price.product_id for price in listed},
            source="catalog",
            is_archived=False,
        )
        .exclude(pk__in=[price.id for price in listed])
        .values_list("product_id", flat=True)
        .distinct()
    )
