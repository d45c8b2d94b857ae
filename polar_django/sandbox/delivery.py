"""Sending webhook events: signed, in order, retried on the virtual clock."""

import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from polar_django.sandbox import chaos, clock
from polar_django.sandbox.clients import kept_client
from polar_django.sandbox.models import WebhookAttempt, WebhookEndpoint, WebhookEvent
from polar_django.signing import sign

__all__ = [
    "ROUNDS",
    "Counts",
    "deliver_due",
    "flush",
    "next_due_at",
]

ATTEMPTS = 10
FAILED_EVENTS_UNTIL_DISABLED = 10
LONGEST_WAIT = timedelta(minutes=20)
# Longer than any attempt, so that two senders never hold one event.
CLAIM = timedelta(seconds=60)
# So many are claimed and recorded together, for as long as the receiver takes them at once.
BATCH = 20
LONGEST_BATCH_SECONDS = 15.0
# So often what receivers cause is sent, too, before something else has its turn.
ROUNDS = 100

_one_sender = threading.Lock()


def _renew_lock() -> None:
    """A forked child must not inherit a lock that its parent held at that moment."""
    global _one_sender
    _one_sender = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_renew_lock)


@dataclass(slots=True)
class Counts:
    """What a round of sending did, in attempts."""

    delivered: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.delivered + self.failed + self.skipped

    def add(self, other: "Counts") -> None:
        self.delivered += other.delivered
        self.failed += other.failed
        self.skipped += other.skipped


@dataclass(frozen=True, slots=True)
class _Answer:
    """`is_final`: no later attempt can bring another answer."""

    http_code: int | None
    response: str
    is_final: bool = False

    @property
    def succeeded(self) -> bool:
        return self.http_code is not None and 200 <= self.http_code < 300


DROPPED = _Answer(None, "Dropped on purpose: chaos.")


def flush(max_rounds: int = ROUNDS) -> Counts:
    """Send everything that is due now, and what receivers cause meanwhile.

    Stops after `max_rounds` rounds, each at most as long as what was due at its start. Retries that
    fall due later in virtual time stay where they are.
    """
    counts = Counts()
    with kept_client():
        for _ in range(max_rounds):
            done = deliver_due()
            counts.add(done)
            if not done.total:
                break
    return counts


def deliver_due() -> Counts:
    """Send what is due at this moment, oldest first; one sender at a time in a process.

    Half a query and one request for each event. Never inside a transaction of the caller's own on
    SQLite: the receiver could not write.
    """
    counts = Counts()
    with _one_sender, kept_client() as client:
        until = clock.now()
        goes_on = True
        while goes_on:
            trouble = chaos.read()
            batch, goes_on = _claim(until, trouble)
            if not batch:
                break
            if not batch[0].endpoint.enabled or batch[0].endpoint.deleted_at is not None:
                counts.skipped += _skip(batch)
                continue
            done = _send(client.get(), batch, trouble)
            counts.add(done)
            # What a failure has left must be claimed again.
            goes_on = goes_on or done.total < len(batch)
    return counts


def _send(client: httpx.Client, batch: list[WebhookEvent], trouble: chaos.Trouble) -> Counts:
    """A claimed batch, until one fails: what comes after a failure is claimed again, and waits."""
    counts = Counts()
    sent: list[tuple[WebhookEvent, _Answer]] = []
    began = time.monotonic()
    for event in batch:
        answer = DROPPED if trouble.drops() else _post(client, event, trouble=trouble)
        if answer.succeeded and trouble.duplicates():
            sent.append((event, answer))
            answer = _post(client, event, trouble=trouble)
        sent.append((event, answer))
        if not answer.succeeded:
            counts.failed += 1
            if answer is not DROPPED or event.attempts_made + 1 >= ATTEMPTS:
                break
            # Nobody was asked, so the next may well arrive.
            continue
        counts.delivered += 1
        if time.monotonic() - began > LONGEST_BATCH_SECONDS:
            break
    _record(sent, rest=batch[counts.total :])
    return counts


def next_due_at(*, ours: bool = False) -> datetime | None:
    """The virtual time of the next attempt, None when nothing waits. One query.

    With `ours`, only of what no other sender is busy with at this moment.
    """
    waiting = WebhookEvent.objects.filter(next_attempt_at__isnull=False)
    if ours:
        waiting = waiting.exclude(endpoint_id__in=_busy_endpoints(timezone.now()))
    return waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


def _busy_endpoints(now: datetime) -> QuerySet[WebhookEvent, Any]:
    return WebhookEvent.objects.filter(claimed_until__gt=now).values("endpoint_id")


def _claim(until: datetime, trouble: chaos.Trouble) -> tuple[list[WebhookEvent], bool]:
    """The first events due of one endpoint, now ours, and whether there may be more.

    None where nothing is due. An endpoint that another sender serves is left to it.
    """
    now = timezone.now()
    due = (
        WebhookEvent.objects.filter(next_attempt_at__lte=until)
        .exclude(endpoint_id__in=_busy_endpoints(now))
        .select_related("endpoint")
    )
    order = ("?",) if trouble.reorder else ("next_attempt_at", "created_at")
    while True:
        first = list(due.order_by(*order)[:BATCH])
        if not first:
            return [], False
        batch = [event for event in first if event.endpoint_id == first[0].endpoint_id]
        claim = now + CLAIM
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        # Another sender may have sent some since they were read: they are not due any more.
        mine = WebhookEvent.objects.filter(
            free, pk__in=[event.pk for event in batch], next_attempt_at__lte=until
        )
        if mine.update(claimed_until=claim) == len(batch):
            return batch, len(first) == BATCH or len(batch) < len(first)
        kept = WebhookEvent.objects.filter(endpoint=first[0].endpoint_id, claimed_until=claim)
        ours = set(kept.values_list("pk", flat=True))
        if batch := [event for event in batch if event.pk in ours]:
            return batch, True


