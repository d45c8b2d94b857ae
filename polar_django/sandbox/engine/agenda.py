"""When the next thing of each kind falls due: asked at every step, so one query for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connections, models, router
from django.db.models import DateTimeField, Value
from django.utils import timezone

from polar_django.sandbox import clock
from polar_django.sandbox.engine.archive import KEPT_FOR
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Checkout,
    ClockState,
    Order,
    Refund,
    Subscription,
    WebhookEvent,
)
from polar_django.sandbox.periods import ceil_to_minutes

__all__ = ["KINDS", "Agenda", "Kind", "read"]

# Polar's own timetable: sessions every quarter of an hour, failed payments at the full hour.
CHECKOUT_MINUTES = 15
DUNNING_MINUTES = 60
MINUTES_OF_A_DAY = 24 * 60


def _archive_day(made_at: datetime) -> datetime:
    return ceil_to_minutes(made_at + KEPT_FOR, MINUTES_OF_A_DAY)


@dataclass(frozen=True, slots=True)
class Kind:
    """The earliest `column` of the rows for which `condition` holds, and when its job runs."""

    table: type[models.Model]
    column: str
    condition: str
    runs_at: Callable[[datetime], datetime] = lambda time: time

    @property
    def sql(self) -> str:
        table = self.table._meta.db_table
        return f"(SELECT MIN({self.column}) FROM {table} WHERE {self.condition})"


BILLABLE = ", ".join(f"'{status}'" for status in BILLABLE_STATUSES)
# At the same time sessions come first, then periods, ends of pauses, payments, what settles and
# what is put away, deliveries.
KINDS: Mapping[str, Kind] = {
    "checkout": Kind(
        Checkout,
        "expires_at",
        "status = 'open'",
        partial(ceil_to_minutes, minutes=CHECKOUT_MINUTES),
    ),
    "period": Kind(Subscription, "current_period_end", f"status IN ({BILLABLE})"),
    # Of active subscriptions: one that is past due stands still.
    "meters": Kind(Subscription, "current_meter_period_end", "status = 'active'"),
    "resume": Kind(Subscription, "resumes_at", "status = 'paused'"),
    "payment": Kind(
        Order,
        "next_payment_attempt_at",
        "status = 'pending'",
        partial(ceil_to_minutes, minutes=DUNNING_MINUTES),
    ),
    "refund": Kind(Refund, "settles_at", "settles_at IS NOT NULL"),
    "archive": Kind(
        WebhookEvent,
        "created_at",
        "body IS NOT NULL AND next_attempt_at IS NULL",
        _archive_day,
    ),
    "delivery": Kind(WebhookEvent, "next_attempt_at", "next_attempt_at IS NOT NULL"),
}
# Written by hand, because Django would take longer to write it than any database to answer it.
SQL = (
    f"SELECT offset_microseconds, latest, {', '.join(kind.sql for kind in KINDS.values())}"
    f" FROM {ClockState._meta.db_table} WHERE id = 1"
)


@dataclass(frozen=True, slots=True)
class Agenda:
    """`now` is virtual time; `due` has, by kind and in their order, when the next thing is due."""

    now: datetime
    due: Mapping[str, datetime]


def read() -> Agenda:
    """What waits, at this moment. One query."""
    connection = connections[router.db_for_read(ClockState)]
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        row = cursor.fetchone()
    if row is None:
        # Every change begins with the clock's row: without it nothing waits.
        return Agenda(timezone.now(), {})
    offset, latest, *times = row
    known = _as_moments(connection, [latest, *times])
    waiting = zip(KINDS.items(), known[1:], strict=True)
    due = {name: kind.runs_at(time) for (name, kind), time in waiting if time is not None}
    return Agenda(clock.reading(offset, known[0]), due)


def _as_moments(connection: Any, values: list[Any]) -> list[datetime | None]:
    """As Django would read them: SQLite keeps text."""
    column = Value(None, output_field=DateTimeField())
    converters = [
        *connection.ops.get_db_converters(column),
        *column.get_db_converters(connection),
    ]
    for convert in converters:
        values = [convert(value, column, connection) for value in values]
    return values
