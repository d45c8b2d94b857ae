"""The first full copy of what the provider has, page by page; and how far the mirror is from it.

Nobody is told of what a copy finds: it must not mail every customer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from polar_django.exceptions import NotSupported
from polar_django.mirror.answers import apply_answer
from polar_django.mirror.tables import TABLES
from polar_django.providers.base import Page, Provider

__all__ = ["KINDS", "Difference", "Progress", "backfill", "compare"]

# Parents before their children, so that few rows wait for what they point to.
KINDS = (
    "meters",
    "benefits",
    "products",
    "discounts",
    "customers",
    "checkouts",
    "subscriptions",
    "orders",
    "refunds",
    "benefit_grants",
    "customer_meters",
)


@dataclass(frozen=True, slots=True)
class Progress:
    """One page more: `seen` objects of `kind` so far, `written` of them newer than the mirror's."""

    kind: str
    seen: int
    written: int


@dataclass(slots=True)
class Difference:
    """One kind compared: ids the mirror lacks, and ids whose copy here is older."""

    kind: str
    seen: int = 0
    missing: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)


def backfill(provider: Provider, kinds: Sequence[str] = KINDS) -> Iterator[Progress]:
    """Copy every object of these kinds, and say after each page how far it is.

    One call and about four statements a page, each page in a transaction of its own: stopped half
    way, it can simply be run again. Kinds that the provider does not have are left out. Raises
    ProviderError.
    """
    for kind in kinds:
        seen = written = 0
        for page in _pages(provider, kind):
            ids = {item.snapshot.id for item in page.observations}
            applied = apply_answer(page, source=None)
            seen += len(ids)
            written += sum(1 for _, key in applied.changed if key in ids)
            yield Progress(kind, seen, written)


def compare(provider: Provider, kinds: Sequence[str] = KINDS) -> Iterator[Difference]:
    """What a backfill would write, without writing. One call and one query a page.

    An object counts as outdated where the provider's `modified_at` is later than ours, or ours is
    only a copy embedded in another object.
    """
    for kind in kinds:
        result = Difference(kind)
        for page in _pages(provider, kind):
            _compare_page(page, result)
        yield result


def _pages(provider: Provider, kind: str) -> Iterator[Page]:
    try:
        yield from provider.list_objects(kind)
    except NotSupported:
        return


def _compare_page(page: Page, result: Difference) -> None:
    snapshots = [item.snapshot for item in page.observations]
    stored = {}
    for snapshot_class in {type(item) for item in snapshots}:
        ids = [item.id for item in snapshots if type(item) is snapshot_class]
        rows = TABLES[snapshot_class]._default_manager.filter(pk__in=ids)
        stored.update({row.pk: row for row in rows.only("pk", "as_of", "modified_at")})
    for item in snapshots:
        result.seen += 1
        row = stored.get(item.id)
        if row is None:
            result.missing.append(item.id)
        elif row.as_of is None or (
            item.modified_at and row.modified_at and item.modified_at > row.modified_at
        ):
            result.outdated.append(item.id)
