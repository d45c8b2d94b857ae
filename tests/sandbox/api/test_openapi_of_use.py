"""The same for what happens after a purchase: seats, refunds, keys, usage, and the portal."""

from typing import Any

import httpx
import pytest

from polar_django.sandbox.models import ORGANIZATION_ID, Seat
from tests.sandbox.api.checked import Checked
from tests.sandbox_fixtures import SandboxInTests

COUNT = {
    "name": "Calls",
    "filter": {
        "conjunction": "and",
        "clauses": [{"property": "name", "operator": "eq", "value": "call"}],
    },
    "aggregation": {"func": "sum", "property": "n"},
}


def give(call: Checked, product_id: str, *benefits: Any) -> None:
    """The product gives these and nothing else."""
    call("POST", f"/v1/products/{product_id}/benefits", benefits=[each["id"] for each in benefits])


def key_benefit(call: Checked) -> Any:
    properties = {"prefix": "ACME", "activations": {"limit": 2, "enable_customer_admin": True}}
    return call(
        "POST", "/v1/benefits/", type="license_keys", description="A key", properties=properties
    )


@pytest.fixture
def portal(call: Checked, sandbox: SandboxInTests) -> Checked:
    """Ada's portal; she has bought `pro-monthly`."""
    ada = call("POST", "/v1/customers/", email="ada@example.com", external_id="user-1")
    sandbox.buy("pro-monthly", customer_id=ada["id"])
    return open_portal(call, sandbox, external_customer_id="user-1")


def open_portal(call: Checked, sandbox: SandboxInTests, **who: Any) -> Checked:
    session = call("POST", "/v1/customer-sessions/", **who)
    headers = {"Authorization": f"Bearer {session['token']}"}
    api = httpx.Client(base_url=sandbox.api.base_url, transport=sandbox.transport, headers=headers)
    return Checked(api)


def test_seats(call: Checked, sandbox: SandboxInTests) -> None:
    sandbox.buy("team", seats=3, customer_email="ada@example.com", external_customer_id="user-1")
    (bought,) = call("GET", "/v1/subscriptions/?external_customer_id=user-1")["items"]
    seats = f"/v1/customer-seats?subscription_id={bought['id']}"
    listed = call("GET", seats)
    assert (listed["total_seats"], listed["available_seats"]) == (3, 2)
    bob = call(
        "POST",
        "/v1/customer-seats",
        subscription_id=bought["id"],
        email="bob@example.com",
        metadata={"role": "dev"},
    )
    call("POST", f"/v1/customer-seats/{bob['id']}/resend")
    token = Seat.objects.get(pk=bob["id"]).invitation_token
    assert call("GET", f"/v1/customer-seats/claim/{token}")["can_claim"] is True
    claimed = call("POST", "/v1/customer-seats/claim", invitation_token=token)
    assert claimed["seat"]["status"] == "claimed"
    grants = call("GET", f"/v1/benefit-grants/?customer_id={bought['customer_id']}")["items"]
    assert {each["member"]["email"] for each in grants} == {"ada@example.com", "bob@example.com"}
    revoked = call("DELETE", f"/v1/customer-seats/{bob['id']}")
    assert (revoked["status"], revoked["member_id"]) == ("revoked", None)


def test_refunds(call: Checked, sandbox: SandboxInTests) -> None:
    sandbox.buy("ebook", customer_email="ada@example.com")
    (order,) = call("GET", "/v1/orders/")["items"]
    for amount in (500, 1_000):
        call("POST", "/v1/refunds/", order_id=order["id"], reason="other", amount=amount)
    assert len(call("GET", f"/v1/refunds/?order_id={order['id']}")["items"]) == 2
    assert call("GET", f"/v1/orders/{order['id']}")["status"] == "refunded"


