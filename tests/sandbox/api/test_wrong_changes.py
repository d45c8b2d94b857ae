"""Whatever a change names, one thing at a time: null, far too much, far too long, or nothing."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
from django.db import transaction

from polar_django.sandbox.api.routes import api as routes
from tests.sandbox.api.busy import busy, existing, open_portal
from tests.sandbox_fixtures import SandboxInTests

__all__ = ["busy"]

WRONG: tuple[Any, ...] = (None, 10**30, -(10**30), "x" * 600, "", [], {})
# As recorded from a real server: the one crash that the sandbox repeats.
POLARS_OWN = ("/v1/products/{}", {"name": None})


def alternatives(schema: Any, known: Any) -> Iterator[Any]:
    if "$ref" in schema:
        schema = known[schema["$ref"].rsplit("/", 1)[1]]
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    for each in inner:
        yield from alternatives(each, known)
    if not inner:
        yield schema


def changes() -> Iterator[tuple[str, dict[str, Any], str]]:
    """(path, what has to be named, the name to get wrong) of every PATCH."""
    document: Any = routes.get_openapi_schema(path_prefix="/v1/")
    known = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        content = operations.get("patch", {}).get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        for each in alternatives(schema, known):
            fields = each.get("properties", {})
            consts = {name: field["const"] for name, field in fields.items() if "const" in field}
            for name in fields:
                yield path, {key: value for key, value in consts.items() if key != name}, name


def addresses(path: str, known: dict[str, list[str]]) -> str:
    """The path with the ids of the newest of what it names."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if part.startswith("{"):
            before = next(each for each in reversed(parts[:index]) if not each.startswith("{"))
            parts[index] = known.get(before, ["x"])[-1]
    return "/".join(parts)


def test_no_change_makes_the_sandbox_crash(busy: SandboxInTests) -> None:
    known, statuses, crashes = existing(), Counter[int](), []
    headers = {"Authorization": f"Bearer {open_portal(busy)}"}
    portal = httpx.Client(base_url=busy.api.base_url, transport=busy.transport, headers=headers)
    for path, named, name in changes():
        api = portal if "/customer-portal/" in path else busy.api
        for wrong in WRONG:
            body = {**named, name: wrong}
            if (re.sub(r"\{[^}]+\}", "{}", path), body) == POLARS_OWN:
                continue
            # What was changed by chance is as it was for the next.
            with transaction.atomic():
                answer = api.patch(addresses(path, known), json=body)
                transaction.set_rollback(True)
            statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                crashes.append(f"{path} {name}={str(wrong)[:40]}")
                print(crashes[-1], flush=True)

    assert crashes == []
    assert statuses[422] > 300
    assert statuses[200] > 50
