"""Whether what stands says what is wanted: every wanted value is there, and more may be."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["match_prices", "says"]

# Recorded: what was sent as "0.5" is listed as "0.500000000000".
_NUMBERS_AS_TEXT = frozenset({"unit_amount"})
# Recorded: how a price that was sent as `free` is answered.
_FREE = {"amount_type": "fixed", "price_amount": 0}


def says(current: Any, wanted: Any) -> bool:
    """Whether `current` holds `wanted`: tables by the wanted names, lists item by item.

    Numbers are compared as numbers, also with text that says one, and amounts that come as text;
    moments as moments.
    """
    if isinstance(wanted, Mapping):
        return isinstance(current, Mapping) and all(
            name in current
            and (_is_same_number if name in _NUMBERS_AS_TEXT else says)(current[name], value)
            for name, value in wanted.items()
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
        return _is_same_number(current, wanted)
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
        listed = {**price, **_FREE} if price.get("amount_type") == "free" else price
        found = next((item for item in left if says(item, listed)), None)
        if found is None:
            result.append(price)
        else:
            left.remove(found)
            result.append({"id": found["id"]})
    is_same = not left and all(price.keys() == {"id"} for price in result)
    return None if is_same else result


def _is_same_number(current: Any, wanted: Any) -> bool:
    return _number(wanted) is not None and _number(wanted) == _number(current)


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