def test_license_keys(call: Checked, sandbox: SandboxInTests) -> None:
    give(call, sandbox.product_ids["ebook"], key_benefit(call))
    sandbox.buy("ebook", customer_email="ada@example.com")
    (key,) = call("GET", "/v1/license-keys/?status=granted")["items"]
    known = {"key": key["key"], "organization_id": str(ORGANIZATION_ID)}
    for base in ("/v1/license-keys", "/v1/customer-portal/license-keys"):
        activation = call("POST", f"{base}/activate", **known, label="laptop", meta={"os": "x"})
        valid = call("POST", f"{base}/validate", **known, activation_id=activation["id"])
        assert valid["activation"]["label"] == "laptop"
        call("GET", f"/v1/license-keys/{key['id']}/activations/{activation['id']}")
        call("POST", f"{base}/deactivate", **known, activation_id=activation["id"])
    call("GET", f"/v1/license-keys/{key['id']}")
    assert call("PATCH", f"/v1/license-keys/{key['id']}", usage=5)["usage"] == 5
    rotated = sandbox.api.post(f"/v1/license-keys/{key['id']}/rotate")
    assert rotated.json()["key"] != key["key"]


def test_usage(call: Checked, sandbox: SandboxInTests) -> None:
    meter = call("POST", "/v1/meters/", **COUNT)
    call("PATCH", f"/v1/meters/{meter['id']}", name="API calls")
    credit = {"meter_id": meter["id"], "units": 100, "rollover": False}
    benefit = call(
        "POST", "/v1/benefits/", type="meter_credit", description="Units", properties=credit
    )
    give(call, sandbox.product_ids["ebook"], benefit)
    sandbox.buy("ebook", customer_email="ada@example.com", external_customer_id="user-1")
    event = {"name": "call", "external_customer_id": "user-1", "metadata": {"n": 30}}
    batch = [{**event, "external_id": "e-1"}, event]
    assert call("POST", "/v1/events/ingest", events=batch) == {"inserted": 2, "duplicates": 0}
    assert call("POST", "/v1/events/ingest", events=batch[:1]) == {"inserted": 0, "duplicates": 1}

    (sent, *_) = call("GET", f"/v1/events/?source=user&meter_id={meter['id']}")["items"]
    call("GET", f"/v1/events/{sent['id']}")
    (credited,) = call("GET", "/v1/events/?source=system")["items"]
    assert credited["name"] == "meter.credited"
    names = call("GET", "/v1/events/names?source=user")["items"]
    assert [(each["name"], each["occurrences"]) for each in names] == [("call", 2)]
    (held,) = call("GET", "/v1/customer-meters/?external_customer_id=user-1")["items"]
    assert (held["consumed_units"], held["balance"]) == (60, 40)
    call("GET", f"/v1/customer-meters/{held['id']}")
    span = "start_timestamp=2026-01-01T00:00:00Z&end_timestamp=2100-01-01T00:00:00Z"
    counted = call("GET", f"/v1/meters/{meter['id']}/quantities?{span}&interval=year")
    assert counted["total"] == 60
    state = call("GET", "/v1/customers/external/user-1/state")
    assert state["active_meters"][0]["balance"] == 40


def test_a_customer_sees_to_their_own_things(
    call: Checked, portal: Checked, sandbox: SandboxInTests
) -> None:
    base = "/v1/customer-portal"
    me = portal("GET", f"{base}/customers/me")
    assert me["email"] == "ada@example.com"
    portal("PATCH", f"{base}/customers/me", billing_name="Ada Ltd")
    (card,) = portal("GET", f"{base}/customers/me/payment-methods")["items"]
    assert card["method_metadata"]["last4"] == "4242"
    portal("GET", f"{base}/customer-session/introspect")
    assert portal("GET", f"{base}/customer-session/user")["role"] == "owner"
    portal("GET", f"{base}/organizations/sandbox")

    (order,) = portal("GET", f"{base}/orders/")["items"]
    portal("GET", f"{base}/orders/{order['id']}")
    portal("PATCH", f"{base}/orders/{order['id']}", billing_name="Ada Ltd")
    portal("GET", f"{base}/orders/{order['id']}/payment-status")
    grants = portal("GET", f"{base}/benefit-grants/")["items"]
    assert len(grants) == 2
    portal("GET", f"{base}/benefit-grants/{grants[0]['id']}")
    portal("GET", f"{base}/meters/")

    (bought,) = portal("GET", f"{base}/subscriptions/?active=true")["items"]
    path = f"{base}/subscriptions/{bought['id']}"
    changed = portal("PATCH", path, product_id=sandbox.product_ids["pro-yearly"])
    assert changed["product_id"] == sandbox.product_ids["pro-yearly"]
    assert portal("DELETE", path)["cancel_at_period_end"] is True
    assert portal("PATCH", path, cancel_at_period_end=False)["ends_at"] is None
    portal("GET", path)


