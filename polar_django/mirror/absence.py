"""Which rows a list leaves out, found page by page in constant memory.

A list in the order of its creation is laid beside the table in the same order: what stands in the
table between the ends of a page, and not on it, is missing at the provider, or was skipped because
the pages moved meanwhile. So it is a candidate, to be asked for by itself, and never a proof.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db.models import Q, QuerySet

from polar_django.mirror.answers import DATE_HEADER_ROUNDS_DOWN_BY
from polar_django.mirror.differences import live
from polar_django.models import Subscription
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary
from polar_django.snapshots import ObjectSnapshot

_CHUNK = 200
_UNORDERED = "unordered"


@dataclass(slots=True)
class Absence:
    """The comparison of one list with its table.

    `boundary` is the place of the last item so far, `carry` the ids that stand on it or have no
    place: both are all it takes to go on later.
    """

    table: type[MirroredModel]
    provider: str
    boundary: datetime | None = None
    carry: list[str] = field(default_factory=list)
    is_in_order: bool = True
    _last_answer: datetime | None = None

    @classmethod
    def resumed(
        cls, table: type[MirroredModel], provider: str, place: str, carry: Sequence[str]
    ) -> Self:
        """One that goes on where another with that `place` and `carry` has come to."""
        is_in_order = place != _UNORDERED
        boundary = datetime.fromisoformat(place) if place and is_in_order else None
        return cls(table, provider, boundary, list(carry), is_in_order)

    @property
    def place(self) -> str:
        """Where the comparison stands, as text."""
        if not self.is_in_order:
            return _UNORDERED
        return self.boundary.isoformat() if self.boundary else ""

    @property
    def column(self) -> str:
        # Polar cannot sort subscriptions by their creation.
        return "started_at" if self.table is Subscription else "created_at"

    def after(
        self, listed: Sequence[ObjectSnapshot], answered_at: datetime
    ) -> Iterator[list[MirroredModel]]:
        """Candidates up to the end of this page, in chunks. One query a chunk."""
        self._last_answer = answered_at
        places = [(getattr(item, self.column), item.id) for item in listed]
        known = [place for place, _ in places if place is not None]
        without = [key for place, key in places if place is None]
        floor = [self.boundary] if self.boundary else []
        if known != sorted(known) or any(place < bound for place in known[:1] for bound in floor):
            self.is_in_order = False
        if not self.is_in_order or live(self.table) is None:
            return
        if not known:
            self.carry.extend(without)
            return
        ceiling = known[-1]
        between = Q(**{f"{self.column}__lt": ceiling})
        if self.boundary is not None:
            between &= Q(**{f"{self.column}__gte": self.boundary})
        seen = {key for _, key in places} | set(self.carry)
        yield from self._chunks(between, seen, self.column)
        on_it = [key for place, key in places if place == ceiling]
        same = self.boundary == ceiling
        self.carry = [*(self.carry if same else ()), *on_it, *without]
        self.boundary = ceiling

    def at_end(self) -> Iterator[list[MirroredModel]]:
        """Candidates after the last page: newer than all that is listed, or without a place."""
        if not self.is_in_order:
            return
        # What was heard of since the last answer could not be listed. That answer was given within
        # the second that its header names: better to ask once too often.
        earlier = Q()
        if self._last_answer is not None:
            answered_by = self._last_answer + DATE_HEADER_ROUNDS_DOWN_BY
            earlier = Q(as_of__isnull=True) | Q(as_of__lt=answered_by)
        seen = set(self.carry)
        if self.boundary is None:
            yield from self._chunks(earlier, seen, "pk")
            return
        yield from self._chunks(earlier & Q(**{f"{self.column}__isnull": True}), seen, "pk")
        beyond = Q(**{f"{self.column}__gte": self.boundary})
        yield from self._chunks(earlier & beyond, seen, self.column)

    def _chunks(self, condition: Q, seen: set[str], order: str) -> Iterator[list[MirroredModel]]:
        standing = live(self.table)
        if standing is None:
            return
        rows: QuerySet[MirroredModel] = (
            on_primary(self.table)
            .filter(standing, condition, provider=self.provider)
            .defer("raw")
            .order_by(order, "pk")
        )
        after = Q()
        while chunk := list(rows.filter(after)[:_CHUNK]):
            place, key = getattr(chunk[-1], order), chunk[-1].pk
            after = Q(**{f"{order}__gt": place}) | Q(**{order: place}, pk__gt=key)
            if absent := [row for row in chunk if row.pk not in seen]:
                yield absent
