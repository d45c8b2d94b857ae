"""The table of examinations, in the order in which an operator should mend what they find."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from polar_django.doctor import (
    configuration,
    database,
    deliveries,
    endpoint,
    queues,
    selling,
    token,
    workers,
)
from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding

__all__ = ["EXAMINATIONS", "Examination"]


@dataclass(frozen=True, slots=True)
class Examination:
    """`look` yields what it finds, or raises NotApplicable. Where one of `needs` found an error,
    it is not tried."""

    name: str
    look: Callable[[Case], Iterable[Finding]]
    needs: tuple[str, ...] = ()


EXAMINATIONS: Sequence[Examination] = (
    Examination("settings", configuration.look_at_settings),
    Examination("database", database.look_at_database, ("settings",)),
    Examination("token", token.look_at_token, ("settings",)),
    Examination("clock", token.look_at_clock, ("token",)),
    Examination("scopes", token.look_at_scopes, ("token",)),
    Examination("endpoint", endpoint.look_at_endpoint, ("token",)),
    Examination("secret", endpoint.look_at_secret, ("token",)),
    Examination("view", deliveries.look_at_view, ("database",)),
    Examination("address", deliveries.look_at_address, ("database",)),
    Examination("attempts", endpoint.look_at_attempts, ("token",)),
    Examination("broker", workers.look_at_broker, ("settings",)),
    Examination("worker", workers.look_at_workers, ("broker",)),
    Examination("beat", workers.look_at_beat, ("database",)),
    Examination("inbox", queues.look_at_inbox, ("database",)),
    Examination("outbox", queues.look_at_outbox, ("database",)),
    Examination("usage", queues.look_at_usage, ("database",)),
    Examination("reconcile", queues.look_at_reconcile, ("database",)),
    Examination("plans", selling.look_at_plans, ("database",)),
    Examination("benefits", selling.look_at_benefits, ("database",)),
    Examination("gates", selling.look_at_gates, ("database",)),
)
