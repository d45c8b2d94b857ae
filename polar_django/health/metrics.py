"""The figures as metrics: names, labels, numbers. `prometheus` writes them down."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from polar_django.health.figures import Health, Queue

__all__ = ["Metric", "metrics_of", "metrics_without_database"]

# Each pair of error and event type is a time series of its own in the monitor's database.
_MOST_CAUSES = 50


@dataclass(slots=True)
class Metric:
    """A gauge. `samples` pair labels with a number."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        self.samples.append((labels, float(value)))


def metrics_of(health: Health) -> Iterator[Metric]:
    """All of them, those without a sample too. No queries."""
    yield from _verdict(health.is_well, {each.code for each in health.faults})
    yield from _queues(health)
    yield from _failures(health)
    yield from _times(health)
    yield from _walks(health)
    yield from _providers(health)


def metrics_without_database() -> Iterator[Metric]:
    """What can be said where nothing could be measured."""
    return _verdict(False, {"database-unreachable"})


def _verdict(is_well: bool, faults: Iterable[str]) -> Iterator[Metric]:
    well = Metric("polar_healthy", "1 where nothing grave is wrong.")
    well.add(is_well)
    fault = Metric("polar_fault", "1 for each fault there is now; docs/operations.md lists them.")
    for code in sorted(faults):
        fault.add(1, code=code)
    yield from (well, fault)


def _queues(health: Health) -> Iterator[Metric]:
    due = Metric("polar_queue_due", "Rows that wait for a worker.")
    age = Metric("polar_queue_oldest_due_seconds", "How long the oldest of them has waited.")
    put_off = Metric("polar_queue_put_off", "Rows that failed and are tried again later.")
    dead = Metric("polar_queue_dead", "Rows that were given up.")
    queues: dict[str, Queue] = {
        "inbox": health.inbox,
        "outbox": health.outbox,
        "usage": health.usage,
    }
    for name, queue in queues.items():
        oldest = queue.oldest_due_at
        due.add(queue.due, queue=name)
        age.add((health.measured_at - oldest).total_seconds() if oldest else 0, queue=name)
        put_off.add(queue.put_off, queue=name)
        dead.add(queue.dead, queue=name)
    yield from (due, age, put_off, dead)


def _failures(health: Health) -> Iterator[Metric]:
    failures = Metric(
        "polar_inbox_failures", "Deliveries that are dead or put off, by error and event type."
    )
    counted: dict[tuple[str, str], int] = {}
    for cause in health.causes.found[:_MOST_CAUSES]:
        for event_type, number in cause.event_types.items():
            key = cause.error_type, event_type
            counted[key] = counted.get(key, 0) + number
    for (error_type, event_type), number in counted.items():
        failures.add(number, error_type=error_type, event_type=event_type)
    yield failures


def _times(health: Health) -> Iterator[Metric]:
    received = Metric(
        "polar_inbox_received_last_hour", "Deliveries received in the last full hour."
    )
    received.add(health.hours[-2].received)
    latest = Metric("polar_inbox_last_received_timestamp_seconds", "When the latest delivery came.")
    sweeper = Metric("polar_sweeper_last_run_timestamp_seconds", "When sweep_inbox last ran.")
    if health.received_at:
        latest.add(health.received_at.timestamp())
    if health.sweeper_ran_at:
        sweeper.add(health.sweeper_ran_at.timestamp())
    yield from (received, latest, sweeper)


def _walks(health: Health) -> Iterator[Metric]:
    finished = Metric(
        "polar_walk_finished_timestamp_seconds",
        "When the mirror was last copied or compared; absent while it is being.",
    )
    drift = Metric(
        "polar_walk_objects", "What the last walk found, by kind: seen, missing, outdated, gone."
    )
    for walk in health.walks:
        labels = {"provider": walk.provider, "purpose": walk.purpose}
        if walk.finished_at:
            finished.add(walk.finished_at.timestamp(), **labels)
        for kind, counts in walk.report.items():
            for name, number in counts.items():
                drift.add(number, **labels, kind=kind, found=name)
    yield from (finished, drift)


def _providers(health: Health) -> Iterator[Metric]:
    reachable = Metric("polar_provider_reachable", "1 where the provider answered when last asked.")
    endpoint = Metric(
        "polar_endpoint_right", "1 where its endpoint leads here, enabled, with all events."
    )
    asked = Metric("polar_provider_asked_timestamp_seconds", "When it was last asked.")
    for answer in health.providers:
        reachable.add(answer.is_reachable and not answer.is_refused, provider=answer.provider)
        asked.add(answer.asked_at.timestamp(), provider=answer.provider)
        if answer.endpoint_is_known:
            endpoint.add(not answer.endpoint_faults, provider=answer.provider)
    yield from (reachable, endpoint, asked)
