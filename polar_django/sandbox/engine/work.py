"""One business transaction: a change, the jobs that follow from it, and the events of both.

Polar answers a request first and lets workers finish the rest. Here the rest runs at once and in a
fixed order, in the same database transaction: nothing is half done, and every run is the same.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import transaction

from polar_django.sandbox import clock
from polar_django.sandbox.chaos import Trouble
from polar_django.sandbox.models import Organization, WebhookEndpoint, WebhookEvent

__all__ = ["Job", "Work", "business_transaction", "current_work", "work_at_hand"]

Job = Callable[[], None]


@dataclass(slots=True)
class Work:
    """What one transaction has still to do."""

    jobs: deque[Job] = field(default_factory=deque)
    last_jobs: dict[Hashable, Job] = field(default_factory=dict)
    # Read once per transaction, by `emit`.
    endpoints: list[WebhookEndpoint] | None = None
    # What is broken on purpose; read once too.
    trouble: Trouble | None = None
    # Read once, by `organization`, which also puts what it changes here.
    organization: Organization | None = None
    # Made by `emit` in order, and stored together at the end.
    events: list[WebhookEvent] = field(default_factory=list)

    def later(self, job: Job) -> None:
        """Run `job` after the change itself, and after the jobs that wait already."""
        self.jobs.append(job)

    def at_the_end(self, key: Hashable, job: Job) -> None:
        """Run `job` when nothing else is left; a second one of the same `key` replaces it."""
        self.last_jobs.pop(key, None)
        self.last_jobs[key] = job

    def run(self) -> None:
        while self.jobs or self.last_jobs:
            if self.jobs:
                self.jobs.popleft()()
            else:
                self.last_jobs.pop(next(iter(self.last_jobs)))()


_current: ContextVar[Work | None] = ContextVar("polar_sandbox_work", default=None)


@contextmanager
def business_transaction() -> Iterator[Work]:
    """Everything inside, and all jobs it leaves, happen together or not at all.

    Inside another business transaction it joins that one. Costs three queries for the clock.
    """
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    work = Work()
    token = _current.set(work)
    try:
        with transaction.atomic(), clock.running():
            yield work
            work.run()
            WebhookEvent.objects.bulk_create(work.events, batch_size=50)
    finally:
        _current.reset(token)


def work_at_hand() -> Work | None:
    """The transaction we are in, None outside of one."""
    return _current.get()


def current_work() -> Work:
    """The transaction we are in. RuntimeError outside of one."""
    work = _current.get()
    if work is None:
        raise RuntimeError("The sandbox's engine works inside business_transaction() only.")
    return work