def test_a_team_sees_to_its_own_seats(call: Checked, sandbox: SandboxInTests) -> None:
    give(call, sandbox.product_ids["team"], key_benefit(call))
    sandbox.buy("team", seats=2, customer_email="ada@example.com", external_customer_id="user-1")
    ada = call("GET", "/v1/customers/external/user-1")
    (owner,) = call("GET", f"/v1/members/?customer_id={ada['id']}")["items"]
    portal = open_portal(call, sandbox, customer_id=ada["id"], member_id=owner["id"])
    base = "/v1/customer-portal"
    (bought,) = portal("GET", f"{base}/seats/subscriptions")["items"]
    bob = portal("POST", f"{base}/seats", subscription_id=bought["id"], email="bob@example.com")
    portal("POST", f"{base}/seats/{bob['id']}/resend")
    assert portal("GET", f"{base}/seats?subscription_id={bought['id']}")["available_seats"] == 0
    assert len(portal("GET", f"{base}/members")["items"]) == 2
    eve = portal("POST", f"{base}/members", email="eve@example.com")
    portal("PATCH", f"{base}/members/{eve['id']}", name="Eve")
    portal("DELETE", f"{base}/members/{eve['id']}")

    token = Seat.objects.get(pk=bob["id"]).invitation_token
    call("POST", "/v1/customer-seats/claim", invitation_token=token)
    his = open_portal(call, sandbox, customer_id=ada["id"], member_id=bob["member_id"])
    (key,) = his("GET", f"{base}/license-keys/")["items"]
    assert key["member"]["email"] == "bob@example.com"
    his("GET", f"{base}/license-keys/{key['id']}")
    assert his.api.get(f"{base}/subscriptions/").status_code == 403
    portal("DELETE", f"{base}/seats/{bob['id']}")


def test_nobody_sees_what_is_somebody_elses(
    call: Checked, portal: Checked, sandbox: SandboxInTests
) -> None:
    sandbox.buy("pro-monthly", customer_email="eve@example.com", external_customer_id="user-2")
    (hers,) = call("GET", "/v1/subscriptions/?external_customer_id=user-2")["items"]
    path = f"/v1/customer-portal/subscriptions/{hers['id']}"

    assert portal.api.get(path).status_code == 404
    assert portal.api.delete(path).status_code == 404
    # Neither token opens the other's door.
    assert sandbox.api.get("/v1/customer-portal/customers/me").status_code == 401
    assert portal.api.get("/v1/customers/").status_code == 401


