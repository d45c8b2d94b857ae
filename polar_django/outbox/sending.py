"""Sending what is due: the only code that changes a `Transition` after it was written.

Each receiver is called until it has succeeded once, the others are not called again for its sake.
At least once: a worker that is killed between a call and its record makes the call again, and one
that is still called after five minutes (the lease) is called by another worker too.
"""

import logging
from asyncio import CancelledError
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from polar_django.models import Transition, locking
from polar_django.models.databases import on_primary, primary
from polar_django.outbox.receivers import Receiver, Surroundings, receivers_of
from polar_django.queues.claims import claim_due
from polar_django.queues.retries import LEASE, MAX_ATTEMPTS, WorkerKilled, delay_after, describe
from polar_django.telemetry import fields, step

logger = logging.getLogger(__name__)

State = Transition.State
_LOCK = "outbox"
_DUE = (State.PENDING, State.FAILED)
_BATCH = 50
# Of one object only the first is claimed, so that no other worker tells that it was revoked before
# it was granted. One that failed does not hold up what came after: that may be a day.
_EARLIER = Transition.objects.filter(
    object_id=OuterRef("object_id"), pk__lt=OuterRef("pk"), state=State.PENDING
)
_HAS_EARLIER_NEWS = Exists(_EARLIER.filter(customer_id=OuterRef("customer_id")))
# A grant by hand has no customer. Apart, because each of the two has an index of its own.
_IS_NOBODYS = Q(customer_id__isnull=True)
_HAS_EARLIER_NEWS_OF_NOBODY = Exists(_EARLIER.filter(_IS_NOBODYS))


def send_all(*, until: datetime | None = None, batch: int = _BATCH) -> int:
    """Send everything that is due now; how many transitions. Stops early at `until`, after so many
    as are sent at once."""
    total = 0
    while sent := send_due(batch):
        total += sent
        if until is not None and timezone.now() >= until:
            break
    return total


def send_due(limit: int = _BATCH) -> int:
    """Send up to `limit` due transitions, oldest first and one of an object; how many were due.

    Never raises what a receiver raises. Call it outside a transaction: receivers may do anything.
    One query a table concerned, and one statement for each transition that somebody waits for; from
    its second attempt on, one more for each receiver.
    """
    claimed = claim_due(
        on_primary(Transition)
        .filter(~_HAS_EARLIER_NEWS)
        .exclude(_IS_NOBODYS & Q(_HAS_EARLIER_NEWS_OF_NOBODY)),
        limit,
        waiting=_DUE,
        lock=_LOCK,
        was_interrupted=lambda item: item.attempts > 0 and item.state == State.PENDING,
    )
    waiting = {item: _waiting_for(item) for item in claimed}
    _settle([item for item in claimed if not waiting[item]], state=State.SENT)
    awaited = [item for item in claimed if waiting[item]]
    around = Surroundings.of(awaited)
    for item in awaited:
        if timezone.now() >= item.due_at:
            # The lease is over, so that the rest may be in other hands by now.
            break
        _send(item, waiting[item], around)
    return len(claimed)


def _waiting_for(transition: Transition) -> Sequence[Receiver]:
    """The receivers that have not yet succeeded."""
    done = set(transition.receivers_done)
    return [item for item in receivers_of(transition) if item.name not in done]


def _send(transition: Transition, waiting: Sequence[Receiver], around: Surroundings) -> None:
    told = {
        "provider": transition.provider,
        "event_type": transition.name,
        "object_id": transition.object_id,
    }
    with step(logger, "news.send", level=logging.DEBUG, **told) as sending:
        outcome = _call_receivers(transition, waiting, around)
        sending.tell(outcome=outcome)


def _call_receivers(
    transition: Transition, waiting: Sequence[Receiver], around: Surroundings
) -> str:
    """Call those that wait, and keep what became of it: "sent", "failed" or "dead"."""
    done = list(transition.receivers_done)
    errors: list[tuple[str, BaseException]] = []
    if transition.attempts > MAX_ATTEMPTS:
        errors.append(("the worker", WorkerKilled("It was killed at each attempt.")))
    else:
        for receiver in waiting:
            try:
                receiver.call(around)
            except (Exception, CancelledError) as error:
                errors.append((receiver.name, error))
                continue
            done.append(receiver.name)
            if transition.attempts > 1:
                # Another receiver may be what killed the worker: this one is done all the same.
                _settle([transition], receivers_done=done)
    if not errors:
        if not _settle([transition], state=State.SENT, receivers_done=done, error=""):
            _record_late(transition, done)
        return "sent"
    delay = delay_after(transition.attempts)
    reasons = "; ".join(f"{name}: {describe(error)}" for name, error in errors)
    if not _settle(
        [transition],
        state=State.FAILED if delay else State.DEAD,
        receivers_done=done,
        due_at=timezone.now() + delay if delay else transition.due_at,
        error=reasons,
    ):
        _record_late(transition, done)
    logger.log(
        logging.WARNING if delay else logging.ERROR,
        "%s of %s %s, attempt %s, %s: %s",
        transition.name,
        transition.object_type,
        transition.object_id,
        transition.attempts,
        f"next in {delay}" if delay else "given up",
        reasons,
        extra=fields(
            "news.send",
            provider=transition.provider,
            event_type=transition.name,
            object_id=transition.object_id,
            outcome="failed" if delay else "dead",
        ),
    )
    return "failed" if delay else "dead"


def _settle(transitions: Sequence[Transition], **changes: object) -> int:
    """Change those that are still ours; how many."""
    if not transitions:
        return 0
    return Transition.objects.filter(
        pk__in=[item.pk for item in transitions],
        due_at__in={item.due_at for item in transitions},
        state__in=_DUE,
    ).update(**changes)


def _record_late(transition: Transition, done: Sequence[str]) -> None:
    """What was heard was heard, also where the lease is over and another worker has the row.

    Else a receiver that always takes so long would be called at every attempt, and end as dead.
    """
    logger.warning(
        "The receivers of %s took longer than %s, and may have been called again meanwhile.",
        transition.name,
        LEASE,
    )
    with transaction.atomic(using=primary()):
        locking.take([_LOCK])
        rows = on_primary(Transition).filter(pk=transition.pk, state__in=_DUE)
        locking.hold(rows)
        if (stored := rows.first()) is None:
            return
        stored.receivers_done = [*dict.fromkeys([*stored.receivers_done, *done])]
        changes = {} if _waiting_for(stored) else {"state": State.SENT, "error": ""}
        rows.update(receivers_done=stored.receivers_done, **changes)
