"""Whether what stands says what is wanted: every wanted value is there, and more may be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["match_prices", "says"]


def says(current: Any, wanted: Any) -> bool:
    """Whether `current` holds `wanted`: tables by the wanted names, lists item by item.

    Numbers are compared as numbers ("0.50" is 0.5: metered prices come as text), moments as
    moments.
    """
    if isinstance(wanted, Mapping):
        return isinstance(current, Mapping) and all(
            name in current and says(current[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(current, list | tuple)
            and len(current) == len(wanted)
            and all(map(says, current, wanted))
        )
    if isinstance(wanted, datetime):
        return isinstance(current, str) and _moment(current) == wanted
    if isinstance(wanted, bool) or isinstance(current, bool):
        return wanted is current
    if isinstance(wanted, int | float) or isinstance(current, int | float):
        return _number(wanted) is not None and _number(wanted) == _number(current)
    return bool(current == wanted)


def match_prices(
    current: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]] | None:
    """What a product has to be sent as `prices`: those that stand by id, and the new ones.

    None where nothing is to be sent. A price cannot be changed: another amount is another price.
    """
    left = list(current)
    result: list[Mapping[str, Any]] = []
    for price in wanted:
        found = next((item for item in left if says(item, price)), None)
        if found is None:
            result.append(price)
        else:
            left.remove(found)
            result.append({"id": found["id"]})
    is_same = not left and all(price.keys() == {"id"} for price in result)
    return None if is_same else result


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
