"""Which usage events a meter counts."""

from collections.abc import Callable, Mapping
from typing import Any

from polar_django.sandbox.models import UsageEvent

__all__ = ["MISSING", "matches", "property_of"]

# What a property is that an event does not have; None is a value.
MISSING = object()


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, wanted: Any) -> bool:
        return _kind(value) == _kind(wanted) and test(value, wanted)

    return compare


def _kind(value: Any) -> str:
    """Numbers compare with numbers, text with text, and nothing with anything else."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "other"


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": _compare(lambda value, wanted: value == wanted),
    "ne": _compare(lambda value, wanted: value != wanted),
    "gt": _compare(lambda value, wanted: value > wanted),
    "gte": _compare(lambda value, wanted: value >= wanted),
    "lt": _compare(lambda value, wanted: value < wanted),
    "lte": _compare(lambda value, wanted: value <= wanted),
    "like": lambda value, wanted: isinstance(value, str) and str(wanted) in value,
    "not_like": lambda value, wanted: isinstance(value, str) and str(wanted) not in value,
}


def matches(clause: Mapping[str, Any], event: UsageEvent) -> bool:
    """Whether an event fits a filter, or a clause of one. An empty list of clauses fits all.

    A property that the event lacks makes its clause false, also for `ne` and `not_like`.
    """
    if "clauses" in clause:
        found = [matches(each, event) for each in clause["clauses"]]
        if not found:
            return True
        return all(found) if clause["conjunction"] == "and" else any(found)
    value = property_of(event, clause["property"])
    return value is not MISSING and OPERATORS[clause["operator"]](value, clause["value"])


def property_of(event: UsageEvent, name: str) -> Any:
    """A property by its name: of the event itself, or of its metadata, dots leading inwards."""
    if name in ("name", "source"):
        return getattr(event, name)
    if name == "timestamp":
        return int(event.timestamp.timestamp())
    value: Any = event.metadata
    for part in name.removeprefix("metadata.").split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value
