"""Usage as Polar takes it: what section 7.1 of spec/polar.md says and no other test shows."""

from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import customers, meters, usage_events
from polar_django.sandbox.models import Customer, CustomerMeter, UsageEvent
from tests.sandbox.conftest import Shop
from tests.sandbox_fixtures import SandboxInTests


@pytest.fixture
def ada(shop: Shop) -> Customer:
    return customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})


def test_an_event_that_was_sent_before_is_checked_all_the_same(ada: Customer) -> None:
    event = {"name": "call", "external_id": "e-1"}
    usage_events.ingest([{**event, "customer_id": ada.id}])

    with pytest.raises(errors.InvalidRequest, match="Customer not found"):
        usage_events.ingest([{**event, "customer_id": uuid4()}])


def test_a_parent_may_stand_after_its_child(ada: Customer) -> None:
    who = {"name": "call", "customer_id": ada.id}
    usage_events.ingest(
        [
            {**who, "external_id": "grandchild", "parent_id": "child"},
            {**who, "external_id": "child", "parent_id": "parent"},
            {**who, "external_id": "parent"},
        ]
    )

    parents = dict(UsageEvent.objects.values_list("external_id", "parent__external_id"))
    assert parents == {"grandchild": "child", "child": "parent", "parent": None}


def test_events_that_are_each_others_parents_are_refused(ada: Customer) -> None:
    who = {"name": "call", "customer_id": ada.id}
    with pytest.raises(errors.InvalidRequest, match="Parent event not found"):
        usage_events.ingest(
            [
                {**who, "external_id": "a", "parent_id": "b"},
                {**who, "external_id": "b", "parent_id": "a"},
            ]
        )

    assert not UsageEvent.objects.exists()


def ingest(sandbox: SandboxInTests, **event: Any) -> Any:
    """The answer to one event, after a good one."""
    good = {"name": "call", "external_customer_id": "u-1"}
    return sandbox.api.post("/v1/events/ingest", json={"events": [good, {**good, **event}]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 129},
        {"external_customer_id": None},
        {"timestamp": "2026-01-01T00:00:00"},
        {"timestamp": "2999-01-01T00:00:00Z"},
        {"organization_id": str(uuid4())},
        {"metadata": {"deep": {"er": 1}}},
        {"metadata": {"_cost": 5}},
        {"metadata": {"_cost": {"amount": 5}}},
        {"metadata": {"_cost": {"amount": 5, "currency": "eur"}}},
        {"metadata": {"_cost": {"amount": 1_000_000, "currency": "usd"}}},
        {"metadata": {"_llm": {"vendor": "v", "model": "{m}", "input_tokens": 1}}},
        {"metadata": {"x" * 41: 1}},
        {"metadata": {"empty": ""}},
        {"metadata": {f"key {number}": 1 for number in range(51)}},
    ],
)
def test_one_wrong_event_refuses_its_batch_and_is_named(
    bare_sandbox: SandboxInTests, wrong: dict[str, Any]
) -> None:
    answer = ingest(bare_sandbox, **wrong)

    assert answer.status_code == 422, answer.text
    assert {tuple(each["loc"][:3]) for each in answer.json()["detail"]} == {("body", "events", 1)}
    assert not UsageEvent.objects.exists()


def test_what_models_cost_is_counted_and_read_back_as_text(bare_sandbox: SandboxInTests) -> None:
    bare_sandbox.api.post("/v1/customers/", json={"email": "ada@example.com", "external_id": "u-1"})
    meters.create_meter(
        {
            "name": "Costs",
            "filter": {"conjunction": "and", "clauses": []},
            "aggregation": {"func": "sum", "property": "_cost.amount"},
        }
    )
    tokens = {"vendor": "v", "model": "m", "input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    for amount in ("0.25", 0.5):
        cost = {"amount": amount, "currency": "usd"}
        answer = ingest(bare_sandbox, metadata={"_cost": cost, "_llm": tokens})
        assert answer.status_code == 200, answer.text

    assert CustomerMeter.objects.get().consumed_units == 0.75
    shown = [each["metadata"] for each in bare_sandbox.api.get("/v1/events/").json()["items"]]
    assert [each["_cost"]["amount"] for each in shown if each] == ["0.5", "0.25"]
    assert [each["_llm"] for each in shown if each] == [tokens, tokens]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_json_does_not_have_is_refused(
    bare_sandbox: SandboxInTests, number: str
) -> None:
    event = f'{{"name": "call", "external_customer_id": "u", "metadata": {{"n": {number}}}}}'
    answer = bare_sandbox.api.post("/v1/events/ingest", content=f'{{"events": [{event}]}}')

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"