def test_links_and_custom_fields(call: Checked, sandbox: SandboxInTests) -> None:
    field = call(
        "POST",
        "/v1/custom-fields/",
        type="select",
        slug="size",
        name="Size",
        properties={"options": [{"value": "s", "label": "Small"}]},
    )
    call("PATCH", f"/v1/custom-fields/{field['id']}", type="select", name="Your size")
    call("GET", f"/v1/custom-fields/{field['id']}")
    call("GET", "/v1/custom-fields/?type=select")
    ebook = sandbox.product_ids["ebook"]
    attached = [{"custom_field_id": field["id"], "required": True}]
    product = call("PATCH", f"/v1/products/{ebook}", attached_custom_fields=attached)
    assert product["attached_custom_fields"][0]["custom_field"]["slug"] == "size"

    link = call("POST", "/v1/checkout-links/", payment_processor="stripe", products=[ebook])
    call("GET", f"/v1/checkout-links/{link['id']}")
    call("PATCH", f"/v1/checkout-links/{link['id']}", label="Shirts", metadata={"a": "b"})
    call("GET", f"/v1/checkout-links/?product_id={ebook}")
    followed = httpx.Client(transport=sandbox.transport).get(link["url"])
    assert followed.status_code == 302
    secret = followed.headers["location"].rsplit("/", 1)[-1]
    shown = call("GET", f"/v1/checkouts/client/{secret}")
    assert shown["attached_custom_fields"][0]["required"] is True
    call("DELETE", f"/v1/checkout-links/{link['id']}")
    call("DELETE", f"/v1/custom-fields/{field['id']}")


def test_what_the_sandbox_leaves_out_is_empty_or_says_so(
    call: Checked, sandbox: SandboxInTests
) -> None:
    for kind in ("payments", "disputes", "event-types"):
        assert call("GET", f"/v1/{kind}/")["items"] == []
    refused = sandbox.api.get("/v1/metrics/?start_date=2026-01-01&end_date=2026-02-01")
    assert (refused.status_code, refused.json()["error"]) == (501, "NotInSandbox")
    assert sandbox.api.post("/v1/oauth2/token").json()["error"] == "NotInSandbox"
    assert call("GET", "/v1/metrics/limits")["min_date"] == "2023-01-01"
    assert call("GET", "/v1/metrics/dashboards") == []


def test_the_invitations_that_would_have_been_mailed_can_be_read(
    call: Checked, sandbox: SandboxInTests
) -> None:
    sandbox.buy("team", seats=2, customer_email="ada@example.com", external_customer_id="user-1")
    (bought,) = call("GET", "/v1/subscriptions/?external_customer_id=user-1")["items"]
    call("POST", "/v1/customer-seats", subscription_id=bought["id"], email="bob@example.com")

    (mail,) = sandbox.api.get("/_control/invitations").json()

    assert mail["email"] == "bob@example.com"
    call("POST", "/v1/customer-seats/claim", invitation_token=mail["token"])
    assert sandbox.api.get("/_control/invitations").json() == []


def test_a_file_is_uploaded_and_reaches_its_buyer(call: Checked, sandbox: SandboxInTests) -> None:
    content = b"Once upon a time"
    part = {"number": 1, "chunk_start": 0, "chunk_end": len(content)}
    announced = call(
        "POST",
        "/v1/files/",
        name="book.txt",
        mime_type="text/plain",
        size=len(content),
        service="downloadable",
        upload={"parts": [part]},
    )
    storage = httpx.Client(transport=sandbox.transport)
    (address,) = announced["upload"]["parts"]
    assert storage.put(address["url"], content=b"other").status_code == 422
    assert storage.put(address["url"], content=content).status_code == 200
    path = f"/v1/files/{announced['id']}"
    call("POST", f"{path}/uploaded", id="x", parts=[])
    call("PATCH", path, version="2")
    assert len(call("GET", "/v1/files/")["items"]) == 1

    properties = {"files": [announced["id"]]}
    benefit = call(
        "POST", "/v1/benefits/", type="downloadables", description="Book", properties=properties
    )
    give(call, sandbox.product_ids["ebook"], benefit)
    sandbox.buy("ebook", customer_email="ada@example.com", external_customer_id="user-1")
    portal = open_portal(call, sandbox, external_customer_id="user-1")
    (mine,) = portal("GET", "/v1/customer-portal/downloadables/")["items"]
    assert storage.get(mine["file"]["download"]["url"]).content == content
    call("DELETE", path)
    assert portal("GET", "/v1/customer-portal/downloadables/")["items"] == []
