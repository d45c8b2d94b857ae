"""Celery's door: each task calls one function, and takes nothing bigger than an id.

A broker message only says "look": what is to be done stands in the database, so that a lost message
costs time and a repeated one nothing. `polar_django.conf.beat_schedule()` runs the periodic ones.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.module_loading import import_string

from polar_django import outbox
from polar_django.conf import get_settings
from polar_django.exceptions import ObjectNotFound, ProviderUnavailable, RateLimited
from polar_django.heartbeats import note_beat
from polar_django.mirror import cursors, repair
from polar_django.mirror import reconcile as reconciling
from polar_django.mirror.erasing import erase_again, erased_since
from polar_django.mirror.repair import repair_list
from polar_django.mirror.walking import Patience
from polar_django.models import Transition, Walk
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.queues.retries import describe
from polar_django.usage import sending
from polar_django.webhooks import inbox, processing

__all__ = [
    "drain_inbox",
    "flush_usage",
    "process_delivery",
    "purge_inbox",
    "purge_usage",
    "push_customers",
    "read_again",
    "read_customer_grants",
    "reconcile",
    "send_transitions",
    "sweep_inbox",
]

logger = logging.getLogger(__name__)

# A drain ends after that long and leaves the rest to a fresh message, so that a worker which is
# asked to stop need not wait for a flood to end.
_TURN = timedelta(seconds=60)
# Shorter than the visibility time-outs of brokers, which would hand the message to a second worker.
_WALK = timedelta(minutes=4)
_STUCK_AFTER = timedelta(minutes=10)


@shared_task(acks_late=True, ignore_result=True)
def drain_inbox() -> None:
    """Process every due delivery, then send what that changed. Woken once per burst."""
    until = timezone.now() + _TURN
    progress = processing.drain()
    while progress.claimed:
        _read_soon(progress)
        if timezone.now() >= until:
            _publish(drain_inbox)
            break
        progress = processing.drain()
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(acks_late=True, ignore_result=True)
def process_delivery(pk: int) -> None:
    """Process that delivery now, due or not, then send what it changed."""
    _read_soon(processing.drain(only=pk))
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(acks_late=True, ignore_result=True)
def sweep_inbox() -> None:
    """The safety net: what no wake-up reached, what is due again, what a killed worker left.

    Logs what has been due for ten minutes all the same, and how many deliveries are dead.
    """
    note_beat(sweep_inbox.name)
    late = inbox.backlog(_STUCK_AFTER)
    if late.due:
        logger.warning(
            "%s webhook deliveries wait since %s: are there enough workers?",
            late.due,
            late.oldest_due_at,
        )
    if late.dead:
        logger.warning("%s webhook deliveries are dead: see `polar_inbox list`.", late.dead)
    drain_inbox()


@shared_task(acks_late=True, ignore_result=True)
def send_transitions() -> None:
    """Send the signals that are due: first attempts, and receivers that are to be tried again."""
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(acks_late=True, ignore_result=True)
def purge_inbox() -> None:
    """Empty settled deliveries older than `INBOX_BODY_DAYS`, delete those of
    `INBOX_RETENTION_DAYS`, and forget anew what came about people who were to be forgotten."""
    emptied = inbox.purge_bodies(get_settings().inbox_body_days)
    deleted = inbox.purge(get_settings().inbox_retention_days)
    again = erase_again()
    # Its last events name them once more.
    kept_since = timezone.now() - timedelta(days=get_settings().inbox_body_days)
    inbox.empty_bodies_about(erased_since(kept_since))
    logger.info(
        "%s webhook deliveries purged, %s emptied; %s customers forgotten anew.",
        deleted,
        emptied,
        again,
    )


@shared_task(acks_late=True, ignore_result=True)
def flush_usage() -> None:
    """Send the usage events that are due to the provider's meters; 500 a call."""
    done = sending.send_usage(until=timezone.now() + _TURN)
    logger.info("Usage: %s sent, %s put off, %s given up.", done.sent, done.put_off, done.dead)


@shared_task(acks_late=True, ignore_result=True)
def push_customers() -> None:
    """Tell the provider of changed profiles and deleted subscribers (`SYNC_PROFILE`,
    `ON_SUBSCRIBER_DELETE`). One query where nothing was noted."""
    # Loaded when it runs: the verbs wake these tasks, and cannot be imported by them.
    settled = import_string("polar_django.billing.pushing.push_customers")()
    logger.info("%s customers settled with the provider.", settled)


