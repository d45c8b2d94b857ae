"""Every route of Polar's own document, and what may be asked of it: section 10 of the spec."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from polar_django.sandbox.api.routes import api as routes
from tests.sandbox.polars_schema import OPENAPI
from tests.sandbox_fixtures import SandboxInTests

pytestmark = pytest.mark.skipif(not OPENAPI.is_file(), reason="needs ../shared/spec/openapi")

# What the sandbox leaves out: lists that are always empty, and statistics.
TIER_C = re.compile(
    r"/v1/(payments|disputes|metrics|event-types|oauth2|customer-portal/wallets)/.*"
)
# The sandbox has one organization: nothing to sort.
UNSORTED = "/v1/organizations/"

Parameter = tuple[str, str, Any]


def document() -> Any:
    return json.loads(OPENAPI.read_text(encoding="utf-8"))


def nameless(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def ours() -> dict[tuple[str, str], Any]:
    schema: Any = routes.get_openapi_schema(path_prefix="/v1/")
    return {
        (method, nameless(path)): operation
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    }


def asked(document: Any) -> Iterator[Parameter]:
    """(path, name, schema) of every parameter of a list that the sandbox really has."""
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "query" and not TIER_C.fullmatch(path):
                yield path, parameter["name"], parameter["schema"]


def words(document: Any, schema: Any) -> set[str]:
    """What an enumerated parameter may be; nothing where it may be anything."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    found = set(map(str, schema.get("enum", ())))
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if "items" in schema:
        inner.append(schema["items"])
    return found.union(*(words(document, each) for each in inner))


def test_the_sandbox_has_every_route_of_polars() -> None:
    here = ours()
    missing = [
        f"{method} {path}"
        for path, operations in document()["paths"].items()
        for method in operations
        if (method, nameless(path)) not in here
    ]
    assert missing == []


def test_every_filter_of_polars_is_one_of_ours() -> None:
    here, compared = ours(), 0
    for path, name, _ in asked(document()):
        if name == "metadata" or (path, name) == (UNSORTED, "sorting"):
            # Read from `metadata[key]`, which no schema of ours describes.
            continue
        known = {each["name"] for each in here["get", nameless(path)]["parameters"]}
        assert name in known, f"{path} ?{name}="
        compared += 1
    assert compared > 150


def test_words_that_polar_does_not_know_are_refused_and_its_own_are_not(
    bare_sandbox: SandboxInTests,
) -> None:
    polar, statuses = document(), Counter[int]()
    for path, name, schema in asked(polar):
        known = words(polar, schema)
        # A time zone's names are not Polar's, and the portal has its own tokens.
        if not known or name == "timezone" or "{" in path or "customer-portal" in path:
            continue
        if (path, name) == (UNSORTED, "sorting"):
            continue
        for asked_for, expected in ((sorted(known), 200), (["no-such-word"], 422)):
            answer = bare_sandbox.api.get(path, params={name: asked_for})
            assert answer.status_code == expected, f"{path} ?{name}={asked_for}: {answer.text}"
            statuses[expected] += 1
    assert statuses[200] == statuses[422] > 25


def test_usage_is_combined_over_customers_in_every_way(bare_sandbox: SandboxInTests) -> None:
    api = bare_sandbox.api
    body = {
        "name": "Calls",
        "filter": {"conjunction": "and", "clauses": []},
        "aggregation": {"func": "sum", "property": "n"},
    }
    meter = api.post("/v1/meters/", json=body).json()
    events = [
        {"name": "call", "external_customer_id": who, "metadata": {"n": number}}
        for who, number in (("u-1", 1), ("u-1", 2), ("u-2", 3), ("u-3", 6))
    ]
    assert api.post("/v1/events/ingest", json={"events": events}).status_code == 200

    def total(how: str) -> float:
        span = "start_timestamp=2026-01-01T00:00:00Z&end_timestamp=2100-01-01T00:00:00Z"
        path = f"/v1/meters/{meter['id']}/quantities?{span}&interval=year"
        answer = api.get(f"{path}&customer_aggregation_function={how}")
        return float(answer.json()["total"])

    found = {how: total(how) for how in ("count", "sum", "max", "min", "avg", "unique")}
    assert found == {"count": 3, "sum": 12, "max": 6, "min": 3, "avg": 4, "unique": 2}


def test_no_two_bodies_share_a_name() -> None:
    """One would stand for both in the sandbox's description of itself, which schemathesis reads."""

    def subclasses(kind: type) -> Iterator[type]:
        for each in kind.__subclasses__():
            yield each
            yield from subclasses(each)

    bodies = {
        each
        for each in subclasses(BaseModel)
        if each.__module__.startswith("polar_django.sandbox.api") and each.__name__[0] != "_"
    }
    # A query is taken apart: it has no component of its own.
    names = Counter(each.__name__ for each in bodies if not each.__name__.endswith("Filters"))
    assert [name for name, count in names.items() if count > 1] == []
