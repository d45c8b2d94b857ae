"""Objects made from Polar's OpenAPI document: every field has a value that no other has."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from tests.sandbox.polars_schema import OPENAPI

__all__ = ["OPENAPI", "examples_of", "examples_of_events"]

# Before every event of the tests.
_BEGINNING = datetime(2026, 11, 20, tzinfo=UTC)
# Deeper, the objects of the document repeat themselves.
_DEPTH = 4


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return found


def examples_of_events() -> Iterator[tuple[str, dict[str, Any]]]:
    """Type and data of every event, once for each shape that its data may have."""
    for event_type, described in document()["webhooks"].items():
        content = described["post"]["requestBody"]["content"]["application/json"]
        payload = _resolved(content["schema"])
        for shape in _shapes(payload["properties"]["data"]):
            yield event_type, _Maker().made(shape)


def examples_of(name: str) -> Iterator[dict[str, Any]]:
    """An object of the API, once for each shape that it may have."""
    for shape in _shapes(document()["components"]["schemas"][name]):
        yield _Maker().made(shape)


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _shapes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a value may be, but null."""
    schema = _resolved(schema)
    among = schema.get("oneOf") or schema.get("anyOf")
    if among is None:
        yield schema
        return
    for each in among:
        if each.get("type") != "null":
            yield from _shapes(each)


class _Maker:
    """Values of one example, all of them different."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def made(self, schema: dict[str, Any], name: str = "", depth: int = 0) -> Any:
        """An array has an item of every shape there is; anything else is of the last shape."""
        *_, shape = _shapes(schema)
        if "const" in shape:
            return shape["const"]
        if "enum" in shape:
            return shape["enum"][-1]
        return getattr(self, f"_{shape.get('type', 'object')}")(shape, name, depth)

    def _object(self, shape: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
        if "properties" not in shape:
            return {"key": f"{name}-{next(self._numbers)}"}
        return {
            key: self.made(each, key, depth + 1)
            for key, each in shape["properties"].items()
            if depth < _DEPTH or key == "id"
        }

    def _array(self, shape: dict[str, Any], name: str, depth: int) -> list[Any]:
        return [self.made(each, name, depth + 1) for each in _shapes(shape.get("items", {}))]

    def _string(self, shape: dict[str, Any], name: str, depth: int) -> str:
        number = next(self._numbers)
        if shape.get("format") == "date-time":
            return (_BEGINNING + timedelta(minutes=number, microseconds=number)).isoformat()
        if str(shape.get("format")).startswith("uuid"):
            return str(UUID(int=number))
        if "currency" in name:
            return f"x{number:02}"[-3:]
        if "pattern" in shape:
            return f"{number}.5"
        return f"{name} {number}"

    def _integer(self, shape: dict[str, Any], name: str, depth: int) -> int:
        return 1000 + next(self._numbers)

    def _number(self, shape: dict[str, Any], name: str, depth: int) -> float:
        return next(self._numbers) + 0.5

    def _boolean(self, shape: dict[str, Any], name: str, depth: int) -> bool:
        return True
