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

__all__ = ["jump", "now", "running", "tick"]

MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class _Running:
    """The clock as one transaction holds it."""

    offset: timedelta
    latest: datetime | None

    def read(self) -> datetime:
        time = timezone.now() + self.offset
        return time if self.latest is None else max(time, self.latest)


_running: ContextVar[_Running | None] = ContextVar("polar_sandbox_clock", default=None)


@contextmanager
def running() -> Iterator[None]:
    """Hold the clock for one write transaction; three queries, the first of them a write.

    That first write is the sandbox's lock: transactions take turns. Use inside `atomic()`.
    """
    if not ClockState.objects.filter(pk=1).update(writes=F("writes") + 1):
        ClockState.objects.bulk_create([ClockState()], ignore_conflicts=True)
        ClockState.objects.filter(pk=1).update(writes=F("writes") + 1)
    state = ClockState.objects.get(pk=1)
    mine = _Running(timedelta(microseconds=state.offset_microseconds), state.latest)
    token = _running.set(mine)
    try:
        yield
        ClockState.objects.filter(pk=1).update(latest=mine.latest)
    finally:
        _running.reset(token)


def tick() -> datetime:
    """A new time, later than all before. Only inside `running()`; no query."""
    mine = _running.get()
    if mine is None:
        raise RuntimeError("The sandbox's clock ticks inside a business transaction only.")
    time = timezone.now() + mine.offset
    if mine.latest is not None and time <= mine.latest:
        time = mine.latest + MICROSECOND
    mine.latest = time
    return time


def now() -> datetime:
    """Virtual time, without moving it. One query, none inside `running()`."""
    mine = _running.get()
    if mine is not None:
        return mine.read()
    state = ClockState.objects.filter(pk=1).first()
    if state is None:
        return timezone.now()
    return _Running(timedelta(microseconds=state.offset_microseconds), state.latest).read()


def jump(to: datetime) -> None:
    """Set virtual time to `to` (aware); nothing where it is later already. Five queries.

    Runs nothing that falls due on the way: `engine.schedule.move_to` does.
    """
    with transaction.atomic(), running():
        mine = _running.get()
        if mine is None or to <= mine.read():
            return
        mine.latest = to
        offset = to - timezone.now()
        ClockState.objects.filter(pk=1).update(offset_microseconds=offset // MICROSECOND)
