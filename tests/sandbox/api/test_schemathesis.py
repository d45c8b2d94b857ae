"""Whatever fits the sandbox's own OpenAPI, and what almost fits, is answered below 500.

schemathesis makes the requests from the description; half of them name objects that exist, in the
address and in the body, so that more than the refusals is asked for.
"""

import os
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from polar_django.sandbox.api.routes import api as routes
from polar_django.sandbox.conf import get_settings
from tests.sandbox.api.busy import busy, existing, open_portal
from tests.sandbox.polars_schema import Judge
from tests.sandbox_fixtures import BASE_URL, SandboxInTests

__all__ = ["busy"]

# For each of some 200 operations; together they take less than a minute on a quiet machine. More:
# `POLAR_SCHEMATHESIS_EXAMPLES=50 python -m pytest tests/sandbox/api/test_schemathesis.py`, and only
# the operations whose address has a word in it: `POLAR_SCHEMATHESIS_ONLY=checkouts`.
EXAMPLES = int(os.environ.get("POLAR_SCHEMATHESIS_EXAMPLES", "8"))
ONLY = os.environ.get("POLAR_SCHEMATHESIS_ONLY", "")
# The same of bodies that do not fit.
WRONG_EXAMPLES = max(2, EXAMPLES // 4)

# As recorded from a real server: the one crash that the sandbox repeats.
POLARS_OWN = ("PATCH", "/v1/products/{id}", "name")


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(routes.get_openapi_schema(path_prefix="/v1/"))
    return [found.ok() for found in schema.get_all_operations() if ONLY in found.ok().path]


def name_existing(case: Case, known: dict[str, list[str]], chance: random.Random) -> None:
    """Put what exists where the address and the body name something, every second time."""
    before = ""
    for part in case.path.strip("/").split("/"):
        name = part.strip("{}")
        if part.startswith("{") and known.get(before) and chance.random() < 0.5:
            case.path_parameters[name] = chance.choice(known[before])
        before = part if not part.startswith("{") else before
    if chance.random() < 0.5:
        case.body = _with_existing(case.body, known, chance)


def _with_existing(value: Any, known: dict[str, list[str]], chance: random.Random) -> Any:
    if isinstance(value, list):
        return [_with_existing(each, known, chance) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_existing(each, known, chance) for key, each in value.items()}
    for key, each in value.items():
        if not known.get(key) or each is None:
            continue
        if isinstance(each, str):
            found[key] = chance.choice(known[key])
        elif isinstance(each, list):
            found[key] = [chance.choice(known[key])]
    return found


def send(case: Case, portal_token: str) -> Any:
    """Not through httpx, whose WSGI transport stumbles over letters outside of Latin 1."""
    is_portal = "/customer-portal/" in case.path
    token = portal_token if is_portal else get_settings().access_token
    prepared = requests.Request(**case.as_transport_kwargs(base_url=BASE_URL)).prepare()
    headers = {"Authorization": f"Bearer {token}"}
    return Client(raise_request_exception=False).generic(
        str(prepared.method),
        str(prepared.url).removeprefix("http://testserver"),
        prepared.body or b"",
        content_type=prepared.headers.get("Content-Type", "application/json"),
        headers=headers,
    )


def test_no_request_makes_the_sandbox_crash(busy: SandboxInTests, polars_schema: Judge) -> None:
    chance = random.Random(0)
    known = existing()
    portal_token = open_portal(busy)
    crashes: list[str] = []
    statuses: Counter[int] = Counter()

    def ask(case: Case) -> None:
        name_existing(case, known, chance)
        if is_polars_own(case):
            return
        answer = send(case, portal_token)
        statuses[answer.status_code] += 1
        # 501 is the sandbox's honest answer where Polar has a route that it leaves out.
        if answer.status_code >= 500 and answer.status_code != 501:
            crashes.append(
                f"{answer.status_code} {case.method} {case.formatted_path} {case.query} "
                f"{case.body!r}"
            )
            # At once, because a long run says nothing else before its end.
            print(crashes[-1], flush=True)

    bounded = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    asked = operations()
    for operation in asked:
        # What one operation deletes is there again for the next.
        with transaction.atomic():
            bounded(given(case=operation.as_strategy())(ask))()
            # What has no body can hardly be asked wrongly: inventing an id that is none takes
            # seconds.
            if operation.body:
                wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
                with suppress(Unsatisfiable):
                    settings(bounded, max_examples=WRONG_EXAMPLES)(given(case=wrong)(ask))()
            transaction.set_rollback(True)

    print(len(asked), "operations,", statuses.total(), "requests:", dict(statuses))
    # The sandbox knows no list of countries, so it shows those that schemathesis invented.
    polars_schema.complaints.clear()
    assert crashes == []
    if not ONLY:
        assert statuses[200] > 100
        assert statuses[404] > 100
        assert statuses[422] > 100


def is_polars_own(case: Case) -> bool:
    method, path, name = POLARS_OWN
    is_there = (case.method, case.path) == (method, path)
    return is_there and isinstance(case.body, dict) and case.body.get(name, "") is None
