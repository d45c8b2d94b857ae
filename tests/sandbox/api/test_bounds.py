"""Numbers beyond what anything costs are refused or bounded, never a crash."""

from typing import Any

import pytest

from tests.sandbox_fixtures import SandboxInTests

FAR = 10**30
ANY_AMOUNT = {"name": "Gift", "prices": [{"amount_type": "custom"}]}


@pytest.fixture
def gift(sandbox: SandboxInTests) -> str:
    made = sandbox.api.post("/v1/products/", json=ANY_AMOUNT)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.mark.parametrize("amount", [100_000_000, FAR])
def test_an_amount_has_a_bound_when_a_session_is_made_and_changed(
    sandbox: SandboxInTests, gift: str, amount: int
) -> None:
    refused = sandbox.api.post("/v1/checkouts/", json={"products": [gift], "amount": amount})
    assert refused.status_code == 422, refused.text
    made = sandbox.api.post("/v1/checkouts/", json={"products": [gift], "amount": 99_999_999})
    assert made.status_code == 201, made.text

    session = f"/v1/checkouts/{made.json()['id']}"
    assert sandbox.api.patch(session, json={"amount": amount}).status_code == 422


def test_usage_beyond_all_measure_is_taken_in_and_billed(sandbox: SandboxInTests) -> None:
    meter: dict[str, Any] = {
        "name": "Calls",
        "filter": {"conjunction": "and", "clauses": []},
        "aggregation": {"func": "sum", "property": "n"},
    }
    meter_id = sandbox.api.post("/v1/meters/", json=meter).json()["id"]
    price = {"amount_type": "metered_unit", "meter_id": meter_id, "unit_amount": "2"}
    product = {"name": "Metered", "recurring_interval": "month", "prices": [price]}
    sandbox.product_ids["metered"] = sandbox.api.post("/v1/products/", json=product).json()["id"]
    sandbox.buy("metered", customer_email="ada@example.com", external_customer_id="u-1")
    event = {"name": "call", "external_customer_id": "u-1", "metadata": {"n": 1e30}}

    assert sandbox.api.post("/v1/events/ingest", json={"events": [event]}).status_code == 200

    (subscription,) = sandbox.api.get("/v1/subscriptions/").json()["items"]
    assert [each["amount"] for each in subscription["meters"]] == [2_147_483_647]
    sandbox.advance(days=32, deliver=False)
    assert sandbox.api.get("/v1/orders/").json()["items"][0]["total_amount"] == 2_147_483_647
