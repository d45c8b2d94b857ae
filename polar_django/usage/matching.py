"""Which events a meter counts, and what it makes of them, as far as that can be told here.

Polar's own rules: a property that an event lacks makes its clause false, whatever the operator;
text compares with text and numbers with numbers; a filter without clauses fits everything.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from polar_django.models import UsageEvent

__all__ = ["units_in"]

_MISSING = object()
_USER = "user"
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def units_in(meter: Mapping[str, Any], events: Iterable[UsageEvent]) -> float | None:
    """How many units of this meter (Polar's object) the events are; only a count or a sum adds up.

    None for another aggregation, and where the object does not say what it counts.
    """
    wanted, aggregation = meter.get("filter"), meter.get("aggregation")
    if not isinstance(wanted, Mapping) or not isinstance(aggregation, Mapping):
        return None
    function = aggregation.get("func")
    if function not in ("count", "sum"):
        return None
    counted = (event for event in events if _fits(wanted, event))
    if function == "count":
        return float(sum(1 for _ in counted))
    values = (_property(event, str(aggregation.get("property"))) for event in counted)
    return float(sum(value for value in values if _kind(value) == "number"))


def _fits(clause: Mapping[str, Any], event: UsageEvent) -> bool:
    inner = clause.get("clauses")
    if isinstance(inner, list):
        found = [_fits(each, event) for each in inner if isinstance(each, Mapping)]
        return not found or (any(found) if clause.get("conjunction") == "or" else all(found))
    value = _property(event, str(clause.get("property")))
    return value is not _MISSING and _holds(str(clause.get("operator")), value, clause.get("value"))


def _holds(name: str, value: Any, wanted: Any) -> bool:
    if name in ("like", "not_like"):
        return isinstance(value, str) and (str(wanted) in value) == (name == "like")
    compare = _COMPARISONS.get(name)
    return (
        compare is not None and _kind(value) == _kind(wanted) != "other" and compare(value, wanted)
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


def _property(event: UsageEvent, name: str) -> Any:
    """Of the event itself, or of its metadata, where dots lead inwards."""
    if name == "name":
        return event.name
    if name == "source":
        return _USER
    if name == "timestamp":
        return int(event.timestamp.timestamp())
    value: Any = event.metadata
    for part in name.removeprefix("metadata.").split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _MISSING
        value = value[part]
    return value
