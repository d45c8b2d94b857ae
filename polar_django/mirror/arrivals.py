"""What parsed deliveries bring for the mirror: versions, news, and customer states. No queries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from polar_django.mirror import customer_state
from polar_django.mirror.transitions import entry
from polar_django.mirror.versions import Cause, Version
from polar_django.models import Transition
from polar_django.models.fields import ID_LENGTH
from polar_django.snapshots import Event

__all__ = ["Arrival", "news_in", "states_in", "versions_in"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A parsed delivery on its way into the mirror.

    `news` names what is to be told beside its changes: the event type where an `@on` handler waits
    for it, `webhook_processed` where that signal has receivers.
    """

    event: Event
    delivery_pk: int | None = None
    news: tuple[str, ...] = ()


def versions_in(arrivals: Iterable[Arrival]) -> list[Version]:
    """A version of each object the deliveries hold whole, and what their states add."""
    versions: list[Version] = []
    for arrival in arrivals:
        event = arrival.event
        about = Cause(Transition.Source.DELIVERY, arrival.delivery_pk)
        versions.extend(
            Version(event.provider, seen.snapshot, event.timestamp, about, embedded=seen.embedded)
            for seen in event.observations
        )
        if event.state:
            versions.extend(
                customer_state.versions_in(event.state, event.provider, event.timestamp, about)
            )
    return versions


def states_in(arrivals: Iterable[Arrival]) -> list[Event]:
    """The events that hold a customer state."""
    return [arrival.event for arrival in arrivals if arrival.event.state]


def news_in(arrivals: Iterable[Arrival]) -> Iterator[Transition]:
    """The outbox rows that tell of the deliveries themselves."""
    for arrival in arrivals:
        for name in arrival.news:
            yield entry(
                name,
                provider=arrival.event.provider,
                object_type="webhookdelivery",
                object_id=str(arrival.delivery_pk or ""),
                customer_id=_customer_in(arrival.event),
                delivery_id=arrival.delivery_pk,
                source=Transition.Source.DELIVERY,
                happened_at=arrival.event.timestamp,
            )


def _customer_in(event: Event) -> str | None:
    """The id of the customer an event is about, as far as its data tells.

    The event may be of a type nobody knows, so that anything may stand there.
    """
    name = "id" if event.type.startswith("customer.") and "id" in event.data else "customer_id"
    found = event.data.get(name)
    return found if isinstance(found, str) and 0 < len(found) <= ID_LENGTH else None
