"""What is left on a meter: what the provider last said, and what it cannot know yet."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from polar_django.models import CustomerMeter, Meter, UsageEvent
from polar_django.subscribers import is_subscriber
from polar_django.usage.matching import units_in

__all__ = ["MeterBalance", "meter_balance", "unreckoned_units"]

logger = logging.getLogger(__name__)

# Polar needs three hours at most, and `reconcile` finds within six what was not delivered.
_RECKONED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class MeterBalance:
    """One subscriber's meter, in the meter's units.

    `consumed`, `credited` and `balance` are the provider's, as of `reckoned_at` (its clock), None
    where it has reckoned nothing yet. `unreckoned` is what was recorded here since: not sent, or
    sent and not in those figures; None where that cannot be told here, because the meter takes a
    maximum, minimum, average or number of different values.
    """

    meter_id: str
    consumed: float = 0.0
    credited: float = 0.0
    balance: float = 0.0
    unreckoned: float | None = 0.0
    reckoned_at: datetime | None = None

    @property
    def available(self) -> float:
        """What is left when everything recorded has been reckoned; below 0 where too much was
        used."""
        return self.balance - (self.unreckoned or 0.0)


def meter_balance(subscriber: Any, meter: str) -> MeterBalance:
    """What this subscriber has left on a meter, named by its key or id. Three queries, no call.

    The provider reckons late: Polar 15 seconds after a customer's last event, at most three hours.
    So what was recorded here since is counted too, by the meter's own filter. That is not a lock:
    two requests at once may each see the last units. Events that somebody else sends to the
    provider are known when it has reckoned them.

    A meter that the mirror does not know holds nothing, and is logged. Raises TypeError for what is
    no subscriber.
    """
    if not is_subscriber(subscriber):
        raise TypeError("A balance is a subscriber's.")
    named = Meter.objects.filter(Q(key=meter) | Q(pk=meter))
    # One that is archived leaves its key to a living one.
    known = named.order_by(F("archived_at").desc(nulls_first=True), "created_at", "pk").first()
    if known is None:
        logger.warning("The mirror has no meter of that key or id: `polar_sync` reads them.")
        return MeterBalance(meter_id=meter)
    rows = list(CustomerMeter.objects.for_subscriber(subscriber).filter(meter=known))
    unreckoned = unreckoned_units(subscriber, {known: rows})
    return MeterBalance(
        meter_id=known.pk,
        consumed=sum(row.consumed_units for row in rows),
        credited=sum(row.credited_units for row in rows),
        balance=sum(row.balance for row in rows),
        unreckoned=unreckoned[known],
        reckoned_at=_reckoned_at(rows),
    )


def unreckoned_units(
    subscriber: Any, meters: Mapping[Meter, Sequence[CustomerMeter]]
) -> dict[Meter, float | None]:
    """What was recorded for this subscriber since each meter was reckoned. One query for all.

    `meters` are the meters with the subscriber's rows of each. Of a meter that has not changed for
    long only the last day is looked at: what was sent before is reckoned, or not the meter's.
    """
    if not meters:
        return {}
    moments = {meter: _since(rows) for meter, rows in meters.items()}
    recorded = UsageEvent.objects.filter(
        Q(sent_at=None) | Q(sent_at__gt=min(moments.values())), subscriber=subscriber
    ).exclude(state=UsageEvent.State.DEAD)
    events = list(recorded.only("name", "timestamp", "metadata", "sent_at"))
    return {
        meter: units_in(
            meter.raw, [event for event in events if event.sent_at is None or event.sent_at > since]
        )
        for meter, since in moments.items()
    }


def _since(rows: Sequence[CustomerMeter]) -> datetime:
    """On the provider's clock, which is never behind ours by a day."""
    latest = timezone.now() - _RECKONED_WITHIN
    return max(_reckoned_at(rows) or latest, latest)


def _reckoned_at(rows: Sequence[CustomerMeter]) -> datetime | None:
    """When the provider last made these figures; of several customers' the earliest."""
    moments = [row.modified_at or row.created_at or row.as_of for row in rows]
    return min((moment for moment in moments if moment is not None), default=None)
