"""The inbox: the only writer of `WebhookDelivery`.

States: pending → processing → processed | ignored | failed (tried again when due) → dead. A row is
claimed for the length of a lease; a killed worker's rows become due again by themselves. Nothing
here enqueues: views, commands and the admin wake the worker (`polar_django.webhooks.wakeup`).
"""

import logging
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connections, transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from polar_django.models import Transition, WebhookDelivery
from polar_django.models.databases import on_primary, primary
from polar_django.models.prepared import PreparedInsert
from polar_django.providers.base import Envelope
from polar_django.queues.claims import claim_due
from polar_django.queues.retries import LEASE, MAX_ATTEMPTS, WorkerKilled, delay_after, describe
from polar_django.telemetry import carried_trace, fields
from polar_django.webhooks.naming import names_any_of

__all__ = [
    "BATCH",
    "Backlog",
    "LeaseLost",
    "backlog",
    "claim",
    "claim_one",
    "empty_bodies_about",
    "fail",
    "finish",
    "purge",
    "purge_bodies",
    "replay",
    "store",
]

logger = logging.getLogger(__name__)

State = WebhookDelivery.State
_LOCK = "inbox"
_WAITING = (State.PENDING, State.PROCESSING, State.FAILED)
_UNTOLD = (Transition.State.PENDING, Transition.State.FAILED)
# An `@on` handler is given what the body says.
_IS_YET_TO_BE_HEARD = Exists(
    Transition.objects.filter(
        delivery=OuterRef("pk"),
        object_type=WebhookDelivery._meta.model_name,
        state__in=_UNTOLD,
    )
)
_PURGE_BATCH = 500
_DELIVERY = PreparedInsert(WebhookDelivery)
# Deliveries a worker takes at once: a fifth faster than a hundred; four hundred gain nothing more.
BATCH = 250


class LeaseLost(Exception):
    """Another worker has taken the delivery over, because this one was too slow."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`due` deliveries wait for a worker, the oldest since `oldest_due_at`; `dead` gave up."""

    due: int
    oldest_due_at: datetime | None
    dead: int


def store(provider: str, envelope: Envelope, body: bytes) -> bool:
    """Keep a verified message; False where it is already kept. One INSERT, whichever it is.

    Within a transaction of the caller's a savepoint guards it. Raises DatabaseError.
    """
    using, now = primary(), timezone.now()
    in_transaction = connections[using].in_atomic_block
    try:
        with transaction.atomic(using=using) if in_transaction else nullcontext():
            _DELIVERY.write(
                using,
                provider=provider,
                delivery_id=_storable(envelope.delivery_id),
                type=_storable(envelope.type),
                timestamp=envelope.timestamp,
                api_version=_storable(envelope.api_version)[:32],
                body=body,
                received_at=now,
                due_at=now,
                trace=carried_trace(),
            )
    except IntegrityError:
        # The only constraint that these values can break is "polar_delivery_once".
        return False
    return True


