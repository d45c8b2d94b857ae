"""Polar's own OpenAPI document as a judge of all that the sandbox answers and sends.

The fixture of tests/sandbox_fixtures.py lets every answer of the API and every event pass here, so
that no test has to ask. Without the document beside this checkout nothing is judged.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

OPENAPI = Path(__file__).resolve().parents[3] / "shared" / "spec" / "openapi" / "polar-2026-10.json"

# What the document cannot know, and why.
ROUTES_IT_LACKS = {
    r"DELETE /products/[^/]+": "younger than the document; in the official client",
    r"POST /(customer-portal/)?license-keys/[^/]+/rotate": "younger; in the official client",
    r"GET /customers/[^/]+/members": "younger; in the official client",
    r"GET /customers/external/[^/]+/members": "younger; in the official client",
    r"(POST|GET|PATCH|DELETE) /members/.*": "hidden at Polar, but recorded",
    r"GET /subscriptions/[^/]+/charge-preview": "hidden at Polar, but recorded",
    r"POST /subscriptions/[^/]+/change-preview": "hidden at Polar; its schemas are in the document",
    r"GET /checkout-links/[^/]+/redirect": "the link itself: a redirect",
    r"(GET|PUT) /files/[^/]+/content": "stands for the storage behind Polar",
    r"GET /customer-portal/downloadables/[^/]+": "stands for the storage behind Polar",
    r"POST /checkouts/client/[^/]+/opened": "hidden at Polar",
}
EVENTS_IT_LACKS = {"subscription.migrated": "younger; in the official client"}
# Refusals that any route may give, though the document names them for few or for none.
REFUSALS: Mapping[int, Any] = {
    status: {
        "type": "object",
        "required": ["error", "detail"],
        "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
    }
    for status in (400, 401, 402, 403, 404, 409, 410, 412, 413, 429, 501)
}
INVALID_TOKEN = {"type": "object", "required": ["error", "error_description"]}
# The document requires nothing of it, not even the list.
WITH_LIST = {
    "allOf": [{"$ref": "#/components/schemas/HTTPValidationError"}],
    "required": ["error", "detail"],
}
NO_ROUTE = {"type": "object", "required": ["detail"], "maxProperties": 1}


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return found


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    # Literal parts before parameters: `/customers/external/…` is no customer of id "external".
    paths = sorted(_document()["paths"], key=lambda each: each.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", each)), each) for each in paths]


@cache
def _validator(schema: str) -> Any:
    # Polar's discounts of some months fit two of its own kinds: their duration may be any word.
    components = json.loads(json.dumps(_document()["components"]).replace('"oneOf"', '"anyOf"'))
    whole = {**json.loads(schema), "components": components}
    return jsonschema_rs.Draft202012Validator(whole)


def _complaints(schema: Any, data: Any) -> Iterator[str]:
    for error in _validator(json.dumps(schema)).iter_errors(data):
        if not isinstance(error.instance, str) or error.instance not in EVENTS_IT_LACKS:
            yield f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"


class Judge:
    """Hears answers and events, and keeps what does not fit."""

    def __init__(self) -> None:
        self.is_there = OPENAPI.is_file()
        self.answers = 0
        self.events = 0
        self.complaints: list[str] = []

    def hear_answer(self, method: str, path: str, status: int, content: bytes) -> None:
        """`path` begins with `/v1/`."""
        if not self.is_there:
            return
        self.answers += 1
        for complaint in _about_answer(method, path, status, content):
            self.complaints.append(f"{method} {path} {status} {complaint}")

    def hear_event(self, event_type: str, body: str) -> None:
        if not self.is_there or event_type in EVENTS_IT_LACKS:
            return
        self.events += 1
        words = re.split(r"[._]", event_type)
        name = "Webhook" + "".join(word.capitalize() for word in words) + "Payload"
        if name not in _document()["components"]["schemas"]:
            self.complaints.append(f"{event_type} is no event of Polar's")
            return
        for complaint in _complaints({"$ref": f"#/components/schemas/{name}"}, json.loads(body)):
            self.complaints.append(f"{event_type} {complaint}")


def _about_answer(method: str, path: str, status: int, content: bytes) -> Iterator[str]:
    known = next((name for each, name in _templates() if each.fullmatch(path)), None)
    operation = _document()["paths"][known].get(method.lower()) if known else None
    is_refusal = status >= 400 or 300 <= status < 400
    if operation is None and not is_refusal:
        short = f"{method} {path.removeprefix('/v1')}"
        if not any(re.fullmatch(each, short) for each in ROUTES_IT_LACKS):
            yield "is no route of Polar's"
        return
    described = (operation or {"responses": {}})["responses"].get(str(status))
    if described is None or (is_refusal and not described.get("content")):
        if is_refusal:
            yield from _about_refusal(status, content)
        else:
            yield "is no answer of Polar's"
        return
    if "text/csv" in described.get("content", {}):
        return
    schema = described.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        # Polar answers `null` where it has nothing to say.
        if content not in (b"", b"null"):
            yield "has a body, and should have none"
    elif is_refusal:
        yield from _about_refusal(status, content, schema)
    else:
        yield from _complaints(schema, json.loads(content))


def _about_refusal(status: int, content: bytes, schema: Any = None) -> Iterator[str]:
    """A refusal fits the document's own, or one of those that every route may give."""
    if status in (307, 302, 405) or (status == 429 and not content):
        return
    if status == 500 and not content.startswith(b"{"):
        yield "crashed"
        return
    data = json.loads(content)
    general = [REFUSALS[status]] if status in REFUSALS else []
    if status in (401, 403):
        general.append(INVALID_TOKEN)
    if status == 404 or (status == 400 and set(data) == {"detail"}):
        general.append(NO_ROUTE)
    if status == 422:
        # Some of Polar's own have a text in place of the list.
        general += [WITH_LIST, REFUSALS[400]]
        schema = None
    wanted = [*general, *([schema] if schema is not None else [])]
    if not any(_validator(json.dumps(each)).is_valid(data) for each in wanted):
        yield f"is a refusal in no shape of Polar's: {str(data)[:200]}"
