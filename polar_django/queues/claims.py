"""Taking due rows of a queue table, so that no two workers hold the same one.

A row is due when `due_at` has come. Claiming moves `due_at` to the end of a lease, so that the rows
of a worker that was killed become due again by themselves. The end of the lease also tells claims
apart: what a late worker writes under a lease that is over changes nothing.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from polar_django.mirror import locks
from polar_django.queues.retries import LEASE

Row = TypeVar("Row", bound=Model)


def claim_due(
    due: QuerySet[Row],
    limit: int,
    *,
    waiting: Sequence[str],
    lock: str,
    was_interrupted: Callable[[Row], bool],
    **changes: Any,
) -> list[Row]:
    """Up to `limit` of the rows in a state of `waiting` that are due, now ours, the oldest first.

    Two statements; SQLite: three; MySQL and MariaDB: one, and one for each state.

    A row whose worker was killed is claimed alone: if it is the one that kills, it takes no others
    with it. `changes` are columns to set beside `attempts` and `due_at`.
    """
    due = due.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    with transaction.atomic(using=due.db):
        if connections[due.db].features.has_select_for_update_skip_locked:
            rows = _locked(due, waiting, limit)
        else:
            # The transaction has to begin with a write: SQLite refuses to make one of a read.
            locks.take([lock])
            rows = list(due.filter(state__in=waiting)[:limit])
        if interrupted := [row for row in rows if was_interrupted(row)]:
            rows = interrupted[:1]
        if rows:
            changes["due_at"] = timezone.now() + LEASE
            due.model._default_manager.using(due.db).filter(pk__in=[row.pk for row in rows]).update(
                attempts=F("attempts") + 1, **changes
            )
    for row in rows:
        row.attempts += 1  # type: ignore[attr-defined]  # both queue tables have it
        for name, value in changes.items():
            setattr(row, name, value)
    return rows


def _locked(due: QuerySet[Row], waiting: Sequence[str], limit: int) -> list[Row]:
    """The oldest rows that nobody else has locked."""
    free = due.select_for_update(skip_locked=True)
    if connections[due.db].features.supports_partial_indexes:
        return list(free.filter(state__in=waiting)[:limit])
    # One state after the other, because each stands in its index in this order. To sort what it
    # has found in several states, MariaDB locks all of it, and other workers would find nothing.
    found = [row for state in waiting for row in free.filter(state=state)[:limit]]
    return sorted(found, key=attrgetter("due_at", "pk"))[:limit]
