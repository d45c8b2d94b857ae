"""Usage events, in Polar's own call."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from polar_django.exceptions import InvalidRequest
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import Json, whole_or_zero
from polar_django.providers.usage import IngestedUsage, UsageFact

__all__ = ["PolarUsage"]


class PolarUsage(PolarCalls):
    """What customers used."""

    def ingest_usage(self, facts: Sequence[UsageFact]) -> IngestedUsage:
        events = [_event(fact) for fact in facts]
        try:
            reply = self.client.ingest_events(events)
        except InvalidRequest as error:
            refused = _refused(error, events)
            if not refused:
                raise
            return IngestedUsage(answered_at=error.answered_at or timezone.now(), refused=refused)
        data = object_in(reply)
        return IngestedUsage(
            # Our own clock will do where a proxy took theirs away: an early time would mean that a
            # meter has reckoned these events long ago.
            answered_at=reply.answered_at or timezone.now(),
            inserted=whole_or_zero(data.get("inserted")),
            duplicates=whole_or_zero(data.get("duplicates")),
        )


def _event(fact: UsageFact) -> dict[str, Any]:
    given = {name: value for name, value in asdict(fact).items() if value}
    return {**given, "timestamp": fact.timestamp.isoformat()}


def _refused(error: InvalidRequest, events: Sequence[Json]) -> dict[int, tuple[str, ...]]:
    """The fields by event, from Polar's list of errors; {} where one of them names no event.

    A place is `body.events.3.EventCreateCustomer.timestamp`, the schema's name only sometimes in
    it. Each schema of the union complains for itself, also of what only the other one has: such
    fields were not sent, and are left out.
    """
    found: dict[int, list[str]] = {}
    for problem in error.errors:
        loc = problem.get("loc")
        if not isinstance(loc, list) or loc[:2] != ["body", "events"] or len(loc) < 4:
            return {}
        index = loc[2]
        if not isinstance(index, int) or not 0 <= index < len(events):
            return {}
        inner = [str(part) for part in loc[3:] if not str(part).startswith("EventCreate")]
        found.setdefault(index, []).extend(inner[:1])
    return {index: _sent(names, events[index]) for index, names in found.items()}


def _sent(names: Sequence[str], event: Json) -> tuple[str, ...]:
    known = [name for name in names if name in event]
    return tuple(dict.fromkeys(known or names))
