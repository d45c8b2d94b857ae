"""Virtual time: real time plus an offset that can be moved forward.

The clock ticks on from where it was moved. Every write gets a time of its own, at least one
microsecond after the one before, so that a receiver can order what it gets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from polar_django.sandbox.models import ClockState

__all__ = ["jump", "move", "now", "reading", "running", "tick"]

MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class _Running:
    """The clock as one transaction holds it."""

    offset: timedelta
    latest: datetime | None

    def read(self) -> datetime:
        time = timezone.now() + self.offset
        return time if self.latest is None else max(time, self.latest)


def reading(offset_microseconds: int, latest: datetime | None) -> datetime:
    """Virtual time at this moment by a row of ClockState that was read already. No query."""
    return _Running(timedelta(microseconds=offset_microseconds), latest).read()


_running: ContextVar[_Running | None] = ContextVar("polar_sandbox_clock", default=None)


@contextmanager
def running() -> Iterator[None]:
    """Hold the clock for one write transaction; three queries, the first of them a write.

    That first write is the sandbox's lock: transactions take turns. Use inside `atomic()`.
    """
    if not ClockState.objects.filter(pk=1).update(writes=F("writes") + 1):
        ClockState.objects.bulk_create([ClockState()], ignore_conflicts=True)
        ClockState.objects.filter(pk=1).update(writes=F("writes") + 1)
    mine = _read() or _Running(timedelta(), None)
    token = _running.set(mine)
    try:
        yield
        ClockState.objects.filter(pk=1).update(
            latest=mine.latest, offset_microseconds=mine.offset // MICROSECOND
        )
    finally:
        _running.reset(token)


def tick() -> datetime:
    """A new time, later than all before. Only inside `running()`; no query."""
    mine = _held()
    time = timezone.now() + mine.offset
    if mine.latest is not None and time <= mine.latest:
        time = mine.latest + MICROSECOND
    mine.latest = time
    return time


def _held() -> _Running:
    mine = _running.get()
    if mine is None:
        raise RuntimeError("The sandbox's clock ticks inside a business transaction only.")
    return mine


def now() -> datetime:
    """Virtual time, without moving it. One query, none inside `running()`."""
    mine = _running.get()
    if mine is not None:
        return mine.read()
    state = _read()
    return timezone.now() if state is None else state.read()


def _read() -> _Running | None:
    rows = ClockState.objects.filter(pk=1).values_list("offset_microseconds", "latest")
    for offset, latest in rows:
        return _Running(timedelta(microseconds=offset), latest)
    return None


def jump(to: datetime) -> None:
    """Set virtual time to `to` (aware); nothing where it is later already. Three queries.

    Runs nothing that falls due on the way: `engine.schedule.move_to` does.
    """
    with transaction.atomic(), running():
        move(to)


def move(to: datetime) -> None:
    """The same for the transaction that holds the clock. Only inside `running()`; no query."""
    mine = _held()
    if to > mine.read():
        mine.latest = to
        mine.offset = to - timezone.now()
