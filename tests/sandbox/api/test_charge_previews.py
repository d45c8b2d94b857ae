"""What the end of the period will cost, asked before."""

from typing import Any

import pytest

from tests.sandbox_fixtures import SandboxInTests

NOTHING = {
    "base_amount": 0,
    "metered_amount": 0,
    "proration_amount": 0,
    "prorations": [],
    "subtotal_amount": 0,
    "discount_amount": 0,
    "net_amount": 0,
    "tax_amount": 0,
    "total_amount": 0,
    "applied_balance_amount": 0,
    "due_amount": 0,
}


@pytest.fixture
def path(sandbox: SandboxInTests) -> str:
    """Of the subscription that Ada bought."""
    sandbox.buy("pro-monthly", customer_email="ada@example.com", external_customer_id="user-1")
    (bought,) = sandbox.api.get("/v1/subscriptions/").json()["items"]
    return f"/v1/subscriptions/{bought['id']}"


def preview(sandbox: SandboxInTests, path: str) -> Any:
    answer = sandbox.api.get(f"{path}/charge-preview")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_discount_is_taken_off_as_recorded(sandbox: SandboxInTests, path: str) -> None:
    discount = sandbox.api.post(
        "/v1/discounts/",
        json={"type": "percentage", "name": "20", "duration": "forever", "basis_points": 2_000},
    ).json()
    sandbox.api.patch(path, json={"discount_id": discount["id"]})
    sums = {"base_amount": 1_000, "subtotal_amount": 1_000, "discount_amount": 200}
    after = {"net_amount": 800, "total_amount": 800, "due_amount": 800}
    assert preview(sandbox, path) == NOTHING | sums | after


def test_looking_changes_and_sends_nothing(sandbox: SandboxInTests, path: str) -> None:
    before, sent = sandbox.api.get(path).json(), len(sandbox.deliveries())
    preview(sandbox, path)
    assert sandbox.api.get(path).json() == before
    assert len(sandbox.deliveries()) == sent
    assert len(sandbox.api.get("/v1/orders/").json()["items"]) == 1


def test_the_order_that_comes_is_the_one_that_was_shown(sandbox: SandboxInTests, path: str) -> None:
    sandbox.api.patch(
        path, json={"product_id": sandbox.product_ids["team"], "proration_behavior": "prorate"}
    )
    shown = preview(sandbox, path)
    sandbox.advance(days=32, deliver=False)
    order = sandbox.api.get("/v1/orders/").json()["items"][0]
    assert order["billing_reason"] == "subscription_cycle"
    for name in ("subtotal_amount", "net_amount", "total_amount", "due_amount"):
        assert shown[name] == order[name]


def test_what_ends_costs_nothing_more(sandbox: SandboxInTests, path: str) -> None:
    sandbox.api.patch(path, json={"cancel_at_period_end": True})
    assert preview(sandbox, path) == NOTHING
    sandbox.api.delete(path)
    assert sandbox.api.get(f"{path}/charge-preview").status_code == 403
