"""Versions, spellings of addresses, headers: what is the same on every route."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from polar_django.sandbox import clock
from tests.sandbox_fixtures import SandboxInTests

NO_ROUTE = {"detail": "Not Found"}


@pytest.mark.parametrize("version", ["2026-04", "2026-10", "2027-01"])
def test_a_version_that_lives_is_echoed(bare_sandbox: SandboxInTests, version: str) -> None:
    answer = bare_sandbox.api.get("/v1/products/", headers={"Polar-Version": version})
    assert (answer.status_code, answer.headers["polar-version"]) == (200, version)


def test_without_a_version_it_is_the_current_one(bare_sandbox: SandboxInTests) -> None:
    assert bare_sandbox.api.get("/v1/products/").headers["polar-version"] == "2026-10"


@pytest.mark.parametrize("version", ["2025-01", "junk", ""])
def test_another_version_does_not_exist(bare_sandbox: SandboxInTests, version: str) -> None:
    answer = bare_sandbox.api.get("/v1/products/", headers={"Polar-Version": version})
    assert (answer.status_code, answer.json()) == (404, NO_ROUTE)
    assert "polar-version" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ("/v1/products?limit=1&page=2", "/v1/products/?limit=1&page=2"),
        ("/v1/subscriptions/x/?a=%20b", "/v1/subscriptions/x?a=%20b"),
        ("/v1/customers/external/a%20b/", "/v1/customers/external/a%20b"),
        ("/v1/webhooks/endpoints/", "/v1/webhooks/endpoints"),
    ],
)
def test_the_wrong_slash_is_sent_to_the_right_address(
    bare_sandbox: SandboxInTests, asked: str, right: str
) -> None:
    answer = bare_sandbox.api.get(asked)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"http://testserver/sandbox{right}"


def test_a_post_to_the_wrong_slash_keeps_its_body(bare_sandbox: SandboxInTests) -> None:
    answer = bare_sandbox.api.post(
        "/v1/customers", json={"email": "ada@example.com"}, follow_redirects=True
    )
    assert (answer.status_code, answer.json()["email"]) == (201, "ada@example.com")


def test_old_addresses_still_answer(sandbox: SandboxInTests) -> None:
    body = {"products": [sandbox.product_ids["ebook"]]}
    made = sandbox.api.post("/v1/checkouts/custom/", json=body)
    assert made.status_code == 201
    checkout = made.json()
    for path in (
        f"/api/v1/checkouts/{checkout['id']}",
        f"/v1/checkouts/custom/{checkout['id']}",
        f"/api/v1/checkouts/custom/client/{checkout['client_secret']}",
    ):
        assert sandbox.api.get(path).json()["id"] == checkout["id"]


@pytest.mark.parametrize("path", ["/v1/products/", "/v1/nope", "/v1/products", "/v1/orders/x"])
def test_every_answer_tells_the_sandboxs_time(bare_sandbox: SandboxInTests, path: str) -> None:
    before = clock.now()
    answer = bare_sandbox.api.get(path)
    assert answer.headers["x-polar-sandbox"] == "1"
    told = answer.headers["x-polar-sandbox-time"]
    assert told.endswith("Z")
    assert before <= datetime.fromisoformat(told) <= clock.now()


def test_the_time_told_is_not_before_what_the_answer_holds(bare_sandbox: SandboxInTests) -> None:
    bare_sandbox.advance(days=40)
    made = bare_sandbox.api.post("/v1/customers/", json={"email": "ada@example.com"})
    told = datetime.fromisoformat(made.headers["x-polar-sandbox-time"])
    assert told >= datetime.fromisoformat(made.json()["created_at"])


def test_links_lead_to_where_the_sandbox_is(sandbox: SandboxInTests) -> None:
    body = {"products": [sandbox.product_ids["ebook"]]}
    for path in ("/v1/checkouts/", "/api/v1/checkouts/"):
        made = sandbox.api.post(path, json=body).json()
        assert made["url"] == f"http://testserver/sandbox/checkout/{made['client_secret']}"


def test_links_lead_to_the_configured_address(sandbox: SandboxInTests, settings: Any) -> None:
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, "BASE_URL": "https://polar.test/x/"}
    body = {"products": [sandbox.product_ids["ebook"]]}
    made = sandbox.api.post("/v1/checkouts/", json=body).json()
    assert made["url"] == f"https://polar.test/x/checkout/{made['client_secret']}"


def test_no_answer_sets_a_cookie_or_may_be_kept(bare_sandbox: SandboxInTests) -> None:
    answer: httpx.Response = bare_sandbox.api.get("/v1/products/")
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "private, no-store"