def _storable(text: str) -> str:
    """What every database accepts: JSON allows NUL and lone surrogates, PostgreSQL does not."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:255]


def claim(limit: int = BATCH) -> list[WebhookDelivery]:
    """Up to `limit` due deliveries, oldest first, now processing. Two to four statements.

    One that has killed its worker every time is given up here.
    """
    while claimed := claim_due(
        on_primary(WebhookDelivery),
        limit,
        waiting=_WAITING,
        lock=_LOCK,
        was_interrupted=lambda delivery: delivery.state == State.PROCESSING,
        state=State.PROCESSING,
    ):
        if usual := _without_killers(claimed):
            return usual
    return []


def claim_one(pk: int) -> list[WebhookDelivery]:
    """That delivery, if it waits for a worker and none has it, due or not. Two statements."""
    now = timezone.now()
    taken = WebhookDelivery.objects.filter(
        Q(state__in=(State.PENDING, State.FAILED)) | Q(state=State.PROCESSING, due_at__lte=now),
        pk=pk,
    ).update(state=State.PROCESSING, attempts=F("attempts") + 1, due_at=now + LEASE)
    if not taken:
        return []
    return _without_killers(list(on_primary(WebhookDelivery).filter(pk=pk, state=State.PROCESSING)))


def _without_killers(claimed: list[WebhookDelivery]) -> list[WebhookDelivery]:
    usual = [delivery for delivery in claimed if delivery.attempts <= MAX_ATTEMPTS]
    for delivery in claimed:
        if delivery.attempts > MAX_ATTEMPTS:
            fail(delivery, WorkerKilled("The worker was killed at each attempt."))
    return usual


def finish(
    *, processed: Sequence[WebhookDelivery] = (), ignored: Sequence[WebhookDelivery] = ()
) -> None:
    """Settle claimed deliveries, in the transaction that applied them. One statement a state.

    Raises LeaseLost where another worker has one of them by now: roll back, it will see to it.
    """
    for deliveries, state in ((processed, State.PROCESSED), (ignored, State.IGNORED)):
        if deliveries:
            _settle(
                deliveries,
                state=state,
                processed_at=timezone.now(),
                error_type="",
                error="",
            )


def fail(delivery: WebhookDelivery, error: Exception) -> bool:
    """Put a claimed delivery off to a later attempt; whether there will be one. One statement.

    Raises LeaseLost.
    """
    delay = delay_after(delivery.attempts, error)
    _settle(
        [delivery],
        state=State.FAILED if delay else State.DEAD,
        due_at=timezone.now() + (delay or timedelta()),
        error_type=f"{type(error).__module__}.{type(error).__qualname__}"[:255],
        error=describe(error),
    )
    logger.log(
        logging.WARNING if delay else logging.ERROR,
        "Delivery %s (%s) failed, attempt %s, %s: %s",
        delivery.delivery_id,
        delivery.type or "unreadable",
        delivery.attempts,
        f"next in {delay}" if delay else "given up",
        describe(error),
        extra=fields(
            "delivery.process",
            provider=delivery.provider,
            delivery_id=delivery.delivery_id,
            event_type=delivery.type,
            outcome="failed" if delay else "dead",
        ),
    )
    return delay is not None


def _settle(deliveries: Sequence[WebhookDelivery], **changes: object) -> None:
    settled = WebhookDelivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries],
        state=State.PROCESSING,
        due_at__in={delivery.due_at for delivery in deliveries},
    ).update(**changes)
    if settled != len(deliveries):
        raise LeaseLost(f"{len(deliveries) - settled} of {len(deliveries)} deliveries.")


def replay(deliveries: QuerySet[WebhookDelivery]) -> list[int]:
    """Make them pending again, whatever became of them; their primary keys. Two statements.

    What is in a worker's hands is left alone, and so is what has no body any more. The mirror is
    not changed by what it already knows, but `@on` handlers hear of the event again.
    """
    now = timezone.now()
    free = deliveries.using(primary()).exclude(state=State.PROCESSING, due_at__gt=now)
    free = free.exclude(body=b"")
    pks = list(free.order_by("pk").values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=pks).update(
        state=State.PENDING, attempts=0, due_at=now, error_type="", error="", processed_at=None
    )
    return pks


def purge_bodies(older_than_days: int) -> int:
    """Empty settled deliveries received before that; how many. In batches, each committed.

    Bodies are nearly all of the table, and hold the customers' names and addresses; the rest of the
    row says what came when.
    """
    old = _settled_before(older_than_days, (State.PROCESSED, State.IGNORED)).exclude(body=b"")
    emptied = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:_PURGE_BATCH]):
        emptied += WebhookDelivery.objects.filter(pk__in=batch).update(body=b"")
    return emptied


def empty_bodies_about(texts: Iterable[str]) -> tuple[int, int]:
    """Empty the settled deliveries whose body names one of these ids or addresses, in any case.

    How many were emptied, and how many such are still to be worked off, or to be told to an `@on`
    handler, and were left. Reads every body once, in constant memory. Two queries, and one
    statement for each 500.
    """
    wanted = [text for text in texts if text]
    if not wanted:
        return 0, 0
    is_about = names_any_of(wanted)
    about: list[int] = []
    waiting = 0
    kept = on_primary(WebhookDelivery).exclude(body=b"")
    rows = kept.values_list("pk", "state", _IS_YET_TO_BE_HEARD, "body")
    for pk, state, is_yet_to_be_heard, body in rows.iterator(chunk_size=_PURGE_BATCH):
        if is_about(bytes(body)):
            is_needed = state in _WAITING or is_yet_to_be_heard
            waiting += is_needed
            about += [] if is_needed else [pk]
    for start in range(0, len(about), _PURGE_BATCH):
        batch = about[start : start + _PURGE_BATCH]
        WebhookDelivery.objects.filter(pk__in=batch).update(body=b"")
    return len(about), waiting


def purge(older_than_days: int, *, states: Iterable[str] = (State.PROCESSED, State.IGNORED)) -> int:
    """Delete settled deliveries received before that; how many. In batches, each committed.

    What still waits, or gave up, is kept however old, unless `states` names it. A delivery that an
    `@on` handler is yet to hear of is kept too.
    """
    old = _settled_before(older_than_days, states)
    deleted = 0
    while batch := list(old.order_by("pk").values_list("pk", flat=True)[:_PURGE_BATCH]):
        _, counts = WebhookDelivery.objects.filter(pk__in=batch).delete()
        deleted += counts.get(WebhookDelivery._meta.label, 0)
    return deleted


def _settled_before(days: int, states: Iterable[str]) -> QuerySet[WebhookDelivery]:
    return (
        on_primary(WebhookDelivery)
        .filter(state__in=list(states), received_at__lt=timezone.now() - timedelta(days=days))
        .exclude(transitions__state__in=_UNTOLD)
    )


def backlog(older_than: timedelta = timedelta()) -> Backlog:
    """What has been due for longer than that, and what is dead. Two small queries."""
    late = (
        on_primary(WebhookDelivery)
        .filter(state__in=_WAITING, due_at__lte=timezone.now() - older_than)
        .aggregate(due=Count("pk"), oldest=Min("due_at"))
    )
    return Backlog(
        late["due"], late["oldest"], on_primary(WebhookDelivery).filter(state=State.DEAD).count()
    )
