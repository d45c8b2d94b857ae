from typing import Any

import pytest

from tests.sandbox.api.test_refusals import MISSING, NOT_FOUND, refusal, value_error
from tests.sandbox_fixtures import SandboxInTests

HALF = {"name": "Half", "type": "percentage", "basis_points": 5_000, "duration": "once"}


def create(sandbox: SandboxInTests, **body: Any) -> Any:
    return sandbox.api.post("/v1/discounts/", json={**HALF, **body})


def test_a_discount_is_created_changed_listed_and_deleted(sandbox: SandboxInTests) -> None:
    made = create(sandbox, code="HALF", products=[sandbox.product_ids["ebook"]])
    assert made.status_code == 201
    data = made.json()
    assert (data["basis_points"], data["redemptions_count"]) == (5_000, 0)
    assert [product["name"] for product in data["products"]] == ["Ebook"]
    path = f"/v1/discounts/{data['id']}"
    changed = sandbox.api.patch(path, json={"name": "Less", "max_redemptions": 5}).json()
    assert (changed["name"], changed["max_redemptions"], changed["code"]) == ("Less", 5, "HALF")
    assert sandbox.api.get("/v1/discounts/?query=hal").json()["items"] == [changed]
    assert sandbox.api.delete(path).status_code == 204
    assert refusal(sandbox.api.get(path), 404) == NOT_FOUND
    assert sandbox.api.get("/v1/discounts/").json()["items"] == []


def test_fixed_and_repeating_ones_have_their_own_keys(sandbox: SandboxInTests) -> None:
    fixed = {"type": "fixed", "amount": 500, "currency": "usd"}
    data = sandbox.api.post(
        "/v1/discounts/", json={"name": "Five", "duration": "once", **fixed}
    ).json()
    assert (data["amount"], data["currency"], data["amounts"]) == (500, "usd", {"usd": 500})
    assert "basis_points" not in data
    data = create(sandbox, duration="repeating", duration_in_months=3).json()
    assert data["duration_in_months"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"basis_points": 10_001}, "basis_points"),
        ({"basis_points": 0}, "basis_points"),
        ({"duration": "repeating"}, "duration_in_months"),
        ({"duration": "always"}, "duration"),
        ({"code": "ab"}, "code"),
        ({"code": "with space"}, "code"),
        ({"name": ""}, "name"),
        ({"max_redemptions": 0}, "max_redemptions"),
        ({"type": "fixed", "amounts": {}}, "amounts"),
    ],
)
def test_values_out_of_bounds_are_refused(
    bare_sandbox: SandboxInTests, body: dict[str, Any], field: str
) -> None:
    answer = refusal(create(bare_sandbox, **body), 422)
    assert field in {entry["loc"][-1] for entry in answer["detail"]}


def test_what_contradicts_the_rest_is_refused(sandbox: SandboxInTests) -> None:
    create(sandbox, code="HALF")
    again = create(sandbox, code="half")
    assert refusal(again, 422) == value_error(
        "Discount with this code already exists.", "code", value="half"
    )
    other = create(sandbox, products=[MISSING])
    assert refusal(other, 422)["detail"][0]["loc"] == ["body", "products", 0]
    dates = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2029-01-01T00:00:00Z"}
    assert refusal(create(sandbox, **dates), 422)["detail"][0]["loc"] == ["body", "ends_at"]
