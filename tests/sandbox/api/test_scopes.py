"""A token that may do some things only."""

import json
from typing import Any

import pytest

from polar_django.sandbox.api.scopes import scopes_for
from tests.sandbox.polars_schema import OPENAPI
from tests.sandbox_fixtures import SandboxInTests


def allow(settings: Any, scopes: str) -> None:
    settings.POLAR_SANDBOX = {**settings.POLAR_SANDBOX, "SCOPES": scopes}


def test_who_may_only_read_products_writes_none(sandbox: SandboxInTests, settings: Any) -> None:
    allow(settings, "products:read")
    assert sandbox.api.get("/v1/products/").status_code == 200
    # Before anybody looks at the body, as recorded.
    refused = sandbox.api.post("/v1/products/", json={"name": "x"})
    text = "The request requires higher privileges than provided by the access token."
    assert refused.status_code == 403
    assert refused.json() == {"error": "insufficient_scope", "error_description": text}
    challenge = refused.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="polar", scope="products:write", error=')
    listed = sandbox.api.get("/v1/customers/").headers["www-authenticate"]
    assert 'scope="customers:write customers:read"' in listed


def test_who_may_write_may_read_but_not_orders(sandbox: SandboxInTests, settings: Any) -> None:
    allow(settings, "customers:write orders:write")
    assert sandbox.api.get("/v1/customers/").status_code == 200
    assert sandbox.api.get("/v1/orders/").status_code == 403


def test_a_buyer_needs_no_scope_of_the_sellers(sandbox: SandboxInTests, settings: Any) -> None:
    allow(settings, "checkouts:write")
    sandbox.buy("ebook", customer_email="ada@example.com")


@pytest.mark.skipif(not OPENAPI.is_file(), reason="needs ../shared/spec/openapi")
def test_each_route_asks_for_what_polars_document_says() -> None:
    compared = 0
    for path, operations in json.loads(OPENAPI.read_text())["paths"].items():
        for method, operation in operations.items():
            named = [each["oat"] for each in operation.get("security", []) if "oat" in each]
            wanted = set(named[0]) if named else set()
            if path == "/v1/organizations/" and method == "post":
                # Polar lets no organization's token make another organization.
                continue
            ours = set(scopes_for(method.upper(), path.removeprefix("/v1/")))
            assert ours == wanted, f"{method} {path}"
            compared += 1
    assert compared > 150
