"""What a usage event may hold: Polar's limits, looked at when the event is recorded.

One that the provider refused later would be found by nobody who could still mend it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from django.utils import timezone

from polar_django.exceptions import InvalidRequest

__all__ = ["check_contents", "check_moment", "check_text"]

# Two keys have a shape of their own: what an event has cost, and which model was asked.
_NESTED = ("_cost", "_llm")
_MOST_KEYS = 50
_LONGEST_KEY = 40
_LONGEST_VALUE = 500
_LONGEST_NAME = 128
_LARGEST = 2**63
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
        if key in _NESTED and isinstance(value, Mapping):
            for inner_key, inner in value.items():
                check_text(f"metadata.{key}", inner_key, _LONGEST_KEY)
                _check_value(f"metadata.{key}", inner)
        else:
            _check_value("metadata", value)


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
        _check_characters(field, value, _LONGEST_VALUE)
    elif isinstance(value, float):
        if not isfinite(value):
            raise _refusal(field, "numbers that are finite")
    elif isinstance(value, int):
        if not -_LARGEST <= value < _LARGEST:
            raise _refusal(field, "whole numbers of at most 64 bits")
    else:
        raise _refusal(field, "text, whole numbers, floats and booleans")


def _check_characters(field: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise _refusal(field, f"text of at most {longest} characters")
    # PostgreSQL keeps neither, and JSON allows both.
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _refusal(field, "text without NUL and halves of characters")


def _refusal(field: str, wanted: str) -> InvalidRequest:
    message = f"A usage event's {field} must be {wanted}."
    return InvalidRequest(
        message, code="usage_refused", errors=[{"loc": field.split("."), "msg": message}]
    )
