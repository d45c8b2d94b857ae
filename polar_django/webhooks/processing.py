"""From the inbox into the mirror: claim, parse, and write in one transaction.

A batch is written as a whole. Where that fails it is written one by one, so that only the culprit
fails. Parsing stands outside the transaction, and nothing here speaks to a provider.
"""

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction

from polar_django import signals
from polar_django.mirror.arrivals import Arrival, news_in, states_in, versions_in
from polar_django.mirror.upsert import Applied, apply_versions
from polar_django.models import WebhookDelivery
from polar_django.models.databases import primary
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Event
from polar_django.telemetry import note, trace
from polar_django.webhooks import inbox
from polar_django.webhooks.dispatch import handlers_for

__all__ = ["Progress", "drain"]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What became of the deliveries claimed at `began`; `failed` counts the dead among them.

    To be read from the provider when no transaction is open: the grants of `customers_to_read`
    (provider, customer id), which a customer state contradicts, and the `unsettled` objects
    (provider, table name, id), of which two versions lie too close together to order.
    """

    began: float = field(default_factory=time.perf_counter)
    claimed: int = 0
    processed: int = 0
    ignored: int = 0
    failed: int = 0
    transitions: int = 0
    customers_to_read: set[tuple[str, str]] = field(default_factory=set)
    unsettled: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Message:
    delivery: WebhookDelivery
    event: Event

    @property
    def is_wanted(self) -> bool:
        """Whether the mirror or a handler takes it, if only to find that it is stale."""
        event = self.event
        return bool(event.observations or event.state or handlers_for(self.delivery.type))

    @property
    def arrival(self) -> Arrival:
        news = []
        if handlers_for(self.delivery.type):
            news.append(self.delivery.type)
        if signals.webhook_processed.has_listeners(WebhookDelivery):
            news.append("webhook_processed")
        return Arrival(self.event, self.delivery.pk, tuple(news))


def drain(limit: int = inbox.BATCH, *, only: int | None = None) -> Progress:
    """Process up to `limit` due deliveries. None claimed: nothing is due.

    Or `only` that one (its primary key), due or not, unless it is settled or in a worker's hands.
    At most eight statements for one version of a known subscription.

    Whatever is wrong with a delivery ends in its row. Raises only what keeps the inbox itself from
    being written (DatabaseError); the claimed rows are then due again when their lease is over.
    """
    deliveries = inbox.claim(limit) if only is None else inbox.claim_one(only)
    progress = Progress(claimed=len(deliveries))
    batches = deque(_batches(deliveries, progress))
    while batches:
        batch = batches.popleft()
        wanted = [message for message in batch if message.is_wanted]
        arrivals = [message.arrival for message in wanted]
        try:
            with transaction.atomic(using=primary()):
                applied = apply_versions(
                    versions_in(arrivals), news=news_in(arrivals), states=states_in(arrivals)
                )
                inbox.finish(
                    processed=[message.delivery for message in wanted],
                    ignored=[message.delivery for message in batch if not message.is_wanted],
                )
        except Exception as error:
            if len(batch) > 1:
                logger.info("A batch of %s failed, and is applied one by one.", len(batch))
                batches.extend([message] for message in batch)
            else:
                _fail(batch[0].delivery, error, progress)
        else:
            _count(progress, batch, applied)
    return progress


def _batches(
    deliveries: Iterable[WebhookDelivery], progress: Progress
) -> Iterator[Sequence[_Message]]:
    """The messages that can be read, provider by provider."""
    by_provider = attrgetter("provider")
    for provider, theirs in groupby(sorted(deliveries, key=by_provider), by_provider):
        if messages := list(_read(provider, theirs, progress)):
            yield messages


def _read(
    provider: str, deliveries: Iterable[WebhookDelivery], progress: Progress
) -> Iterator[_Message]:
    for delivery in deliveries:
        try:
            event = get_provider(provider).parse_event(bytes(delivery.body))
        except Exception as error:
            _fail(delivery, error, progress)
        else:
            yield _Message(delivery, event)


def _fail(delivery: WebhookDelivery, error: Exception, progress: Progress) -> None:
    progress.failed += 1
    outcome = "taken over"
    try:
        if not isinstance(error, inbox.LeaseLost):
            outcome = "failed" if inbox.fail(delivery, error) else "dead"
    except inbox.LeaseLost:
        pass
    if outcome == "taken over":
        logger.warning("Delivery %s was taken over by another worker.", delivery.delivery_id)
    trace(
        "delivery.process",
        seconds=time.perf_counter() - progress.began,
        cause=delivery.trace,
        **_told_of(delivery),
        outcome=outcome,
    )


def _count(progress: Progress, messages: Sequence[_Message], applied: Applied) -> None:
    wanted = sum(message.is_wanted for message in messages)
    progress.processed += wanted
    progress.ignored += len(messages) - wanted
    progress.transitions += applied.transitions
    took = time.perf_counter() - progress.began
    for message in messages:
        note(
            logger,
            "delivery.process",
            seconds=took,
            cause=message.delivery.trace,
            **_told_of(message.delivery),
            outcome="processed" if message.is_wanted else "ignored",
        )
    provider = messages[0].delivery.provider
    progress.customers_to_read |= {(provider, key) for key in applied.customers_to_read}
    progress.unsettled |= {(provider, table, key) for table, key in applied.unsettled}


def _told_of(delivery: WebhookDelivery) -> dict[str, Any]:
    return {
        "provider": delivery.provider,
        "delivery_id": delivery.delivery_id,
        "event_type": delivery.type,
    }
