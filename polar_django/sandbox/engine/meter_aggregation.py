"""What a meter makes of the events it counts: one number."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from polar_django.sandbox.engine.meter_filter import MISSING, property_of
from polar_django.sandbox.models import UsageEvent

__all__ = ["aggregate", "combine"]

Numbers = Sequence[float]
LARGEST = sys.float_info.max

FUNCTIONS: Mapping[str, Callable[[Numbers], float]] = {
    "count": lambda numbers: float(len(numbers)),
    "unique": lambda numbers: float(len(set(numbers))),
    "sum": lambda numbers: sum(map(float, numbers)),
    "max": lambda numbers: float(max(numbers, default=0)),
    "min": lambda numbers: float(min(numbers, default=0)),
    "avg": lambda numbers: sum(map(float, numbers)) / len(numbers) if numbers else 0.0,
}


def aggregate(aggregation: Mapping[str, Any], events: Iterable[UsageEvent]) -> float:
    """count, sum, max, min, avg or unique of `events`; 0 where there are none."""
    if aggregation["func"] == "count":
        return float(sum(1 for _ in events))
    found = [property_of(event, aggregation["property"]) for event in events]
    values = [value for value in found if value is not MISSING and value is not None]
    if aggregation["func"] == "unique":
        # 1, 1.0, True and "1" are different things in JSON, not in Python.
        return float(len({(type(value).__name__, str(value)) for value in values}))
    return combine(aggregation["func"], [each for each in values if _is_number(each)])


def combine(function: str, numbers: Numbers) -> float:
    """count, sum, max, min, avg or unique of numbers; 0 where there are none."""
    # JSON has no infinity, which the sum of very large numbers would be.
    return max(-LARGEST, min(LARGEST, FUNCTIONS[function](numbers)))


def _is_number(value: Any) -> bool:
    """Whether it counts. JSON's integers may be larger than any number of a database's."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST <= value <= LARGEST
