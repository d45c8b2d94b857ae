"""PATCH /v1/subscriptions/{id} in all its kinds, with the words of its refusals."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.api.test_refusals import (
    ALREADY_CANCELED,
    MISSING,
    refusal,
    value_error,
)
from tests.sandbox_fixtures import FAILS_LATER, PAYS, SandboxInTests


class Bought:
    """One subscription, as the API shows it and changes it."""

    def __init__(self, sandbox: SandboxInTests, key: str = "pro-monthly", card: str = PAYS) -> None:
        self.sandbox = sandbox
        sandbox.buy(key, card=card, customer_email="ada@example.com")
        (self.data,) = sandbox.api.get("/v1/subscriptions/").json()["items"]
        self.path = f"/v1/subscriptions/{self.data['id']}"

    def patch(self, **body: Any) -> Any:
        return self.sandbox.api.patch(self.path, json=body)

    def changed(self, **body: Any) -> dict[str, Any]:
        answer = self.patch(**body)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()
        assert data == self.sandbox.api.get(self.path).json()
        return data

    def later(self, **span: float) -> str:
        """A time after the present period."""
        end = datetime.fromisoformat(self.data["current_period_end"])
        return (end + timedelta(**span)).isoformat()


@pytest.fixture
def bought(sandbox: SandboxInTests) -> Bought:
    return Bought(sandbox)


def test_the_plan_changes_at_once_or_with_the_next_period(bought: Bought) -> None:
    yearly = bought.sandbox.product_ids["pro-yearly"]

    waiting = bought.changed(product_id=yearly, proration_behavior="next_period")
    assert waiting["pending_update"]["product_id"] == yearly
    assert waiting["modified_at"] == bought.data["modified_at"]
    assert bought.changed(pending_update=None)["pending_update"] is None

    now = bought.changed(product_id=yearly, proration_behavior="invoice")
    assert (now["product_id"], now["recurring_interval"]) == (yearly, "year")
    assert now["prices"][0]["price_amount"] == now["amount"] == 10_000


def test_a_charge_that_a_change_needs_and_that_fails_is_402(sandbox: SandboxInTests) -> None:
    bought = Bought(sandbox, card=FAILS_LATER)
    yearly = sandbox.product_ids["pro-yearly"]

    refused = bought.patch(product_id=yearly, proration_behavior="invoice")

    assert refusal(refused, 402)["error"] == "PaymentFailed"
    assert sandbox.api.get(bought.path).json() == bought.data


def test_products_that_cannot_be_changed_to_are_refused_as_recorded(bought: Bought) -> None:
    assert refusal(bought.patch(product_id=MISSING), 422) == value_error(
        "Product does not exist.", "product_id", value=MISSING
    )
    ebook = bought.sandbox.product_ids["ebook"]
    assert refusal(bought.patch(product_id=ebook), 422) == value_error(
        "Product is not recurring.", "product_id", value=ebook
    )


def test_seats_of_a_product_without_seats_are_refused_as_recorded(bought: Bought) -> None:
    assert refusal(bought.patch(seats=3), 400) == {
        "error": "NotASeatBasedSubscription",
        "detail": "This subscription does not support seat-based pricing.",
    }


def test_seats_change(sandbox: SandboxInTests) -> None:
    bought = Bought(sandbox, "team")
    data = bought.changed(seats=4)
    assert (data["seats"], data["amount"]) == (4, 6_000)


def test_discount_and_metadata_change_together_with_one_event(bought: Bought) -> None:
    sandbox = bought.sandbox
    discount = sandbox.api.post(
        "/v1/discounts/",
        json={"name": "Half", "type": "percentage", "basis_points": 5_000, "duration": "forever"},
    ).json()
    sandbox.deliver()

    data = bought.changed(discount_id=discount["id"], metadata={"a": "b"})

    assert (data["amount"], data["discount"]["name"], data["metadata"]) == (
        500,
        "Half",
        {"a": "b"},
    )
    types = [each["type"] for each in sandbox.deliveries() if each["state"] == "pending"]
    assert types == ["customer.state_changed", "subscription.updated"]
    assert bought.changed(discount_id=None)["amount"] == 1_000
    assert refusal(bought.patch(discount_id=MISSING), 422) == value_error(
        "Discount does not exist.", "discount_id", value=MISSING
    )


def test_a_pause_is_scheduled_taken_back_and_ended(bought: Bought) -> None:
    later = bought.later(days=10)
    data = bought.changed(pause_at_period_end=True, resumes_at=later)
    assert data["pause_at_period_end"] is True
    assert datetime.fromisoformat(data["resumes_at"]) == datetime.fromisoformat(later)
    assert bought.changed(pause_at_period_end=False)["resumes_at"] is None

    bought.changed(pause_at_period_end=True)
    bought.sandbox.advance(days=32, deliver=False)
    assert bought.sandbox.api.get(bought.path).json()["status"] == "paused"
    yearly = bought.sandbox.product_ids["pro-yearly"]
    assert refusal(bought.patch(product_id=yearly), 403)["error"] == "InactiveSubscription"
    assert bought.changed(resume=True)["status"] == "active"
    assert refusal(bought.patch(resume=True), 400)["error"] == "BadRequest"


def test_a_resume_before_the_period_ends_is_refused(bought: Bought) -> None:
    refused = bought.patch(pause_at_period_end=True, resumes_at=bought.later(days=-1))
    assert refusal(refused, 422)["detail"][0]["loc"] == ["body", "resumes_at"]


def test_the_period_ends_on_another_day(bought: Bought) -> None:
    end = bought.later(days=5)
    data = bought.changed(current_billing_period_end=end)
    assert datetime.fromisoformat(data["current_period_end"]) == datetime.fromisoformat(end)
    past = bought.patch(current_billing_period_end="2020-01-01T00:00:00Z")
    assert refusal(past, 422)["detail"][0]["loc"] == ["body", "current_billing_period_end"]


def test_a_trial_is_given_moved_and_ended(bought: Bought) -> None:
    assert refusal(bought.patch(trial_end="now"), 422)["detail"][0]["loc"] == ["body", "trial_end"]
    assert bought.changed(trial_end=bought.later(days=7))["status"] == "trialing"
    data = bought.changed(trial_end="now")
    assert (data["status"], data["trial_end"]) == ("active", data["current_period_start"])


def test_what_has_ended_is_not_changed(bought: Bought) -> None:
    yearly = bought.sandbox.product_ids["pro-yearly"]
    bought.changed(revoke=True)
    for body in (
        {"product_id": yearly},
        {"trial_end": "now"},
        {"pause_at_period_end": True},
        {"resume": True},
        {"cancel_at_period_end": True},
        {"current_billing_period_end": bought.later(days=5)},
    ):
        assert refusal(bought.patch(**body), 403) == ALREADY_CANCELED, body
    for body in ({"cancel_at_period_end": False}, {"pause_at_period_end": False}):
        answer = refusal(bought.patch(**body), 410)
        assert answer == {"error": "ResourceUnavailable", "detail": "Unavailable"}
    assert bought.changed(metadata={"still": "here"})["metadata"] == {"still": "here"}


def test_a_subscription_that_is_not_there_is_404_for_every_kind(sandbox: SandboxInTests) -> None:
    for body in (
        {"revoke": True},
        {"product_id": MISSING},
        {"seats": 3},
        {"units": 3},
        {"pause_at_period_end": True},
        {"resume": True},
        {"pending_update": None},
        {"cancel_at_period_end": True},
    ):
        answer = sandbox.api.patch(f"/v1/subscriptions/{MISSING}", json=body)
        assert refusal(answer, 404) == {"error": "ResourceNotFound", "detail": "Not found"}


def test_an_unknown_key_is_refused_for_each_kind_of_change(bought: Bought) -> None:
    entries = refusal(bought.patch(foo=1), 422)["detail"]
    assert entries[0] == {
        "type": "extra_forbidden",
        "loc": ["body", "SubscriptionUpdateBase", "foo"],
        "msg": "Extra inputs are not permitted",
        "input": 1,
    }
    kinds = {entry["loc"][1] for entry in entries}
    assert len(kinds) == 9
