"""What is measured, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "Cause",
    "Causes",
    "FailedNews",
    "Fault",
    "Health",
    "Hour",
    "Queue",
    "ReachedProvider",
    "WalkFigures",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A table that is worked off. `due` rows wait for a worker, the oldest since `oldest_due_at`;
    `put_off` failed and are tried again later; `dead` gave up."""

    due: int
    oldest_due_at: datetime | None
    put_off: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Deliveries that failed for the same reason. `error` is the latest one's, `key` names the
    cause in an address. `event_types` counts them by type; `pks` are theirs, oldest first."""

    key: str
    error_type: str
    error: str
    dead: int
    put_off: int
    first_at: datetime
    last_at: datetime
    event_types: Mapping[str, int]
    pks: tuple[int, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """The error's class, without the path to it."""
        return self.error_type.rpartition(".")[2] or "Unknown"

    @property
    def count(self) -> int:
        return self.dead + self.put_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """The causes, most deliveries first. Not `is_complete` where there are more failures than were
    read: the latest were."""

    found: tuple[Cause, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedNews:
    """Signals of one name, or `@on` handlers of one event type, that were given up. `error` is the
    latest one's."""

    name: str
    count: int
    error: str
    latest_pk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The deliveries received in one hour, by what has become of them."""

    starts_at: datetime
    done: int = 0
    waiting: int = 0
    dead: int = 0

    @property
    def received(self) -> int:
        return self.done + self.waiting + self.dead


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkFigures:
    """The first copy or the last comparison of a provider: when, and what it found, by kind.

    `finished_at` is None while it runs, or waits to go on. `report` counts by kind `seen`,
    `missing`, `outdated`, `gone` and `written`.
    """

    provider: str
    purpose: str
    started_at: datetime
    finished_at: datetime | None
    report: Mapping[str, Mapping[str, int]]

    @property
    def drift(self) -> int:
        """How many objects differed from the provider's: missing, outdated or no more."""
        return sum(
            counts.get(name, 0)
            for counts in self.report.values()
            for name in ("missing", "outdated", "gone")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedProvider:
    """What the provider answered at `asked_at`. `error` is empty where it answered as it should;
    a token that is not known is a reason why nothing works, so `is_refused`.

    `endpoints` are the addresses of ours that it delivers to; `endpoint_faults` what is wrong with
    them, in words. `endpoint_is_known` is false where the provider or the token cannot tell.
    """

    provider: str
    asked_at: datetime
    is_reachable: bool
    is_refused: bool = False
    error: str = ""
    endpoint_is_known: bool = False
    endpoints: tuple[str, ...] = ()
    endpoint_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it should be: what, and what to do. `code` is stable.

    An `is_grave` one means that what is bought or ended does not reach the mirror.
    """

    code: str
    what: str
    fix: str
    is_grave: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The whole measurement. `hours` are the last 48, oldest first; `providers` is empty where
    nobody asked them. `sweeper_ran_at` is None where it never did."""

    measured_at: datetime
    inbox: Queue
    outbox: Queue
    usage: Queue
    causes: Causes
    news: tuple[FailedNews, ...]
    hours: tuple[Hour, ...]
    received_at: datetime | None
    sweeper_ran_at: datetime | None
    walks: tuple[WalkFigures, ...]
    providers: tuple[ReachedProvider, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing grave is wrong."""
        return not any(fault.is_grave for fault in self.faults)
