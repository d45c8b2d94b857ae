"""The official client, which knows nothing of us, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from polar.v2026_10 import Polar

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.seed import seed
from tests.sandbox_fixtures import CATALOGUE, DECLINES, PAYS

ADDRESS = {"country": "NL"}


@pytest.fixture
def product_ids(transactional_db: None) -> dict[str, str]:
    return seed(CATALOGUE)["products"]


@pytest.fixture
def polar(live_server: Any, product_ids: dict[str, str]) -> Iterator[Polar]:
    address = f"{live_server.url}/sandbox"
    with Polar(get_settings().access_token, base_url=address, timeout=30) as polar:
        yield polar


def buy(polar: Polar, product_id: str, external_id: str = "user-1") -> Any:
    """A customer with that external id who has bought the product; the customer."""
    customer = polar.customers.create(email=f"{external_id}@example.com", external_id=external_id)
    checkout = polar.checkouts.create(products=[product_id], customer_id=customer.id)
    polar.checkouts.client_confirm(
        checkout.client_secret,
        confirmation_token_id=PAYS,
        customer_name="Ada",
        customer_billing_address=ADDRESS,
    )
    return customer


def test_products_are_listed_with_prices_and_benefits(
    polar: Polar, product_ids: dict[str, str]
) -> None:
    found = polar.products.list(sorting=["name"])
    assert [product.name for product in found.items] == [
        "Ebook",
        "Pro, monthly",
        "Pro, yearly",
        "Team",
    ]
    assert found.pagination.total_count == 4
    pro = polar.products.get(product_ids["pro-monthly"])
    assert [price.price_amount for price in pro.prices] == [1_000]
    assert [benefit.metadata["key"] for benefit in pro.benefits] == ["pro", "export"]


def test_the_pages_of_a_list_can_be_walked(polar: Polar) -> None:
    names = [product.name for product in polar.products.iter_list(limit=1, sorting=["created_at"])]
    assert names == ["Pro, monthly", "Pro, yearly", "Team", "Ebook"]


def test_a_customer_is_found_again_by_the_projects_own_id(polar: Polar) -> None:
    made = polar.customers.create(email="ada@example.com", external_id="user-1", name="Ada")
    assert polar.customers.get_external("user-1") == made
    assert polar.customers.list(email="ADA@example.com").items == [made]
    assert polar.customers.update(made.id, name="Ada L.").name == "Ada L."
    assert [member.role for member in polar.customers.members.list(made.id).items] == ["owner"]


def test_a_checkout_is_created_read_back_and_paid(
    polar: Polar, product_ids: dict[str, str]
) -> None:
    customer = polar.customers.create(email="ada@example.com", external_id="user-1")
    checkout = polar.checkouts.create(
        products=[product_ids["pro-monthly"], product_ids["pro-yearly"]],
        customer_id=customer.id,
        success_url="https://shop.example/return?checkout_id={CHECKOUT_ID}",
        metadata={"plan": "pro"},
    )
    assert checkout.status == "open"
    assert checkout.total_amount == 1_000
    assert checkout.customer_id == customer.id
    assert checkout.success_url == f"https://shop.example/return?checkout_id={checkout.id}"
    assert polar.checkouts.get(checkout.id) == checkout

    confirmed = polar.checkouts.client_confirm(
        checkout.client_secret,
        confirmation_token_id=PAYS,
        customer_name="Ada",
        customer_billing_address=ADDRESS,
    )
    assert confirmed.status == "confirmed"
    assert confirmed.customer_session_token
    assert polar.checkouts.get(checkout.id).status == "succeeded"


def test_the_buyer_chooses_another_product(polar: Polar, product_ids: dict[str, str]) -> None:
    checkout = polar.checkouts.create(
        products=[product_ids["pro-monthly"], product_ids["pro-yearly"]]
    )
    seen = polar.checkouts.client_get(checkout.client_secret)
    assert seen.total_amount == 1_000
    changed = polar.checkouts.client_update(
        checkout.client_secret, product_id=product_ids["pro-yearly"]
    )
    assert changed.total_amount == 10_000


def test_a_purchase_is_listed_as_subscription_order_and_grants(
    polar: Polar, product_ids: dict[str, str]
) -> None:
    customer = buy(polar, product_ids["pro-monthly"])
    (subscription,) = polar.subscriptions.list(external_customer_id="user-1", active=True).items
    assert (subscription.status, subscription.amount) == ("active", 1_000)
    assert polar.subscriptions.get(subscription.id) == subscription

    (order,) = polar.orders.list(customer_id=customer.id).items
    assert (order.status, order.total_amount) == ("paid", 1_000)
    assert order.subscription_id == subscription.id
    assert polar.orders.get(order.id) == order

    grants = polar.benefit_grants.list(customer_id=customer.id, is_granted=True).items
    assert {grant.benefit.metadata["key"] for grant in grants} == {"pro", "export"}
    (held,) = polar.benefits.grants(grants[0].benefit_id).items
    assert held == grants[0]


def test_a_subscription_is_canceled_uncanceled_and_revoked(
    polar: Polar, product_ids: dict[str, str]
) -> None:
    customer = buy(polar, product_ids["pro-monthly"])
    (bought,) = polar.subscriptions.list(customer_id=customer.id).items

    canceled = polar.subscriptions.update(
        bought.id, cancel_at_period_end=True, customer_cancellation_reason="too_expensive"
    )
    assert (canceled.status, canceled.cancel_at_period_end) == ("active", True)
    assert canceled.ends_at == bought.current_period_end
    assert canceled.customer_cancellation_reason == "too_expensive"

    again = polar.subscriptions.update(bought.id, cancel_at_period_end=False)
    assert (again.cancel_at_period_end, again.ends_at) == (False, None)

    revoked = polar.subscriptions.revoke(bought.id)
    assert revoked.status == "canceled"
    assert revoked.ended_at
    assert polar.benefit_grants.list(customer_id=customer.id, is_granted=True).items == []


def test_an_ebook_is_bought_once(polar: Polar, product_ids: dict[str, str]) -> None:
    customer = buy(polar, product_ids["ebook"])
    assert polar.subscriptions.list(customer_id=customer.id).items == []
    (order,) = polar.orders.list(customer_id=customer.id, status=["paid"]).items
    assert order.billing_reason == "purchase"


def test_a_declined_card_leaves_the_checkout_open(
    polar: Polar, product_ids: dict[str, str]
) -> None:
    checkout = polar.checkouts.create(
        products=[product_ids["ebook"]], customer_email="ada@example.com"
    )
    with pytest.raises(Exception, match="declined"):
        polar.checkouts.client_confirm(
            checkout.client_secret,
            confirmation_token_id=DECLINES,
            customer_name="Ada",
            customer_billing_address=ADDRESS,
        )
    assert polar.checkouts.get(checkout.id).status == "open"
    assert polar.orders.list().items == []


def test_a_portal_session_is_made_for_a_customer(polar: Polar) -> None:
    polar.customers.create(email="ada@example.com", external_id="user-1")
    session = polar.customer_sessions.create(external_customer_id="user-1")
    assert session.customer_portal_url.endswith(
        f"/sandbox/portal?customer_session_token={session.token}&email=ada%40example.com"
    )


def test_webhook_endpoints_are_kept_and_what_was_sent_is_listed(polar: Polar) -> None:
    made = polar.webhooks.create_webhook_endpoint(
        url="http://127.0.0.1:1/hook", format="raw", events=["customer.created"]
    )
    assert made.secret.startswith("whsec_")
    assert made in polar.webhooks.list_webhook_endpoints().items
    reset = polar.webhooks.reset_webhook_endpoint_secret(made.id)
    assert reset.secret != made.secret
    off = polar.webhooks.update_webhook_endpoint(made.id, enabled=False)
    assert off.enabled is False
    polar.webhooks.delete_webhook_endpoint(made.id)
    assert made.id not in [each.id for each in polar.webhooks.list_webhook_endpoints().items]
    assert polar.webhooks.list_webhook_deliveries().items == []


def test_what_does_not_exist_is_the_sdks_own_not_found(polar: Polar) -> None:
    missing = "11111111-1111-4111-8111-111111111111"
    for read in (polar.products.get, polar.subscriptions.get, polar.orders.get):
        with pytest.raises(Exception, match="Not found"):
            read(missing)
    with pytest.raises(Exception, match="Not found"):
        polar.customers.get_external("nobody")
