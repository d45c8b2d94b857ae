"""How far a walk has come, kept so that the next process goes on there. The writer of `Walk`."""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import Q
from django.utils import timezone

from polar_django.models import Customer, Walk
from polar_django.models.databases import on_primary, primary

__all__ = ["alone", "begin", "count", "finish", "release", "renew", "save"]

logger = logging.getLogger(__name__)

# Longer than the longest wait between two calls; a killed worker's walk is free after it.
LEASE = timedelta(minutes=10)
# Seconds: a database that is restarted is back by then.
_WAITS = (1.0, 4.0, 10.0)


def begin(provider: str, purpose: str, *, restart: bool = False) -> Walk | None:
    """The unfinished walk of that purpose, or a new one, now ours; None where another has it.

    A first walk over an empty mirror is quiet, and so is one that meets a first copy which was
    stopped half way: neither must mail every customer. Up to five statements.
    """
    now = timezone.now()
    with transaction.atomic(using=primary()):
        fresh = Walk(provider=provider, purpose=purpose, started_at=now, finished_at=now)
        fresh.is_quiet = True
        on_primary(Walk).bulk_create([fresh], ignore_conflicts=True)
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
        mine = on_primary(Walk).filter(provider=provider, purpose=purpose)
        if not mine.filter(free).update(leased_until=now + LEASE):
            return None
        walk: Walk = mine.get()
        was_made = walk.started_at == now
        if restart or walk.finished_at is not None:
            walk.kind, walk.page, walk.boundary, walk.carry = "", 1, "", []
            walk.report, walk.started_at, walk.finished_at = {}, now, None
            walk.is_quiet = _is_first(provider, is_new=was_made)
            walk.save(using=primary())
    return walk


def alone(provider: str) -> Walk:
    """A walk over some kinds only, which is kept nowhere: nobody could go on with it. One query."""
    return Walk(provider=provider, is_quiet=_is_first(provider, is_new=False))


def _is_first(provider: str, *, is_new: bool) -> bool:
    """Whether what is found now is a first copy's. `is_new`: such a walk was never made before."""
    if not on_primary(Customer).filter(provider=provider).exists():
        return True
    stopped = on_primary(Walk).filter(
        provider=provider, purpose=Walk.Purpose.BACKFILL, finished_at=None
    )
    return is_new and stopped.exists()


def save(
    walk: Walk,
    step: str,
    page: int = 1,
    boundary: str = "",
    carry: Sequence[str] = (),
) -> None:
    """Note that the walk goes on there. One statement."""
    walk.kind, walk.page, walk.boundary, walk.carry = step, page, boundary, list(carry)
    renew(walk)


def renew(walk: Walk) -> None:
    """Keep it ours for as long again, where it stands. One statement."""
    walk.leased_until = timezone.now() + LEASE
    _keep(walk)


def count(walk: Walk, kind: str, counts: Mapping[str, int]) -> None:
    """Add to what was found of a kind; kept with the next `save`."""
    known = walk.report.setdefault(kind, {})
    for name, number in counts.items():
        known[name] = known.get(name, 0) + number


def release(walk: Walk) -> None:
    """Let another go on with it. One statement, and never an error.

    Tried again for some seconds where the database is away: it may be what ended the walk, and
    nobody could go on before the lease is over.
    """
    walk.leased_until = None
    for seconds in (*_WAITS, None):
        try:
            on_primary(Walk).filter(pk=walk.pk).update(leased_until=None)
        except (InterfaceError, OperationalError) as error:
            if seconds is None:
                logger.warning("A walk stays leased for %s: %s.", LEASE, type(error).__name__)
                return
            connections[primary()].close()
            time.sleep(seconds)
        else:
            return


def finish(walk: Walk) -> None:
    """Note that the whole of it is done. One statement."""
    walk.leased_until, walk.finished_at = None, timezone.now()
    _keep(walk)


def _keep(walk: Walk) -> None:
    """One that `begin` did not give is nobody's to go on with."""
    if walk.pk is not None:
        walk.save(using=primary())
