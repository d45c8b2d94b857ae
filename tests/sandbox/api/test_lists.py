"""Pages, order and filters."""

from typing import Any

import pytest

from tests.sandbox_fixtures import SandboxInTests

NAMES = ["Pro, monthly", "Pro, yearly", "Team", "Ebook"]


def names(sandbox: SandboxInTests, query: str) -> list[str]:
    answer = sandbox.api.get(f"/v1/products/?{query}")
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


def test_a_list_is_cut_into_pages(sandbox: SandboxInTests) -> None:
    answer = sandbox.api.get("/v1/products/?limit=3&page=2&sorting=created_at").json()
    assert [each["name"] for each in answer["items"]] == ["Ebook"]
    assert answer["pagination"] == {"total_count": 4, "max_page": 2}


@pytest.mark.parametrize("page", ["3", "1000000000000000000000000"])
def test_a_page_past_the_end_is_empty(sandbox: SandboxInTests, page: str) -> None:
    answer = sandbox.api.get(f"/v1/products/?limit=2&page={page}")
    assert answer.json() == {"items": [], "pagination": {"total_count": 4, "max_page": 2}}


def test_an_empty_list_has_no_page(bare_sandbox: SandboxInTests) -> None:
    answer = bare_sandbox.api.get("/v1/products/").json()
    assert answer == {"items": [], "pagination": {"total_count": 0, "max_page": 0}}


def test_a_limit_above_100_means_100(sandbox: SandboxInTests) -> None:
    for number in range(101):
        sandbox.api.post("/v1/customers/", json={"email": f"{number}@example.com"})
    answer = sandbox.api.get("/v1/customers/?limit=1000").json()
    assert len(answer["items"]) == 100
    assert answer["pagination"] == {"total_count": 101, "max_page": 2}


@pytest.mark.parametrize(
    ("query", "entry"),
    [
        ("limit=0", {"type": "greater_than", "loc": ["query", "limit"], "input": "0"}),
        ("page=0", {"type": "greater_than", "loc": ["query", "page"], "input": "0"}),
        ("sorting=nope", {"type": "enum", "loc": ["query", "sorting", 0], "input": "nope"}),
        ("is_archived=x", {"type": "bool_parsing", "loc": ["query", "is_archived"], "input": "x"}),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    bare_sandbox: SandboxInTests, query: str, entry: dict[str, Any]
) -> None:
    answer = bare_sandbox.api.get(f"/v1/products/?{query}")
    assert answer.status_code == 422
    (found,) = answer.json()["detail"]
    assert {key: found[key] for key in entry} == entry


def test_a_list_is_newest_first_unless_asked_otherwise(sandbox: SandboxInTests) -> None:
    assert names(sandbox, "") == NAMES[::-1]
    assert names(sandbox, "sorting=created_at") == NAMES
    assert names(sandbox, "sorting=-name") == sorted(NAMES, reverse=True)
    assert names(sandbox, "sorting=name&sorting=-created_at") == sorted(NAMES)


def test_products_are_filtered(sandbox: SandboxInTests) -> None:
    ids = sandbox.product_ids
    assert names(sandbox, "is_recurring=false") == ["Ebook"]
    assert names(sandbox, "query=PRO") == ["Pro, yearly", "Pro, monthly"]
    assert names(sandbox, f"id={ids['team']}&id={ids['ebook']}") == ["Ebook", "Team"]
    assert names(sandbox, f"benefit_id={sandbox.benefit_ids['pro']}&query=team") == ["Team"]
    sandbox.api.patch(f"/v1/products/{ids['team']}", json={"is_archived": True})
    assert names(sandbox, "is_archived=true") == ["Team"]


def test_metadata_is_compared_as_text(sandbox: SandboxInTests) -> None:
    assert names(sandbox, "metadata[key]=ebook") == ["Ebook"]
    assert names(sandbox, "metadata[key]=ebook&metadata[key]=team") == ["Ebook", "Team"]
    metadata = {"n": 3, "on": True}
    path = f"/v1/products/{sandbox.product_ids['team']}"
    sandbox.api.patch(path, json={"metadata": metadata})
    assert names(sandbox, "metadata[n]=3&metadata[on]=true") == ["Team"]
    assert names(sandbox, "metadata[n]=3&metadata[on]=false") == []


def test_what_belongs_to_a_customer_is_found_by_both_ids(sandbox: SandboxInTests) -> None:
    api = sandbox.api
    ids = {}
    for name in ("ada", "grace"):
        body = {"email": f"{name}@example.com", "external_id": name}
        ids[name] = api.post("/v1/customers/", json=body).json()["id"]
        sandbox.buy("pro-monthly", customer_id=ids[name])
    for kind in ("subscriptions", "orders", "benefit-grants"):
        for query in (f"customer_id={ids['ada']}", "external_customer_id=ada"):
            items = api.get(f"/v1/{kind}/?{query}").json()["items"]
            assert {each["customer_id"] for each in items} == {ids["ada"]}, kind
        both = f"customer_id={ids['ada']}&customer_id={ids['grace']}"
        items = api.get(f"/v1/{kind}/?{both}").json()["items"]
        assert {each["customer_id"] for each in items} == set(ids.values()), kind


def test_deleted_customers_are_gone_from_lists(sandbox: SandboxInTests) -> None:
    made = sandbox.api.post("/v1/customers/", json={"email": "ada@example.com"}).json()
    assert sandbox.api.delete(f"/v1/customers/{made['id']}").status_code == 204
    assert sandbox.api.get("/v1/customers/").json()["items"] == []
    assert sandbox.api.delete(f"/v1/customers/{made['id']}").status_code == 404


def test_a_checkout_knows_an_external_id_that_no_customer_has(sandbox: SandboxInTests) -> None:
    for spelling in ("external_customer_id", "customer_external_id"):
        body = {"products": [sandbox.product_ids["ebook"]], spelling: spelling}
        made = sandbox.api.post("/v1/checkouts/", json=body).json()
        found = sandbox.api.get(f"/v1/checkouts/?external_customer_id={spelling}").json()["items"]
        assert [each["id"] for each in found] == [made["id"]]
        assert made["external_customer_id"] == made["customer_external_id"] == spelling