@shared_task(acks_late=True, ignore_result=True)
def purge_usage() -> None:
    """Delete usage events that were sent longer than `USAGE_RETENTION_DAYS` ago."""
    deleted = sending.purge_usage(get_settings().usage_retention_days)
    logger.info("%s usage events purged.", deleted)


@shared_task(bind=True, acks_late=True, ignore_result=True, max_retries=6)
def read_customer_grants(self: "Task[Any, Any]", provider: str, customer_id: str) -> None:
    """Ask the provider for all grants of a customer, and write what it says. One call a page.

    A customer state has contradicted the mirror, and a state alone proves nothing. A grant that is
    not on the whole list is revoked. Tried again, later each time, while the provider is
    unavailable.
    """
    service = get_provider(provider)
    with _tried_again(self):
        repair_list(
            service,
            "benefit_grants",
            Patience(attempts=1),
            {"customer_id": customer_id},
            source=Transition.Source.RECONCILE,
        )
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(bind=True, acks_late=True, ignore_result=True, max_retries=6)
def read_again(self: "Task[Any, Any]", provider: str, table: str, object_id: str) -> None:
    """Ask the provider for one object, and write what it says. One call, or a page or two.

    Two versions of it lie within two seconds and disagree, so that their order proves nothing.
    `table` is the model's name in lower case. Tried again as `read_customer_grants`.
    """
    service = get_provider(provider)
    with _tried_again(self):
        repair.read_again(service, table, object_id, Patience(attempts=1))
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(bind=True, acks_late=True, ignore_result=True, max_retries=6)
def reconcile(self: "Task[Any, Any]", provider: str = "", customer_id: str = "") -> None:
    """Compare the mirror with the provider and repair what differs, all of it or one customer's.

    `provider` is a name, by default DEFAULT_PROVIDER. A whole walk goes on for some minutes and
    leaves the rest to a fresh message; killed, it goes on at its last page. While another worker
    walks, it does nothing. Pages are asked for more slowly where the provider says so.
    """
    service = get_provider(provider or None)
    patience = Patience(until=time.monotonic() + _WALK.total_seconds())
    with _tried_again(self):
        if customer_id:
            _reconcile_customer(service, customer_id, patience)
        elif not _walk_on(service, patience):
            _publish(reconcile, provider)
    outbox.send_all(until=timezone.now() + _TURN)


def _reconcile_customer(service: Provider, customer_id: str, patience: Patience) -> None:
    try:
        found = list(reconciling.reconcile_customer(service, customer_id, patience))
    except ObjectNotFound:
        logger.warning("%s does not know the customer %s.", service.name, customer_id)
    else:
        logger.info("%s: %s rows repaired.", customer_id, sum(one.written for one in found))


def _walk_on(service: Provider, patience: Patience) -> bool:
    """Go on with the walk while there is time; whether there is nothing left to do."""
    walk = cursors.begin(service.name, Walk.Purpose.RECONCILE)
    if walk is None:
        return True
    try:
        for _ in reconciling.reconcile(service, walk, patience):
            if patience.is_over:
                break
    finally:
        cursors.release(walk)
    if walk.finished_at is None:
        return False
    logger.info("%s is reconciled: %s", service.name, walk.report)
    return True


@contextmanager
def _tried_again(task: "Task[Any, Any]") -> Iterator[None]:
    """Repeat the task later while the provider or the database is unavailable: when the provider
    says, or less and less."""
    try:
        yield
    except (InterfaceError, OperationalError) as error:
        delay = min(15 * 2**task.request.retries, 900)
        # Without the error itself: a database quotes values in it.
        raise task.retry(exc=RuntimeError(describe(error)), countdown=delay) from None
    except ProviderUnavailable as error:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        delay = asked or min(15 * 2**task.request.retries, 900)
        raise task.retry(exc=error, countdown=delay) from error


def _read_soon(progress: processing.Progress) -> None:
    for provider, customer_id in sorted(progress.customers_to_read):
        _publish(read_customer_grants, provider, customer_id)
    for unsettled in sorted(progress.unsettled):
        _publish(read_again, *unsettled)


def _publish(task: "Task[Any, Any]", *args: str) -> None:
    """Enqueue from within a task. Without a broker it is left to the sweeper and to reconcile."""
    try:
        task.delay(*args)
    except Exception as error:
        # A broker library may raise anything: Redis, too, while another takes over.
        logger.warning("%s could not be enqueued: %s.", task.name, type(error).__name__)
