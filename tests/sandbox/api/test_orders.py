"""Orders: billing details and invoices."""

from typing import Any

from tests.sandbox_fixtures import SandboxInTests


def bought(sandbox: SandboxInTests) -> Any:
    sandbox.buy("ebook", customer_email="ada@example.com")
    (order,) = sandbox.api.get("/v1/orders/").json()["items"]
    return order


def test_billing_details_change_and_the_rest_stays(sandbox: SandboxInTests) -> None:
    order = bought(sandbox)
    address = {"country": "US", "state": "CA", "city": "San Francisco", "line1": "1 Market St"}
    changed = sandbox.api.patch(
        f"/v1/orders/{order['id']}",
        json={"billing_name": "Ada Ltd", "billing_address": address, "total_amount": 1},
    ).json()
    assert changed["billing_name"] == "Ada Ltd"
    assert changed["billing_address"] == {
        "country": "US",
        "state": "US-CA",
        "city": "San Francisco",
        "line1": "1 Market St",
        "line2": None,
        "postal_code": None,
    }
    assert changed["total_amount"] == order["total_amount"] == 1_500


def test_an_invoice_exists_once_it_was_made(sandbox: SandboxInTests) -> None:
    order = bought(sandbox)
    path = f"/v1/orders/{order['id']}/invoice"
    missing = sandbox.api.get(path)
    assert missing.status_code == 404
    assert missing.json()["error"] == "InvoiceDoesNotExist"
    made = sandbox.api.post(path)
    assert (made.status_code, made.json()) == (202, None)
    url = sandbox.api.get(path).json()["url"]
    address, _, token = url.partition("?customer_session_token=")
    assert address == f"http://testserver/sandbox/portal/orders/{order['id']}"
    assert token
    page = sandbox.api.get(url, headers={"Authorization": ""})
    assert page.status_code == 200
    assert "Ebook" in page.text
