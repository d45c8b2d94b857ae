"""Customers through the API, as section 6 of spec/polar.md has them; the engine has more tests."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from polar_django.sandbox.models import Customer, UsageEvent
from tests.sandbox_fixtures import SandboxInTests

ADA = {"email": "ada@example.com", "external_id": "u-1", "metadata": {"a": 1, "b": 2}}


@pytest.fixture
def ada(bare_sandbox: SandboxInTests) -> Any:
    return make(bare_sandbox, **ADA)


def make(sandbox: SandboxInTests, **body: Any) -> Any:
    answer = sandbox.api.post("/v1/customers/", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refusal(answer: Any, status: int = 422) -> tuple[list[Any], str]:
    assert answer.status_code == status, answer.text
    (entry,) = answer.json()["detail"]
    return entry["loc"], entry["msg"]


def test_an_empty_external_id_is_none(bare_sandbox: SandboxInTests) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        assert make(bare_sandbox, email=email, external_id="")["external_id"] is None


def test_the_external_id_is_no_field_where_it_is_the_address(
    bare_sandbox: SandboxInTests, ada: Any
) -> None:
    path = "/v1/customers/external/u-1"
    changed = bare_sandbox.api.patch(path, json={"external_id": "u-2", "name": "Ada"})

    assert changed.status_code == 200
    assert (changed.json()["external_id"], changed.json()["name"]) == ("u-1", "Ada")


def test_metadata_is_replaced_as_a_whole_and_the_rest_stays(
    bare_sandbox: SandboxInTests, ada: Any
) -> None:
    path = f"/v1/customers/{ada['id']}"
    bare_sandbox.api.patch(path, json={"billing_address": {"country": "FR"}})
    changed = bare_sandbox.api.patch(path, json={"metadata": {"c": 3}, "billing_address": None})

    assert changed.json()["metadata"] == {"c": 3}
    assert changed.json()["billing_address"]["country"] == "FR"
    assert changed.json()["email"] == "ada@example.com"


def test_events_of_an_external_id_wait_for_the_customer(bare_sandbox: SandboxInTests) -> None:
    event = {"name": "call", "external_customer_id": "u-1"}
    bare_sandbox.api.post("/v1/events/ingest", json={"events": [event]})
    assert UsageEvent.objects.get().customer_id is None

    made = make(bare_sandbox, **ADA)

    assert str(UsageEvent.objects.get().customer_id) == made["id"]
    found = bare_sandbox.api.get(f"/v1/events/?customer_id={made['id']}").json()["items"]
    assert [each["external_customer_id"] for each in found] == ["u-1"]


@pytest.mark.parametrize("path", ["/v1/customers/{id}", "/v1/customers/external/u-1"])
@pytest.mark.parametrize("anonymize", [False, True])
def test_a_deleted_customer_is_nowhere_and_may_come_back(
    bare_sandbox: SandboxInTests, ada: Any, path: str, anonymize: bool
) -> None:
    api = bare_sandbox.api
    query = "?anonymize=true" if anonymize else ""
    assert api.delete(path.format(**ada) + query).status_code == 204

    for gone in (f"/v1/customers/{ada['id']}", "/v1/customers/external/u-1"):
        for more in ("", "/state", "/members"):
            assert api.get(gone + more).status_code == 404
        assert api.patch(gone, json={}).status_code == 404
        assert api.delete(gone).status_code == 404
    row = Customer.objects.get()
    assert row.external_id == ("u-1" if anonymize else None)
    assert row.email == "ada@example.com" or anonymize
    again = make(bare_sandbox, **ADA)
    assert again["id"] != ada["id"]


def test_a_session_names_its_portal_its_customer_and_its_end(
    bare_sandbox: SandboxInTests, ada: Any
) -> None:
    for who in (
        {"customer_id": ada["id"]},
        {"external_customer_id": "u-1"},
        {"customer_external_id": "u-1", "return_url": "https://shop.example/back"},
    ):
        answer = bare_sandbox.api.post("/v1/customer-sessions/", json=who)
        assert answer.status_code == 201, answer.text
        session = answer.json()
        address = urlsplit(session["customer_portal_url"])
        query = parse_qs(address.query)
        assert address.path.endswith("/portal")
        assert query["customer_session_token"] == [session["token"]]
        assert query["email"] == ["ada@example.com"]
        assert session["token"].startswith("polar_mst_")
        assert session["customer"]["id"] == session["customer_id"] == ada["id"]
        assert session["return_url"] == who.get("return_url")


def test_a_teams_session_is_one_members(bare_sandbox: SandboxInTests) -> None:
    owner = {"email": "boss@example.com", "external_id": "boss"}
    team = make(bare_sandbox, type="team", email="team@example.com", owner=owner)
    api, path = bare_sandbox.api, "/v1/customer-sessions/"

    loc, said = refusal(api.post(path, json={"customer_id": team["id"]}))
    assert (loc, said) == (["body", "member_id"], "member_id is required for team customers.")
    somebody = {"customer_id": team["id"], "external_member_id": "nobody"}
    assert refusal(api.post(path, json=somebody))[0] == ["body", "external_member_id"]
    known = {"customer_id": team["id"], "external_member_id": "boss"}
    token = api.post(path, json=known).json()["token"]

    headers = {"Authorization": f"Bearer {token}"}
    user = api.get("/v1/customer-portal/customer-session/user", headers=headers).json()
    assert (user["email"], user["role"]) == ("boss@example.com", "owner")