def _post(client: httpx.Client, event: WebhookEvent, *, trouble: chaos.Trouble) -> _Answer:
    endpoint = event.endpoint
    body = (event.body or "").encode()
    # Real time: receivers refuse a signature that is minutes off, however late the sandbox is.
    attempted_at = timezone.now()
    is_standard = endpoint.uses_standard_webhook_signature and not trouble.legacy_signature
    headers = {
        "user-agent": "polar.sh webhooks",
        "content-type": "application/json",
        "webhook-id": str(event.id),
        "webhook-timestamp": str(int(attempted_at.timestamp())),
        "webhook-signature": sign(
            endpoint.secret,
            message_id=str(event.id),
            timestamp=attempted_at,
            body=body,
            scheme="standard" if is_standard else "legacy",
        ),
    }
    if not trouble.omit_api_version:
        headers["webhook-api-version"] = endpoint.api_version
    try:
        answer = client.post(endpoint.url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        # A name that is no name of a host will never be one.
        is_final = not isinstance(error, httpx.HTTPError)
        return _Answer(None, f"{type(error).__name__}: {error}"[:2048], is_final)
    said = answer.text or _complaint(answer)
    return _Answer(answer.status_code, said[:2048].replace("\x00", ""))


def _complaint(answer: httpx.Response) -> str:
    """What Polar notes where a refusal came without a word."""
    try:
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        return str(error)
    return ""


def _skip(batch: list[WebhookEvent]) -> int:
    rows = WebhookEvent.objects.filter(pk__in=[event.pk for event in batch])
    return rows.update(skipped=True, next_attempt_at=None, claimed_until=None)


def _record(sent: list[tuple[WebhookEvent, _Answer]], *, rest: list[WebhookEvent]) -> None:
    """Keep the attempts, plan the next ones, let go of the rest. One transaction, seven queries."""
    with transaction.atomic(), clock.running():
        WebhookAttempt.objects.bulk_create(
            WebhookAttempt(
                created_at=clock.tick(),
                event=event,
                succeeded=answer.succeeded,
                http_code=answer.http_code,
                response=answer.response or None,
            )
            for event, answer in sent
        )
        attempts = Counter(event.pk for event, _ in sent)
        last = {event.pk: (event, answer) for event, answer in sent}
        alike: dict[tuple[int | None, int], list[UUID]] = {}
        for pk, (event, answer) in last.items():
            if answer.succeeded:
                alike.setdefault((answer.http_code, attempts[pk]), []).append(pk)
            else:
                _plan_retry(event, answer, attempts[pk])
        for (http_code, count), pks in alike.items():
            WebhookEvent.objects.filter(pk__in=pks).update(
                succeeded=True,
                last_http_code=http_code,
                attempts_made=F("attempts_made") + count,
                next_attempt_at=None,
                claimed_until=None,
                modified_at=clock.tick(),
            )
        if rest:
            left = WebhookEvent.objects.filter(pk__in=[event.pk for event in rest])
            left.update(claimed_until=None)


def _plan_retry(event: WebhookEvent, answer: _Answer, attempts: int) -> None:
    at = clock.tick()
    event.attempts_made += attempts
    event.last_http_code = answer.http_code
    event.modified_at = at
    event.claimed_until = None
    gave_up = answer.is_final or event.attempts_made >= ATTEMPTS
    if gave_up and event.succeeded is None:
        event.succeeded = False
    event.next_attempt_at = None if gave_up else at + retry_delay(event.attempts_made)
    event.save()
    if gave_up:
        _disable_if_hopeless(event.endpoint)


def retry_delay(failures: int) -> timedelta:
    """How long to wait after failure number `failures` (from 1): as recorded from Polar."""
    wait = timedelta(seconds=2 * 2**failures) * random.uniform(1, 2)
    if wait > LONGEST_WAIT:
        return LONGEST_WAIT * random.uniform(0.5, 1)
    return wait


def _disable_if_hopeless(endpoint: WebhookEndpoint) -> None:
    """Ten completed events in a row that failed for good: nothing more is sent there."""
    completed = endpoint.webhook_events.filter(succeeded__isnull=False).order_by("-created_at")
    latest = list(completed.values_list("succeeded", flat=True)[:FAILED_EVENTS_UNTIL_DISABLED])
    if len(latest) < FAILED_EVENTS_UNTIL_DISABLED or any(latest):
        return
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(enabled=False, modified_at=clock.tick())
    waiting = endpoint.webhook_events.filter(next_attempt_at__isnull=False)
    waiting.filter(succeeded__isnull=True).update(skipped=True, next_attempt_at=None)
    # What had succeeded and was sent once more by hand keeps its success.
    waiting.update(next_attempt_at=None)
