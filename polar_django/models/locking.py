"""Taking turns on rows, and all that databases differ in there.

PostgreSQL locks rows, and skips those that somebody else has. MySQL and MariaDB do too, but lock
all they have to sort. SQLite locks the whole file at the first write, and refuses to make a write
of what began with a read: so every transaction of ours begins by taking a lock, which is a write.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connections
from django.db.models import Model, QuerySet
from django.utils import timezone

from polar_django.models.databases import conflict_target, on_primary
from polar_django.models.transitions import WriteLock

__all__ = ["hold", "take", "take_free"]

Row = TypeVar("Row", bound=Model)


def take(names: Iterable[str]) -> None:
    """Wait for, and hold, every named lock to the end of the transaction. One statement, or none.

    Inside a transaction, as its first statement: all locks at once, in order of name, so that two
    writers cannot wait for each other.
    """
    now = timezone.now()
    wanted = [WriteLock(name=name, taken_at=now) for name in sorted(set(names))]
    if wanted:
        on_primary(WriteLock).bulk_create(
            wanted,
            update_conflicts=True,
            update_fields=["taken_at"],
            unique_fields=conflict_target(WriteLock),
        )


def hold(rows: QuerySet[Any]) -> None:
    """Wait for, and hold, these rows; inside a transaction that has taken its locks. One query."""
    list(rows.select_for_update().order_by().values_list("pk", flat=True))


def take_free(due: QuerySet[Row], states: Sequence[str], limit: int, *, lock: str) -> list[Row]:
    """The oldest rows of a queue in one of these states that nobody else has, now held.

    Inside a transaction, as its first statement. One query; SQLite: two; MySQL and MariaDB: one for
    each state. `lock` is the queue's name, for databases that cannot lock a row.
    """
    oldest = due.order_by("due_at", "pk")
    features = connections[due.db].features
    if not features.has_select_for_update_skip_locked:
        take([lock])
        return list(oldest.filter(state__in=states)[:limit])
    free = oldest.select_for_update(skip_locked=True)
    if features.supports_partial_indexes:
        return list(free.filter(state__in=states)[:limit])
    # One state after the other, because each stands in its index in this order. To sort what it
    # has found in several states, MariaDB locks all of it, and other workers would find nothing.
    found = [row for state in states for row in free.filter(state=state)[:limit]]
    return sorted(found, key=attrgetter("due_at", "pk"))[:limit]
