"""Pages of other sites: the routes of one buyer are open to them, the seller's are not."""

import httpx
import pytest

from tests.sandbox_fixtures import SandboxInTests

SHOP = "https://shop.example"


def preflight(sandbox: SandboxInTests, path: str, headers: str) -> httpx.Response:
    asked = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }
    bare = httpx.Client(base_url=sandbox.api.base_url, transport=sandbox.transport)
    return bare.options(path, headers=asked)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/checkouts/client/polar_c_x/confirm",
        "/v1/checkouts/custom/client/polar_c_x",
        "/v1/customer-portal/customers/me",
        "/api/v1/customer-portal/orders/",
    ],
)
def test_a_browser_may_ask_before_it_calls_a_buyers_route(
    bare_sandbox: SandboxInTests, path: str
) -> None:
    answer = preflight(bare_sandbox, path, "authorization, content-type, polar-version")
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


def test_a_header_that_polar_does_not_take_is_refused(bare_sandbox: SandboxInTests) -> None:
    answer = preflight(bare_sandbox, "/v1/customer-portal/customers/me", "x-mine")
    assert (answer.status_code, answer.text) == (400, "Disallowed CORS headers")


def test_the_answer_itself_may_be_read(bare_sandbox: SandboxInTests) -> None:
    answer = bare_sandbox.api.get("/v1/checkouts/client/polar_c_x", headers={"Origin": SHOP})
    assert answer.status_code == 404
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "Polar-Version"


def test_the_sellers_routes_stay_closed_to_other_sites(bare_sandbox: SandboxInTests) -> None:
    asked = preflight(bare_sandbox, "/v1/customers/", "authorization")
    assert asked.status_code == 405
    answer = bare_sandbox.api.get("/v1/customers/", headers={"Origin": SHOP})
    assert answer.status_code == 200
    for each in (asked, answer):
        assert "access-control-allow-origin" not in each.headers
