"""Sending what was recorded. A batch is one call; what came of it is written after.

The provider stores an `external_id` once. So a batch that is sent again, because a worker was
killed before it could write, or by two workers at once, counts nothing twice.
"""

import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from polar_django.exceptions import (
    ActionRefused,
    InvalidRequest,
    NotSupported,
    PolarDjangoError,
    RateLimited,
)
from polar_django.models import UsageEvent
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.providers.usage import IngestedUsage, UsageFact
from polar_django.queues.claims import claim_due
from polar_django.queues.retries import delay_after, describe
from polar_django.usage.addressing import facts_of

__all__ = ["Sent", "purge_usage", "resend_usage", "send_usage"]

logger = logging.getLogger(__name__)

State = UsageEvent.State
_LOCK = "usage"
_DUE = (State.PENDING, State.FAILED)
# Polar has no limit but 10 MiB a body.
MOST_EVENTS = 500
_MOST_BYTES = 5_000_000
_BYTES_BESIDE_METADATA = 1_500
# While the provider cannot be asked. An outage may last, so that it never makes an event dead.
_PAUSE = timedelta(minutes=1)
# What heals by itself: our clock is ahead, or a customer was deleted and we have not heard of it.
_HEALS = frozenset({"timestamp", "customer_id", "member_id"})
_TOO_LARGE = 413
_PURGE_BATCH = 500

Parcel = Sequence[tuple[UsageEvent, UsageFact]]


@dataclass(slots=True)
class Sent:
    """How many events the provider has now, how many wait for another attempt, how many gave up.

    `error` is what kept it from being told at all, "" where it was there.
    """

    sent: int = 0
    put_off: int = 0
    dead: int = 0
    error: str = ""


def send_usage(*, until: datetime | None = None) -> Sent:
    """Send every event that is due. Stops early at `until`, and where the provider is not there.

    Never raises what the provider raises: events that it does not take are set aside and logged,
    everything else waits. Call it outside a transaction. For each 500 events one call and about
    four statements.
    """
    counts = Sent()
    goes_on = True
    while goes_on and (claimed := _claim()):
        for provider in sorted({event.provider for event in claimed}):
            mine = [event for event in claimed if event.provider == provider]
            goes_on = _send(provider, mine, counts) and goes_on
        if until is not None and timezone.now() >= until:
            break
    return counts


def resend_usage(events: "QuerySet[UsageEvent]") -> int:
    """Make dead events due again, for instance once what they lacked is there; how many. One
    statement."""
    return (
        events.using(primary())
        .filter(state=State.DEAD)
        .update(state=State.FAILED, attempts=0, due_at=timezone.now(), error="")
    )


def purge_usage(older_than_days: int) -> int:
    """Delete events that were sent before that; how many. In batches, each committed.

    What waits or gave up is kept however old.
    """
    before = timezone.now() - timedelta(days=older_than_days)
    old = on_primary(UsageEvent).filter(state=State.SENT, sent_at__lt=before)
    deleted = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:_PURGE_BATCH]):
        deleted += UsageEvent.objects.filter(pk__in=batch).delete()[0]
    return deleted


def _claim() -> list[UsageEvent]:
    return claim_due(
        on_primary(UsageEvent),
        MOST_EVENTS,
        waiting=_DUE,
        lock=_LOCK,
        # Whatever killed the worker was no event: these are only passed on.
        was_interrupted=lambda event: False,
    )


def _send(provider: str, events: Sequence[UsageEvent], counts: Sent) -> bool:
    """Whether the provider was there."""
    waiting: list[Parcel] = []
    try:
        service = get_provider(provider)
        waiting = list(_parcels(list(zip(events, facts_of(provider, events), strict=True))))
        while waiting:
            waiting = [*_deliver(service, waiting[0], counts), *waiting[1:]]
    except PolarDjangoError as error:
        left = [event for parcel in waiting for event, _ in parcel] if waiting else list(events)
        _wait_for_provider(left, error)
        counts.put_off += len(left)
        counts.error = describe(error)
        return False
    return True


def _parcels(addressed: Parcel) -> Iterator[Parcel]:
    """As they are, in parts that fit into a body."""
    start, size = 0, 0
    for index, (event, _) in enumerate(addressed):
        weight = len(json.dumps(event.metadata)) + _BYTES_BESIDE_METADATA
        if index > start and size + weight > _MOST_BYTES:
            yield addressed[start:index]
            start, size = index, 0
        size += weight
    yield addressed[start:]


def _deliver(service: Provider, parcel: Parcel, counts: Sent) -> list[Parcel]:
    """Send a parcel; what of it is to be sent again, without those that are not accepted."""
    began = time.monotonic()
    try:
        answer = service.ingest_usage([fact for _, fact in parcel])
    except (InvalidRequest, NotSupported, ActionRefused) as error:
        if isinstance(error, ActionRefused) and error.status != _TOO_LARGE:
            raise
        if len(parcel) == 1:
            _set_aside(parcel[0][0], describe(error), counts, heals=False)
            return []
        middle = len(parcel) // 2
        return [parcel[:middle], parcel[middle:]]
    if not answer.refused:
        _mark_sent(parcel, answer, timedelta(seconds=time.monotonic() - began))
        counts.sent += len(parcel)
        return []
    for index, fields in answer.refused.items():
        said = f"{service.name} does not accept its {', '.join(fields)}."
        _set_aside(parcel[index][0], said, counts, heals=bool(_HEALS.intersection(fields)))
    rest = [pair for index, pair in enumerate(parcel) if index not in answer.refused]
    return [rest] if rest else []


def _mark_sent(parcel: Parcel, answer: IngestedUsage, took: timedelta) -> None:
    """`sent_at` is when the request went off, on the provider's clock: what it has reckoned by
    then, it has reckoned without these."""
    UsageEvent.objects.filter(pk__in=[event.pk for event, _ in parcel]).update(
        state=State.SENT, sent_at=answer.answered_at - took, error=""
    )


def _set_aside(event: UsageEvent, error: str, counts: Sent, *, heals: bool) -> None:
    delay = delay_after(event.attempts) if heals else None
    _settle(
        [event],
        state=State.FAILED if delay else State.DEAD,
        due_at=timezone.now() + (delay or timedelta()),
        error=error,
    )
    counts.put_off += bool(delay)
    counts.dead += not delay
    logger.log(
        logging.WARNING if delay else logging.ERROR,
        "Usage event %s was not accepted, attempt %s, %s: %s",
        event.pk,
        event.attempts,
        f"next in {delay}" if delay else "given up",
        error,
    )


def _wait_for_provider(events: Sequence[UsageEvent], error: PolarDjangoError) -> None:
    asked = error.retry_after if isinstance(error, RateLimited) else None
    pause = timedelta(seconds=asked) if asked else _PAUSE
    # No attempt of theirs: it was not about them.
    _settle(
        events,
        attempts=F("attempts") - 1,
        due_at=timezone.now() + pause,
        error=describe(error),
    )
    logger.warning("%s usage events wait for %s: %s", len(events), pause, describe(error))


def _settle(events: Sequence[UsageEvent], **changes: object) -> None:
    """Under our own lease only: another worker may have sent them since."""
    UsageEvent.objects.filter(
        pk__in=[event.pk for event in events],
        due_at__in={event.due_at for event in events},
        state__in=_DUE,
    ).update(**changes)
