"""Orders: billing details and invoices."""

from typing import Any

from polar_django.sandbox.models import Order
from tests.sandbox.api.test_refusals import refusal
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


def test_an_invoice_needs_a_paid_order_and_an_address(sandbox: SandboxInTests) -> None:
    order = bought(sandbox)
    path = f"/v1/orders/{order['id']}/invoice"
    Order.objects.update(billing_address=None)
    assert refusal(sandbox.api.post(path), 422) == {
        "error": "MissingInvoiceBillingDetails",
        "detail": "Billing name and address are required to generate this invoice.",
    }
    Order.objects.update(status="void")
    assert refusal(sandbox.api.post(path), 409)["error"] == "OrderNotEligibleForInvoice"


def test_a_receipt_comes_with_a_payment(sandbox: SandboxInTests) -> None:
    order = bought(sandbox)
    path = f"/v1/orders/{order['id']}/receipt"
    assert "/portal/orders/" in sandbox.api.get(path).json()["url"]
    Order.objects.update(receipt_number=None)
    assert sandbox.api.get(path).status_code == 202


def test_a_draft_is_made_and_finalized(sandbox: SandboxInTests) -> None:
    order = bought(sandbox)
    body = {"customer_id": order["customer_id"], "product_id": order["product_id"]}
    answer = sandbox.api.post("/v1/orders/", json=body)
    assert refusal(answer, 403)["error"] == "OffSessionChargesNotEnabled"
    (organization,) = sandbox.api.get("/v1/organizations/").json()["items"]
    sandbox.api.patch(
        f"/v1/organizations/{organization['id']}",
        json={"feature_settings": {"off_session_charges_enabled": True}},
    )

    draft = sandbox.api.post("/v1/orders/", json=body)
    assert (draft.status_code, draft.json()["status"]) == (201, "draft")
    path = f"/v1/orders/{draft.json()['id']}/finalize"
    paid = sandbox.api.post(path, json={}).json()
    assert (paid["status"], paid["total_amount"]) == ("paid", 1_500)
    assert refusal(sandbox.api.post(path, json={}), 412)["error"] == "OrderNotDraft"
