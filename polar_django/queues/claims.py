"""Taking due rows of a queue table, so that no two workers hold the same one.

A row is due when `due_at` has come. Claiming moves `due_at` to the end of a lease, so that the rows
of a worker that was killed become due again by themselves. The end of the lease also tells claims
apart: what a late worker writes under a lease that is over changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.utils import timezone

from polar_django.models import locking
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
    due = due.filter(due_at__lte=timezone.now())
    with transaction.atomic(using=due.db):
        rows = locking.take_free(due, waiting, limit, lock=lock)
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
