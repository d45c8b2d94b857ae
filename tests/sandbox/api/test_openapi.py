"""Every success validates against the schema that Polar publishes for that route and status."""

from tests.sandbox.api.checked import Checked
from tests.sandbox_fixtures import SandboxInTests


def test_the_catalogue(call: Checked) -> None:
    benefit = call(
        "POST", "/v1/benefits/", type="custom", description="Priority", properties={"note": "Hi"}
    )
    call("POST", "/v1/benefits/", type="feature_flag", description="Flag A", properties={})
    call("GET", f"/v1/benefits/{benefit['id']}")
    call("PATCH", f"/v1/benefits/{benefit['id']}", type="custom", description="Priority mail")
    fixed = {"amount_type": "fixed", "price_amount": 500, "price_currency": "usd"}
    product = call("POST", "/v1/products/", name="Book", prices=[fixed], metadata={"n": 1})
    call(
        "POST",
        "/v1/products/",
        name="Trial",
        recurring_interval="month",
        trial_interval="day",
        trial_interval_count=14,
        prices=[{"amount_type": "free"}],
    )
    path = f"/v1/products/{product['id']}"
    call("POST", f"{path}/benefits", benefits=[benefit["id"]])
    call("PATCH", path, name="A book", is_archived=True)
    call("PATCH", path, prices=[{"id": product["prices"][0]["id"]}])
    call("GET", path)
    call("GET", "/v1/products/?is_archived=true")
    call("GET", "/v1/benefits/?limit=100")
    call("DELETE", f"/v1/benefits/{benefit['id']}")


def test_customers_and_members(call: Checked) -> None:
    ada = call(
        "POST",
        "/v1/customers/",
        email="ada@example.com",
        external_id="user-1",
        billing_address={"country": "FR"},
        metadata={"plan": "x", "n": 2},
    )
    call("GET", "/v1/customers/?email=ada@example.com")
    call("GET", f"/v1/customers/{ada['id']}")
    call("GET", "/v1/customers/external/user-1")
    call("PATCH", f"/v1/customers/{ada['id']}", name="Ada")
    call("PATCH", "/v1/customers/external/user-1", name="Ada L.")
    call("GET", f"/v1/customers/{ada['id']}/state")
    call("GET", "/v1/customers/external/user-1/state")
    team = call(
        "POST",
        "/v1/customers/",
        type="team",
        name="Team",
        email="team@example.com",
        owner={"email": "own@example.com", "external_id": "own-1"},
    )
    member = call("POST", f"/v1/customers/{team['id']}/members", email="m@example.com")
    call("PATCH", f"/v1/customers/{team['id']}/members/{member['id']}", name="M")
    call("GET", f"/v1/members/?customer_id={team['id']}")
    call("DELETE", f"/v1/customers/{team['id']}/members/{member['id']}")
    call("POST", "/v1/customer-sessions/", external_customer_id="user-1")
    call("DELETE", "/v1/customers/external/user-1")


def test_a_purchase_from_checkout_to_revocation(call: Checked, sandbox: SandboxInTests) -> None:
    ada = call("POST", "/v1/customers/", email="ada@example.com", external_id="user-1")
    products = [sandbox.product_ids["pro-monthly"], sandbox.product_ids["pro-yearly"]]
    made = call("POST", "/v1/checkouts/", products=products, customer_id=ada["id"])
    call("PATCH", f"/v1/checkouts/{made['id']}", metadata={"late": "1"})
    client = f"/v1/checkouts/client/{made['client_secret']}"
    call("GET", client)
    call("PATCH", client, product_id=products[1])
    call(
        "POST",
        f"{client}/confirm",
        confirmation_token_id="4242 4242 4242 4242",
        customer_name="Ada",
        customer_billing_address={"country": "FR"},
    )
    call("GET", f"/v1/checkouts/{made['id']}")
    call("GET", "/v1/checkouts/?status=succeeded&status=open")
    (bought,) = call("GET", "/v1/subscriptions/?active=true&external_customer_id=user-1")["items"]
    (order,) = call("GET", f"/v1/orders/?subscription_id={bought['id']}")["items"]
    call("GET", f"/v1/orders/{order['id']}")
    call("PATCH", f"/v1/orders/{order['id']}", billing_name="Ada Ltd")
    call("POST", f"/v1/orders/{order['id']}/invoice")
    call("GET", f"/v1/orders/{order['id']}/invoice")
    call("GET", f"/v1/benefit-grants/?customer_id={ada['id']}&is_granted=true")
    call("GET", f"/v1/benefits/{sandbox.benefit_ids['pro']}/grants")
    state = call("GET", f"/v1/customers/{ada['id']}/state")
    assert len(state["granted_benefits"]) == 2
    path = f"/v1/subscriptions/{bought['id']}"
    call("PATCH", path, metadata={"a": "b"})
    call("PATCH", path, cancel_at_period_end=True, customer_cancellation_reason="unused")
    call("PATCH", path, cancel_at_period_end=False)
    call("GET", path)
    call("DELETE", path)


def test_seats_and_a_purchase_of_one_time(call: Checked, sandbox: SandboxInTests) -> None:
    products = [sandbox.product_ids["team"]]
    call("POST", "/v1/checkouts/", products=products, seats=3, min_seats=2, max_seats=9)
    sandbox.buy("ebook", customer_email="ada@example.com")
    call("GET", "/v1/orders/?product_billing_type=one_time")
    call("GET", "/v1/checkouts/")


def test_a_free_subscription_through_the_api(call: Checked) -> None:
    call("POST", "/v1/customers/", email="ada@example.com", external_id="user-1")
    free = call(
        "POST",
        "/v1/products/",
        name="Free",
        recurring_interval="month",
        prices=[{"amount_type": "free"}],
    )
    call("POST", "/v1/subscriptions/", product_id=free["id"], external_customer_id="user-1")


def test_webhooks_and_the_rest(call: Checked, sandbox: SandboxInTests) -> None:
    made = call(
        "POST",
        "/v1/webhooks/endpoints",
        url="https://example.com/hook",
        format="raw",
        events=["order.paid"],
    )
    path = f"/v1/webhooks/endpoints/{made['id']}"
    call("GET", path)
    call("PATCH", path, enabled=False)
    call("PATCH", f"{path}/secret")
    call("GET", "/v1/webhooks/endpoints")
    sent = call("GET", "/v1/webhooks/deliveries?limit=2&event_type=product.created")["items"]
    call("POST", f"/v1/webhooks/events/{sent[0]['webhook_event']['id']}/redeliver")
    call("DELETE", path)
    (organization,) = call("GET", "/v1/organizations/")["items"]
    call("GET", f"/v1/organizations/{organization['id']}")
    for kind in ("refunds", "discounts", "meters", "customer-meters"):
        call("GET", f"/v1/{kind}/")
