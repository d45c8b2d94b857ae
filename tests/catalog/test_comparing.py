"""Whether what the provider answers is taken for what it was sent, so that apply can rest."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from polar_django.catalog.comparing import match_prices, says


@pytest.mark.parametrize(
    ("stands", "wanted"),
    [
        ({"unit_amount": "0.500000000000"}, {"unit_amount": "0.5"}),
        ({"unit_amount": "0.500000000000"}, {"unit_amount": 0.5}),
        ({"unit_amount": "10.000000000000"}, {"unit_amount": "10"}),
        ({"amount_type": "fixed", "price_amount": 0}, {"amount_type": "free"}),
    ],
)
def test_a_price_that_the_provider_spells_otherwise_is_the_same_price(stands, wanted):
    """As recorded: a list spells an amount with all its places, and a free price as 0."""
    assert match_prices([{"id": "price_1", **stands}], [wanted]) is None


@pytest.mark.parametrize(
    ("stands", "wanted"),
    [
        ({"unit_amount": "0.500000000000"}, {"unit_amount": "0.51"}),
        ({"amount_type": "fixed", "price_amount": 100}, {"amount_type": "free"}),
    ],
)
def test_another_amount_is_another_price(stands, wanted):
    assert match_prices([{"id": "price_1", **stands}], [wanted]) == [wanted]


def test_a_name_is_no_number():
    assert not says({"name": "1.0"}, {"name": "1"})


@pytest.mark.corpus
def test_what_a_real_server_was_sent_stands_in_all_that_it_answered_until_it_changed(corpus):
    compared = 0
    wanted: dict[str, dict[str, Any]] = {}
    for call in calls(corpus):
        body, answer = call["request_body"] or {}, call["response_body"]
        for item in objects_in(answer):
            if call["method"] in {"POST", "PATCH"} and item is answer:
                wanted[item["id"]] = {**wanted.get(item["id"], {}), **body}
            for name, value in wanted.get(item["id"], {}).items():
                if name not in item or name in {"benefits", "products"}:
                    continue
                compared += 1
                if name == "prices":
                    live = [price for price in item["prices"] if not price["is_archived"]]
                    assert match_prices(live, value) is None, (call["path"], value, live)
                else:
                    assert says(item[name], value), (call["path"], name, value, item[name])
    assert compared > 100


def calls(corpus) -> Iterator[Any]:
    kinds = ("/v1/products/", "/v1/meters/", "/v1/discounts/", "/v1/benefits/")
    with (corpus / "api.jsonl").open() as lines:
        for line in lines:
            call = json.loads(line)
            if call["path"].startswith(kinds) and call["status"] in {200, 201}:
                text = call["response_body"]
                yield {**call, "response_body": json.loads(text) if text[:1] == "{" else {}}


def objects_in(answer: Any) -> Iterator[Any]:
    if isinstance(answer, dict):
        yield from ([answer] if "id" in answer else answer.get("items", []))
