"""Reading one JSON value as what a column can hold, whatever is there.

A missing value, an older shape or a wrong type gives the default, never an error: only an object's
own `id` must be known. Texts are cut at the width of their column; ids, keys and currencies that
are too long to be one are none, because half of one would be another's.
"""

from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from polar_django.exceptions import MalformedPayload

Json = Mapping[str, Any]

ID_LENGTH = 255
_INT64 = 2**63
_INT32 = 2**31
_UNIT_AMOUNT_LIMIT = Decimal(10) ** 17
_UNIT_AMOUNT_STEP = Decimal(1).scaleb(-12)


def required_id(data: Json) -> str:
    """The object's own id. Raises MalformedPayload where it has none."""
    found = identifier(data.get("id"))
    if found is None:
        raise MalformedPayload("The object has no id.")
    return found


def identifier(value: Any) -> str | None:
    if isinstance(value, str) and 0 < len(value) <= ID_LENGTH:
        return value
    return None


def identifier_or_of(value: Any, embedded: Any) -> str | None:
    """An id, else the id of the embedded copy: the oldest payloads carry only that."""
    return identifier(value) or identifier(mapping(embedded).get("id"))


def text(value: Any, width: int = 255, default: str = "") -> str:
    return value[:width] if isinstance(value, str) else default


def optional_text(value: Any, width: int = 255) -> str | None:
    return value[:width] if isinstance(value, str) else None


def word(value: Any, default: str = "") -> str:
    """An enum's value, unknown ones as they came."""
    return value[:32] if isinstance(value, str) and value else default


def optional_word(value: Any) -> str | None:
    return value[:32] if isinstance(value, str) and value else None


def currency(value: Any) -> str:
    """The three letters of a currency."""
    return value if isinstance(value, str) and len(value) <= 3 else ""


def flag(value: Any, default: bool = False) -> bool:
    return value if isinstance(value, bool) else default


def moment(value: Any) -> datetime | None:
    """A time in aware UTC; one without an offset is taken as UTC.

    At the ends of the calendar it is none: no time zone could show it, and nothing be added to it.
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not UTC:
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if MINYEAR < found.year < MAXYEAR else None


def whole(value: Any) -> int | None:
    """A whole number that fits 64 bits: money in minor units."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64:
        return value
    return None


def whole_or_zero(value: Any) -> int:
    return whole(value) or 0


def whole_or(value: Any, reckoned: Any) -> int:
    """The number, else what it must be by others that were sent; 0 where neither fits."""
    found = whole(value)
    return whole_or_zero(reckoned) if found is None else found


def count(value: Any) -> int | None:
    """A number of things: not negative, within 32 bits."""
    found = whole(value)
    return found if found is not None and 0 <= found < _INT32 else None


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    try:
        found = float(value)
    except OverflowError:
        return 0.0
    return found if isfinite(found) else 0.0


def unit_amount(value: Any) -> Decimal | None:
    """A decimal number of minor units, sent as text, with up to 12 places."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value))
        if not found.is_finite() or abs(found) >= _UNIT_AMOUNT_LIMIT:
            return None
        return found.quantize(_UNIT_AMOUNT_STEP)
    except (ArithmeticError, ValueError):  # decimal's own errors are the former
        return None


def mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def optional_mapping(value: Any) -> Json | None:
    return value if isinstance(value, dict) else None


def objects(value: Any) -> Iterator[Json]:
    """The members of a list that are objects with an id."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and identifier(item.get("id")):
                yield item


def key_in(metadata: Json) -> str:
    """The name a project gives an object: `metadata["key"]`, where it is text."""
    return identifier(metadata.get("key")) or ""
