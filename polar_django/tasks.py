"""Celery's door: each task calls one function, and takes nothing bigger than an id.

A broker message only says "look": what is to be done stands in the database, so that a lost message
costs time and a repeated one nothing. `polar_django.conf.beat_schedule()` runs the periodic ones.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import KombuError, OperationalError

from polar_django import outbox
from polar_django.conf import get_settings
from polar_django.exceptions import ObjectNotFound, ProviderUnavailable, RateLimited
from polar_django.mirror.answers import apply_answer, stored_keys
from polar_django.models import BenefitGrant, Transition
from polar_django.models.databases import on_primary
from polar_django.providers.registry import get_provider
from polar_django.webhooks import inbox, processing

__all__ = [
    "drain_inbox",
    "process_delivery",
    "purge_inbox",
    "read_customer_grants",
    "send_transitions",
    "sweep_inbox",
]

logger = logging.getLogger(__name__)

# A drain ends after that long and leaves the rest to a fresh message, so that a worker which is
# asked to stop need not wait for a flood to end.
_TURN = timedelta(seconds=60)
_STUCK_AFTER = timedelta(minutes=10)


@shared_task(acks_late=True, ignore_result=True)
def drain_inbox() -> None:
    """Process every due delivery, then send what that changed. Woken once per burst."""
    until = timezone.now() + _TURN
    progress = processing.drain()
    while progress.claimed:
        _read_soon(progress.customers_to_read)
        if timezone.now() >= until:
            _publish(drain_inbox)
            break
        progress = processing.drain()
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(acks_late=True, ignore_result=True)
def process_delivery(pk: int) -> None:
    """Process that delivery now, due or not, then send what it changed."""
    _read_soon(processing.process(pk).customers_to_read)
    outbox.send_all(until=timezone.now() + _TURN)


@shared_task(acks_late=True, ignore_result=True)
def sweep_inbox() -> None:
    """The safety net: what no wake-up reached, what is due again, what a killed worker left.

    Logs what has been due for ten minutes all the same, and how many deliveries are dead.
    """
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
    """Delete settled deliveries older than `INBOX_RETENTION_DAYS`."""
    deleted = inbox.purge(get_settings().inbox_retention_days)
    logger.info("%s webhook deliveries purged.", deleted)


@shared_task(bind=True, acks_late=True, ignore_result=True, max_retries=6)
def read_customer_grants(self: "Task[Any, Any]", provider: str, customer_id: str) -> None:
    """Ask the provider for all grants of a customer, and write what it says. One call a page.

    A customer state has contradicted the mirror, and a state alone proves nothing. Tried again,
    later each time, while the provider is unavailable.
    """
    grants = on_primary(BenefitGrant).filter(provider=provider, customer_id=customer_id)
    sent = stored_keys(*grants.only("pk"))
    try:
        for page in get_provider(provider).list_objects("benefit_grants", customer_id=customer_id):
            apply_answer(page, sent=sent, source=Transition.Source.RECONCILE)
    except ObjectNotFound:
        return
    except ProviderUnavailable as error:
        asked = error.retry_after if isinstance(error, RateLimited) else None
        delay = asked or min(15 * 2**self.request.retries, 900)
        raise self.retry(exc=error, countdown=delay) from error
    outbox.send_all(until=timezone.now() + _TURN)


def _read_soon(customers: Iterable[tuple[str, str]]) -> None:
    for provider, customer_id in sorted(customers):
        _publish(read_customer_grants, provider, customer_id)


def _publish(task: "Task[Any, Any]", *args: str) -> None:
    """Enqueue from within a task. Without a broker it is left to the sweeper and to reconcile."""
    try:
        task.delay(*args)
    except (KombuError, OperationalError, OSError) as error:
        logger.warning("%s could not be enqueued: %s.", task.name, type(error).__name__)
