"""Sending webhook events: signed, in order, retried on the virtual clock."""

import os
import random
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from polar_django.sandbox import chaos, clock
from polar_django.sandbox.models import WebhookAttempt, WebhookEndpoint, WebhookEvent
from polar_django.signing import sign

__all__ = ["Counts", "deliver_due", "flush", "next_due_at", "open_client"]

TIMEOUT_SECONDS = 10.0
ATTEMPTS = 10
FAILED_EVENTS_UNTIL_DISABLED = 10
LONGEST_WAIT = timedelta(minutes=20)
# Longer than any attempt, so that two senders never hold one event.
CLAIM = timedelta(seconds=60)

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
    http_code: int | None
    response: str

    @property
    def succeeded(self) -> bool:
        return self.http_code is not None and 200 <= self.http_code < 300


def open_client() -> httpx.Client:
    """The client that deliveries go out through. Tests replace it with one that stays inside."""
    return httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)


def flush(max_rounds: int = 100) -> Counts:
    """Send everything that is due now, and what receivers cause meanwhile.

    Stops after `max_rounds` rounds, each at most as long as what was due at its start. Retries that
    fall due later in virtual time stay where they are.
    """
    counts = Counts()
    for _ in range(max_rounds):
        done = deliver_due()
        counts.add(done)
        if not done.total:
            break
    return counts


def deliver_due() -> Counts:
    """Send what is due at this moment, oldest first; one sender at a time in a process.

    About ten queries and one request for each event. Never inside a transaction of the caller's
    own on SQLite: the receiver could not write.
    """
    counts = Counts()
    with _one_sender, open_client() as client:
        until = clock.now()
        while (event := _claim_next(until)) is not None:
            if not event.endpoint.enabled or event.endpoint.deleted_at is not None:
                _skip(event)
                counts.skipped += 1
                continue
            trouble = chaos.read()
            answer = _Answer(None, "Dropped on purpose: chaos.") if trouble.drops() else None
            if answer is None:
                answer = _post(client, event, legacy=trouble.legacy_signature)
            if answer.succeeded and trouble.duplicates():
                _record(event, answer)
                answer = _post(client, event, legacy=trouble.legacy_signature)
            _record(event, answer)
            if answer.succeeded:
                counts.delivered += 1
            else:
                counts.failed += 1
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


def _claim_next(until: datetime) -> WebhookEvent | None:
    """The first event due, now ours. An endpoint that another sender serves is left to it."""
    now = timezone.now()
    due = (
        WebhookEvent.objects.filter(next_attempt_at__lte=until)
        .exclude(endpoint_id__in=_busy_endpoints(now))
        .select_related("endpoint")
    )
    while True:
        order = "?" if chaos.read().reorder else "next_attempt_at"
        event = due.order_by(order, "created_at").first()
        if event is None:
            return None
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        # Another sender may have sent it since it was read: then it is not due any more.
        mine = WebhookEvent.objects.filter(free, pk=event.pk, next_attempt_at=event.next_attempt_at)
        if mine.update(claimed_until=now + CLAIM):
            return event


def _post(client: httpx.Client, event: WebhookEvent, *, legacy: bool) -> _Answer:
    endpoint = event.endpoint
    body = (event.body or "").encode()
    # Real time: receivers refuse a signature that is minutes off, however late the sandbox is.
    attempted_at = timezone.now()
    is_standard = endpoint.uses_standard_webhook_signature and not legacy
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
        "webhook-api-version": endpoint.api_version,
    }
    try:
        answer = client.post(endpoint.url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return _Answer(None, f"{type(error).__name__}: {error}"[:2048])
    return _Answer(answer.status_code, answer.text[:2048].replace("\x00", ""))


def _skip(event: WebhookEvent) -> None:
    WebhookEvent.objects.filter(pk=event.pk).update(
        skipped=True, next_attempt_at=None, claimed_until=None
    )


def _record(event: WebhookEvent, answer: _Answer) -> None:
    """Keep the attempt, and plan the next one. A short transaction of five or six queries."""
    with transaction.atomic(), clock.running():
        at = clock.tick()
        WebhookAttempt.objects.create(
            created_at=at,
            event=event,
            succeeded=answer.succeeded,
            http_code=answer.http_code,
            response=answer.response or None,
        )
        event.attempts_made += 1
        event.last_http_code = answer.http_code
        event.modified_at = at
        event.claimed_until = None
        gave_up = not answer.succeeded and event.attempts_made >= ATTEMPTS
        if answer.succeeded:
            event.succeeded = True
        elif gave_up and event.succeeded is None:
            event.succeeded = False
        retry = not answer.succeeded and not gave_up
        event.next_attempt_at = at + retry_delay(event.attempts_made) if retry else None
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
    endpoint.webhook_events.filter(next_attempt_at__isnull=False).update(
        skipped=True, next_attempt_at=None
    )
