"""What the pay page says while somebody chooses, and when something is missing."""

import re
from typing import Any

import pytest
from django.test import Client

from polar_django.sandbox.engine import catalog, custom_fields, discounts, meters
from polar_django.sandbox.models import Checkout, Product, Subscription
from tests.sandbox.conftest import PAYS, Shop


def address(checkout: Checkout) -> str:
    return f"/sandbox/checkout/{checkout.client_secret}"


def field(page: str, name: str) -> str:
    """The tag of that input."""
    found = re.search(rf'<(?:input|select|textarea)[^>]*\bname="{name}"[^>]*>', page)
    assert found is not None, name
    return found[0]


def seller_asks(shop: Shop, kind: str, **properties: Any) -> Product:
    data = {"type": kind, "slug": "asked", "name": "Asked", "properties": properties}
    asked = custom_fields.create_custom_field(data)
    attached = [{"custom_field_id": asked.id, "required": True}]
    return catalog.update_product(shop.ebook, {"attached_custom_fields": attached})


def test_another_product_counts_before_the_country_is_chosen(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, products=[shop.pro.id, shop.ebook.id])
    data = {"action": "update", "product_id": str(shop.ebook.id), "country": ""}

    assert client.post(address(checkout), data).status_code == 303

    assert "Pay $15.00" in client.get(address(checkout)).content.decode()


def test_a_discount_counts_before_the_country_is_chosen(client: Client, shop: Shop) -> None:
    half = {"name": "Half", "code": "HALF", "type": "percentage", "basis_points": 5_000}
    discounts.create_discount({**half, "duration": "once"})
    checkout = shop.open(shop.pro)

    wrong = client.post(address(checkout), {"action": "update", "discount_code": "NOPE"})
    assert "Discount does not exist" in wrong.content.decode()
    client.post(address(checkout), {"action": "update", "discount_code": "HALF"})

    assert "Pay $5.00" in client.get(address(checkout)).content.decode()


def test_all_mistakes_are_told_at_once_and_the_first_has_the_focus(
    client: Client, shop: Shop
) -> None:
    checkout = shop.open(seller_asks(shop, "text", min_length=3), customer_email=None)
    data = {"action": "pay", "country": "NL", "custom_asked": "A", "card": ""}

    page = client.post(address(checkout), data).content.decode()

    assert "at least 3 characters" in page
    assert page.count("This field is required") == 2
    assert "autofocus" in field(page, "customer_email")
    assert "autofocus" not in field(page, "custom_asked")


def test_an_answer_that_does_not_fit_keeps_nobody_from_seeing_the_total(
    client: Client, shop: Shop
) -> None:
    checkout = shop.open(seller_asks(shop, "number", ge=1))
    data = {"action": "update", "country": "DE", "custom_asked": "0"}

    assert client.post(address(checkout), data).status_code == 303

    checkout.refresh_from_db()
    assert checkout.customer_billing_address is not None
    assert checkout.customer_billing_address["country"] == "DE"
    assert checkout.custom_field_data == {}


def test_what_helps_with_a_field_is_said_to_who_cannot_see(client: Client, shop: Shop) -> None:
    checkout = shop.open(seller_asks(shop, "checkbox", form_help_text="At the door."))
    page = client.get(address(checkout)).content.decode()
    described = re.search(r'aria-describedby="([^"]+)"', field(page, "custom_asked"))
    assert described is not None
    assert f'id="{described[1]}">At the door.' in page


def test_the_amount_says_from_where_to_where(client: Client, shop: Shop) -> None:
    page = client.get(address(shop.open(shop.gift))).content.decode()
    assert "USD, from $5.00" in page
    assert "required" in field(page, "amount")


def test_what_is_paid_by_use_is_not_called_free(client: Client, shop: Shop) -> None:
    product = sell_by_use(shop)
    page = client.get(address(shop.open(product))).content.decode()
    assert "$0.0005 per unit, billed per month" in page
    assert "Total today" in page
    assert "free" not in page.lower()

    shop.buy(product)
    dashboard = client.get("/sandbox/").content.decode()
    assert "By use, billed per month" in dashboard
    assert Subscription.objects.get().amount == 0


def sell_by_use(shop: Shop) -> Product:
    from_calls = {"property": "name", "operator": "eq", "value": "call"}
    meter = meters.create_meter(
        {
            "name": "Calls",
            "filter": {"conjunction": "and", "clauses": [from_calls]},
            "aggregation": {"func": "count"},
        }
    )
    price = {"amount_type": "metered_unit", "unit_amount": "0.05", "meter_id": meter.id}
    return shop.product("Calls", 0, interval="month", prices=[price])


@pytest.mark.parametrize("lost", ["checkout/nothing", "checkout/nothing/confirmation", "portal"])
def test_a_buyer_s_lost_page_leads_to_no_dashboard(client: Client, shop: Shop, lost: str) -> None:
    page = client.get(f"/sandbox/{lost}", follow=True).content.decode()
    assert "dashboard" not in page.lower()


def test_who_presses_twice_pays_once(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, customer_billing_address={"country": "NL"})
    data = {"action": "pay", "customer_email": "ada@example.com", "country": "NL", "card": PAYS}
    first, second = (client.post(address(checkout), data) for _ in range(2))
    assert "customer_session_token" in first["Location"]
    assert "paid already" in second.content.decode()
    assert Subscription.objects.count() == 1
