"""From bytes to JSON that a database can store.

PostgreSQL refuses NUL in text, lone surrogates and numbers that are not finite, and JSON allows
the escapes of the first two; Python's reader lets the third through. It refuses whole numbers of
more than 4,300 digits itself, and the whole body with them.
"""

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from polar_django.exceptions import MalformedPayload

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def _finite(text: str) -> float | None:
    value = float(text)
    return value if isfinite(value) else None


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)
# Half as fast again, for it is asked about each whole number.
_PATIENT_DECODER = json.JSONDecoder(
    parse_float=_finite, parse_int=_whole, parse_constant=lambda _: None
)


def read_json(body: bytes) -> Any:
    """The JSON value in a body of UTF-8, cleaned of what no database stores.

    Raises MalformedPayload where it is not JSON.
    """
    try:
        value = _decoded(body.decode())
        # Both can only come from escapes: raw ones are neither UTF-8 nor JSON.
        if b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body:
            return _cleaned(value)
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("The body is not JSON in UTF-8.") from error
    return value


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # It is JSON, with a number that Python does not read.
        return _PATIENT_DECODER.decode(text)


def read_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body. Raises MalformedPayload where it is something else."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise MalformedPayload("The body is JSON, but not an object.")
    return value


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return value
