"""Whatever fits the sandbox's own OpenAPI, and what almost fits, is answered below 500.

schemathesis makes the requests from the description; half of them name objects that exist, so that
more than the refusals is asked for.
"""

import os
import random
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from polar_django.sandbox.api.routes import api as routes
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import (
    Benefit,
    Checkout,
    Customer,
    Discount,
    LicenseKey,
    Member,
    Meter,
    Order,
    Product,
    Subscription,
    WebhookEndpoint,
)
from tests.sandbox_fixtures import BASE_URL, SandboxInTests

# For each of some 200 operations; together they take less than a minute on a quiet machine. More:
# `POLAR_SCHEMATHESIS_EXAMPLES=50 python -m pytest tests/sandbox/api/test_schemathesis.py`.
EXAMPLES = int(os.environ.get("POLAR_SCHEMATHESIS_EXAMPLES", "8"))
# The same of bodies that do not fit.
WRONG_EXAMPLES = max(2, EXAMPLES // 4)
MODELS = {
    "benefits": Benefit,
    "checkouts": Checkout,
    "customers": Customer,
    "discounts": Discount,
    "license-keys": LicenseKey,
    "members": Member,
    "meters": Meter,
    "orders": Order,
    "products": Product,
    "subscriptions": Subscription,
    "webhooks": WebhookEndpoint,
}


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(routes.get_openapi_schema(path_prefix="/v1/"))
    return [found.ok() for found in schema.get_all_operations()]


def existing_ids() -> dict[str, list[str]]:
    found = {name: [str(row.pk) for row in model.objects.all()] for name, model in MODELS.items()}
    found["external"] = [
        str(each) for each in Customer.objects.values_list("external_id", flat=True)
    ]
    found["client"] = list(Checkout.objects.values_list("client_secret", flat=True))
    return found


def with_existing_ids(case: Case, ids: dict[str, list[str]], chance: random.Random) -> None:
    """Put the id of an object that exists where the address has a parameter, every second time."""
    before = ""
    for part in case.path.strip("/").split("/"):
        name = part.strip("{}")
        if part.startswith("{") and ids.get(before) and chance.random() < 0.5:
            case.path_parameters[name] = chance.choice(ids[before])
        before = part if not part.startswith("{") else before


def open_portal(sandbox: SandboxInTests) -> str:
    """The token of the owner of the team, who may see and do everything in its portal."""
    customer = Customer.objects.get(type="team")
    owner = customer.members.get(role="owner")
    who = {"customer_id": str(customer.id), "member_id": str(owner.id)}
    answer = sandbox.api.post("/v1/customer-sessions/", json=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


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


@pytest.fixture
def busy(sandbox: SandboxInTests) -> SandboxInTests:
    """With a customer, two purchases and an open checkout."""
    sandbox.buy("pro-monthly", customer_email="ada@example.com", external_customer_id="u-1")
    sandbox.buy("team", customer_email="bob@example.com", external_customer_id="u-2", seats=3)
    sandbox.api.post("/v1/checkouts/", json={"products": [sandbox.product_ids["ebook"]]})
    return sandbox


def test_no_request_makes_the_sandbox_crash(busy: SandboxInTests) -> None:
    chance = random.Random(0)
    ids = existing_ids()
    portal_token = open_portal(busy)
    crashes: list[str] = []
    statuses: Counter[int] = Counter()

    def ask(case: Case) -> None:
        with_existing_ids(case, ids, chance)
        answer = send(case, portal_token)
        statuses[answer.status_code] += 1
        # 501 is the sandbox's honest answer where Polar has a route that it leaves out.
        if answer.status_code >= 500 and answer.status_code != 501:
            crashes.append(
                f"{answer.status_code} {case.method} {case.formatted_path} {case.body!r}"
            )

    bounded = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for operation in operations():
        bounded(given(case=operation.as_strategy())(ask))()
        # What has no body can hardly be asked wrongly: inventing an id that is none takes seconds.
        if operation.body:
            wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
            with suppress(Unsatisfiable):
                settings(bounded, max_examples=WRONG_EXAMPLES)(given(case=wrong)(ask))()

    assert statuses[200] > 100
    assert statuses[404] > 100
    assert statuses[422] > 100
    assert crashes == []
