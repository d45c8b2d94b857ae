"""What a usage event may hold: Polar's limits, looked at when the event is recorded.

One that the provider refused later would be found by nobody who could still mend it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from django.utils import timezone

from polar_django.exceptions import InvalidRequest

__all__ = ["check_contents", "check_moment", "check_text", "round_cost"]

_MOST_KEYS = 50
_LONGEST_KEY = 40
_LONGEST_VALUE = 500
_LONGEST_NAME = 128
_LARGEST = 2**63
# Of what an event has cost: five digits of whole cents, twelve after the point.
_DEAREST = 100_000
_COST_PLACES = 12
# Of the model that was asked; each is needed but `cached_input_tokens`, and so are the two names.
_TOKENS = ("input_tokens", "output_tokens", "total_tokens", "cached_input_tokens")
_NAMES = ("vendor", "model")
_WORDS = ("prompt", "response")
# Clocks of two machines differ; an event from a little ahead is sent when its time has come.
_AHEAD = timedelta(minutes=5)


def check_contents(name: str, metadata: Mapping[str, Any]) -> None:
    """Raise InvalidRequest (`code` "usage_refused") for what Polar would not accept."""
    check_text("name", name, _LONGEST_NAME)
    if not isinstance(metadata, Mapping):
        raise _refusal("metadata", "a mapping")
    if len(metadata) > _MOST_KEYS:
        raise _refusal("metadata", f"a mapping of at most {_MOST_KEYS} keys")
    for key, value in metadata.items():
        check_text("metadata", key, _LONGEST_KEY)
        if key == "_cost":
            _check_cost("metadata._cost", value)
        elif key == "_llm":
            _check_model("metadata._llm", value)
        else:
            _check_value("metadata", value)


def round_cost(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The same, its cost a number that Polar can read: a float that was reckoned has often more
    places than are taken (0.1 + 0.2), and is no mistake of anybody's."""
    cost = metadata.get("_cost")
    if cost is None or isinstance(cost["amount"], int):
        return dict(metadata)
    amount = round(float(cost["amount"]), _COST_PLACES)
    return {**metadata, "_cost": {**cost, "amount": amount}}


def check_moment(at: datetime) -> None:
    """Raise InvalidRequest for a time without a zone, or one that is yet to come."""
    if timezone.is_naive(at):
        raise _refusal("timestamp", "an aware time")
    if at > timezone.now() + _AHEAD:
        raise _refusal("timestamp", "a time that has come")


def check_text(field: str, value: Any, longest: int) -> None:
    """Raise InvalidRequest for what is no text of 1 to `longest` characters, or cannot be kept."""
    if not isinstance(value, str) or not value:
        raise _refusal(field, "text, and not empty")
    _check_characters(field, value, longest)


def _check_value(field: str, value: Any) -> None:
    if isinstance(value, str):
        check_text(field, value, _LONGEST_VALUE)
    elif isinstance(value, float):
        if not isfinite(value):
            raise _refusal(field, "numbers that are finite")
    elif isinstance(value, int):
        if not -_LARGEST <= value < _LARGEST:
            raise _refusal(field, "whole numbers of at most 64 bits")
    else:
        raise _refusal(field, "text, whole numbers, floats and booleans")


def _check_cost(field: str, value: Any) -> None:
    """What an event has cost: `amount` in cents, as a number or text, and `currency` "usd"."""
    if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
        raise _refusal(field, "a mapping with an amount in cents and a currency")
    if value["currency"] != "usd":
        raise _refusal(field, 'in the currency "usd"')
    amount = value["amount"]
    try:
        known = isinstance(amount, int | float | str) and not isinstance(amount, bool)
        number = Decimal(str(amount)) if known else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= _DEAREST:
        raise _refusal(field, f"an amount of less than {_DEAREST} cents")


def _check_model(field: str, value: Any) -> None:
    """Which model was asked, and how many tokens that took."""
    if not isinstance(value, Mapping) or not {*_NAMES, *_TOKENS[:3]} <= set(value):
        raise _refusal(field, f"a mapping with {', '.join((*_NAMES, *_TOKENS[:3]))}")
    for key, inner in value.items():
        if key in _TOKENS:
            if not isinstance(inner, int) or isinstance(inner, bool):
                raise _refusal(field, "whole numbers of tokens")
            _check_value(field, inner)
        elif key in _NAMES or (key in _WORDS and inner is not None):
            if not isinstance(inner, str):
                raise _refusal(field, "text where Polar asks for text")
            _check_characters(field, inner)
        elif key not in _WORDS:
            raise _refusal(field, f"without {key!r}, which Polar does not know there")


def _check_characters(field: str, value: str, longest: int | None = None) -> None:
    if longest is not None and len(value) > longest:
        raise _refusal(field, f"text of at most {longest} characters")
    # PostgreSQL keeps neither, and JSON allows both.
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _refusal(field, "text without NUL and halves of characters")


def _refusal(field: str, wanted: str) -> InvalidRequest:
    message = f"A usage event's {field} must be {wanted}."
    return InvalidRequest(
        message, code="usage_refused", errors=[{"loc": field.split("."), "msg": message}]
    )
