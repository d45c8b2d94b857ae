"""How much waits in the three tables that are worked off, and when deliveries came.

Every query here reads an index of what is still to do, or a stretch of one: the history may be as
long as it likes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Model, Q
from django.db.models.functions import TruncHour

from polar_django.health.figures import Hour, Queue
from polar_django.models import Transition, UsageEvent, WebhookDelivery
from polar_django.models.databases import on_primary

__all__ = ["HOURS", "hours_of_inbox", "last_received", "queue_figures"]

HOURS = 48
_STATE = WebhookDelivery.State
_DONE = frozenset({_STATE.PROCESSED, _STATE.IGNORED})
_WAITING: dict[type[Model], Iterable[str]] = {
    WebhookDelivery: (_STATE.PENDING, _STATE.PROCESSING, _STATE.FAILED),
    Transition: (Transition.State.PENDING, Transition.State.FAILED),
    UsageEvent: (UsageEvent.State.PENDING, UsageEvent.State.FAILED),
}


def queue_figures(model: type[Model], now: datetime) -> Queue:
    """What waits in that table. Two queries, each of a small index."""
    waiting: dict[str, Any] = (
        on_primary(model)
        .filter(state__in=_WAITING[model])
        .aggregate(
            due=Count("pk", filter=Q(due_at__lte=now)),
            oldest=Min("due_at", filter=Q(due_at__lte=now)),
            # In a worker's hands, a row is "processing" or leased: neither due nor put off.
            put_off=Count("pk", filter=Q(due_at__gt=now, state="failed")),
        )
    )
    return Queue(
        due=waiting["due"],
        oldest_due_at=waiting["oldest"],
        put_off=waiting["put_off"],
        dead=on_primary(model).filter(state="dead").count(),
    )


def hours_of_inbox(now: datetime) -> tuple[Hour, ...]:
    """The last 48 hours, the present one included, oldest first. One query."""
    present = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first = present - timedelta(hours=HOURS - 1)
    rows = (
        on_primary(WebhookDelivery)
        # With the states named, the index of state and time answers; without, a whole table.
        .filter(state__in=_STATE.values, received_at__gte=first)
        .order_by()
        .values_list(TruncHour("received_at", tzinfo=UTC), "state")
        # Not of the key: all that is asked for stands in the index.
        .annotate(number=Count("*"))
    )
    counted: dict[datetime, dict[str, int]] = {}
    for hour, state, number in rows:
        part = "dead" if state == _STATE.DEAD else "done" if state in _DONE else "waiting"
        parts = counted.setdefault(hour, {})
        parts[part] = parts.get(part, 0) + number
    starts = (first + timedelta(hours=number) for number in range(HOURS))
    return tuple(Hour(starts_at=start, **counted.get(start, {})) for start in starts)


def last_received() -> datetime | None:
    """When the latest delivery came. One row by its key."""
    rows = on_primary(WebhookDelivery).order_by("-pk").values_list("received_at", flat=True)
    found: datetime | None = rows.first()
    return found
