"""A sandbox with one of everything in it, and what it knows by which name."""

from typing import Any

import pytest
from django.db import models

from polar_django.sandbox.models import (
    ORGANIZATION_ID,
    Benefit,
    BenefitGrant,
    Checkout,
    CheckoutLink,
    Customer,
    CustomerMeter,
    CustomField,
    Discount,
    File,
    LicenseKey,
    LicenseKeyActivation,
    Member,
    Meter,
    Order,
    PaymentMethod,
    Price,
    Product,
    Refund,
    Seat,
    Subscription,
    UsageEvent,
    WebhookEndpoint,
    WebhookEvent,
)
from tests.sandbox_fixtures import SandboxInTests

# The part of an address before an id, or a key of a body → whose ids those are.
MODELS: dict[str, tuple[type[models.Model], ...]] = {
    "activations": (LicenseKeyActivation,),
    "activation_id": (LicenseKeyActivation,),
    "benefit-grants": (BenefitGrant,),
    "benefit_id": (Benefit,),
    "benefits": (Benefit,),
    "checkout-links": (CheckoutLink,),
    "checkout_id": (Checkout,),
    "checkouts": (Checkout,),
    "custom-fields": (CustomField,),
    "custom_field_id": (CustomField,),
    "customer-meters": (CustomerMeter,),
    "customer-seats": (Seat,),
    "customer_id": (Customer,),
    "customers": (Customer,),
    "default_payment_method_id": (PaymentMethod,),
    "discount_id": (Discount,),
    "discounts": (Discount,),
    "endpoints": (WebhookEndpoint,),
    # Of usage, and of webhooks.
    "events": (UsageEvent, WebhookEvent),
    "files": (File,),
    "license-keys": (LicenseKey,),
    "member_id": (Member,),
    "members": (Member,),
    "meter_id": (Meter,),
    # The seller's, and a customer's in the portal.
    "meters": (Meter, CustomerMeter),
    "order_id": (Order,),
    "orders": (Order,),
    "payment-methods": (PaymentMethod,),
    "payment_method_id": (PaymentMethod,),
    "product_id": (Product,),
    "product_price_id": (Price,),
    "products": (Product,),
    "refunds": (Refund,),
    "seats": (Seat,),
    "subscription_id": (Subscription,),
    "subscriptions": (Subscription,),
}
# The same of texts that are no ids.
TEXTS: dict[str, tuple[type[models.Model], str]] = {
    "claim": (Seat, "invitation_token"),
    "client": (Checkout, "client_secret"),
    "external": (Customer, "external_id"),
    "external_customer_id": (Customer, "external_id"),
    "invitation_token": (Seat, "invitation_token"),
    "key": (LicenseKey, "key"),
}
CARDS = ("4242 4242 4242 4242", "4000 0000 0000 0341", "4000 0000 0000 0002")


def existing() -> dict[str, list[str]]:
    found = {
        name: [str(row.pk) for kind in kinds for row in kind._default_manager.all()[:20]]
        for name, kinds in MODELS.items()
    }
    for name, (kind, field) in TEXTS.items():
        values = kind._default_manager.exclude(**{field: None}).values_list(field, flat=True)
        found[name] = list(map(str, values))
    found["organization_id"] = [str(ORGANIZATION_ID)]
    found["confirmation_token_id"] = list(CARDS)
    return found


def open_portal(sandbox: SandboxInTests) -> str:
    """The token of the owner of the team, who may see and do everything in its portal."""
    customer = Customer.objects.get(external_id="u-2")
    owner = customer.members.get(role="owner")
    who = {"customer_id": str(customer.id), "member_id": str(owner.id)}
    answer = sandbox.api.post("/v1/customer-sessions/", json=who)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def make(sandbox: SandboxInTests, path: str, **body: Any) -> Any:
    answer = sandbox.api.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def busy(sandbox: SandboxInTests) -> SandboxInTests:
    """With two customers, what they bought and used, and one of everything that a seller has."""
    ids = sandbox.product_ids
    # What Polar's staff would have to allow.
    allowed = {"feature_settings": {"off_session_charges_enabled": True}}
    switched = sandbox.api.patch(f"/v1/organizations/{ORGANIZATION_ID}", json=allowed)
    assert switched.is_success, switched.text
    calls = {"property": "name", "operator": "eq", "value": "call"}
    meter = make(
        sandbox,
        "/v1/meters/",
        name="Calls",
        filter={"conjunction": "and", "clauses": [calls]},
        aggregation={"func": "sum", "property": "n"},
    )
    used = {"amount_type": "metered_unit", "meter_id": meter["id"], "unit_amount": "2.5"}
    fixed = {"amount_type": "fixed", "price_amount": 1_000}
    metered = make(
        sandbox, "/v1/products/", name="Metered", recurring_interval="month", prices=[fixed, used]
    )
    ids["metered"] = metered["id"]
    limits = {"activations": {"limit": 9, "enable_customer_admin": True}, "limit_usage": 9}
    units = {"meter_id": meter["id"], "units": 100, "rollover": True}
    benefits = [
        make(sandbox, "/v1/benefits/", type=kind, description="Thing", properties=properties)["id"]
        for kind, properties in (("license_keys", limits), ("meter_credit", units))
    ]
    for key in ("metered", "ebook", "team"):
        make(sandbox, f"/v1/products/{ids[key]}/benefits", benefits=benefits)
    half = {"type": "percentage", "basis_points": 5_000, "duration": "forever", "code": "HALF"}
    discount = make(sandbox, "/v1/discounts/", name="Half", **half)
    make(
        sandbox,
        "/v1/custom-fields/",
        type="text",
        slug="size",
        name="Size",
        properties={"max_length": 9},
    )
    make(sandbox, "/v1/checkout-links/", payment_processor="stripe", products=[ids["ebook"]])
    file = {"mime_type": "text/plain", "size": 1, "service": "downloadable", "upload": {}}
    make(sandbox, "/v1/files/", name="book.txt", **file)
    make(
        sandbox,
        "/v1/webhooks/endpoints",
        url="https://app.example/hooks",
        format="raw",
        events=["order.paid", "benefit.created"],
    )

    ada = {"customer_email": "ada@example.com", "external_customer_id": "u-1"}
    bob = {"customer_email": "bob@example.com", "external_customer_id": "u-2"}
    sandbox.buy("metered", **ada, discount_id=discount["id"])
    sandbox.buy("team", **bob, seats=3)
    sandbox.buy("ebook", **bob)
    make(sandbox, "/v1/checkouts/", products=[ids["ebook"], ids["team"]])
    events = [
        {"name": "call", "external_customer_id": who, "metadata": {"n": 5}}
        for who in ("u-1", "u-2")
    ]
    make(sandbox, "/v1/events/ingest", events=events)
    key = LicenseKey.objects.filter(customer__external_id="u-2").latest("created_at")
    named = {"key": key.key, "organization_id": str(ORGANIZATION_ID)}
    make(sandbox, "/v1/license-keys/activate", **named, label="laptop")
    team = str(Subscription.objects.get(seats=3).id)
    make(sandbox, "/v1/customer-seats", subscription_id=team, email="eve@example.com")
    order = Order.objects.get(product_id=ids["ebook"])
    make(sandbox, "/v1/refunds/", order_id=str(order.id), reason="other", amount=100)
    draft = {"customer_id": str(order.customer_id), "product_id": ids["ebook"]}
    make(sandbox, "/v1/orders/", **draft)
    return sandbox
