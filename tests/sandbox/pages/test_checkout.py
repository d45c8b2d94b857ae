"""The pay page, through Django's own client."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from polar_django.sandbox import clock
from polar_django.sandbox.engine import (
    catalog,
    checkouts,
    custom_fields,
    customers,
    schedule,
    subscriptions,
)
from polar_django.sandbox.models import Checkout, Customer, Order, PaymentMethod, Subscription
from tests.sandbox.conftest import DECLINES, PAYS, Shop

SUCCESS = "https://shop.example/thanks?checkout_id={CHECKOUT_ID}"
BUYER = {"customer_email": "ada@example.com", "customer_name": "Ada", "country": "NL"}


def open_page(checkout: Checkout) -> str:
    return f"/sandbox/checkout/{checkout.client_secret}"


def priced(shop: Shop, product: Any, country: str = "NL", **data: Any) -> Checkout:
    """A session that knows the buyer's country, so that the page asks once only."""
    address = {"country": country}
    return shop.open(product, success_url=SUCCESS, customer_billing_address=address, **data)


def put_tax_on_top(shop: Shop) -> None:
    """Of the price of `pro`; in Germany it would be in the price otherwise."""
    price = {"amount_type": "fixed", "price_amount": 1_000, "tax_behavior": "exclusive"}
    catalog.update_product(shop.pro, {"prices": [price]})


def pay(client: Client, checkout: Checkout, card: str = PAYS, **data: Any) -> Any:
    return client.post(open_page(checkout), {"action": "pay", **BUYER, "card": card, **data})


def test_where_the_tax_is_in_the_price_the_page_says_so(client: Client, shop: Shop) -> None:
    price = {"amount_type": "fixed", "price_amount": 1_190, "tax_behavior": "inclusive"}
    product = catalog.create_product({"name": "Book", "prices": [price]})
    page = client.get(open_page(priced(shop, product, "DE"))).content.decode()
    assert "Demo tax, in the price</dt><dd>$1.90" in page
    assert "Pay $11.90" in page


def test_the_page_says_what_is_bought_for_how_much_and_that_no_money_moves(
    client: Client, shop: Shop
) -> None:
    put_tax_on_top(shop)
    page = client.get(open_page(priced(shop, shop.pro, "DE"))).content.decode()
    for text in ("Pro", "$10.00", "per month", "$1.90", "Pay $11.90", "What pro gives"):
        assert text in page
    assert "no money moves" in page
    assert "4000 0000 0000 0341" in page


def test_paying_leads_to_the_shop_with_a_portal_token(client: Client, shop: Shop) -> None:
    checkout = priced(shop, shop.pro)
    answer = pay(client, checkout)
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query["checkout_id"] == [str(checkout.id)]
    assert query["customer_session_token"][0].startswith("polar_cst_")
    assert Subscription.objects.get().status == "active"
    assert Customer.objects.get().name == "Ada"


def test_a_buyer_who_is_only_known_by_a_typed_e_mail_gets_no_portal_token(
    client: Client, shop: Shop
) -> None:
    customers.create_customer({"email": "ada@example.com"})
    answer = pay(client, priced(shop, shop.pro))
    assert "customer_session_token" not in answer["Location"]


def test_a_declined_card_says_so_and_another_one_pays(client: Client, shop: Shop) -> None:
    checkout = priced(shop, shop.pro)
    declined = pay(client, checkout, DECLINES)
    assert declined.status_code == 400
    assert "Your card was declined" in declined.content.decode()
    assert 'value="Ada"' in declined.content.decode()
    assert not Order.objects.exists()
    assert pay(client, checkout).status_code == 303
    assert Order.objects.get().status == "paid"


def test_any_other_card_number_is_refused_and_neither_stored_nor_repeated(
    client: Client, shop: Shop
) -> None:
    answer = pay(client, priced(shop, shop.pro), "5555 5555 5555 4444")
    assert answer.status_code == 422
    assert "test cards only" in answer.content.decode()
    assert "5555" not in answer.content.decode()
    assert not PaymentMethod.objects.exists()


def test_a_press_on_a_test_card_fills_it_in_without_javascript(client: Client, shop: Shop) -> None:
    checkout = priced(shop, shop.pro)
    answer = client.post(open_page(checkout), {**BUYER, "fill": "declines"})
    assert f'value="{DECLINES}"' in answer.content.decode()
    assert Checkout.objects.get(pk=checkout.pk).status == "open"


def test_a_free_product_asks_for_no_card_and_no_country(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.free, success_url=SUCCESS)
    page = client.get(open_page(checkout)).content.decode()
    assert 'name="card"' not in page
    assert 'name="country"' not in page
    answer = client.post(
        open_page(checkout), {"action": "pay", "customer_email": "ada@example.com"}
    )
    assert answer.status_code == 303
    assert Subscription.objects.get().product == shop.free


def test_nobody_pays_a_total_that_they_were_not_shown(client: Client, shop: Shop) -> None:
    put_tax_on_top(shop)
    checkout = priced(shop, shop.pro)
    answer = pay(client, checkout, country="DE")
    assert answer.status_code == 422
    assert "The total changed" in answer.content.decode()
    assert "Pay $11.90" in answer.content.decode()
    assert not Order.objects.exists()
    assert pay(client, checkout, country="DE").status_code == 303
    assert Order.objects.get().total_amount == 1_190


def test_who_chooses_a_country_without_tax_is_not_asked_twice(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, success_url=SUCCESS)
    assert "Pay $10.00" in client.get(open_page(checkout)).content.decode()
    assert pay(client, checkout, country="NL").status_code == 303
    assert Order.objects.get().total_amount == 1_000


def test_a_country_that_needs_an_address_is_not_paid_from_without_one(
    client: Client, shop: Shop
) -> None:
    checkout = shop.open(shop.pro, success_url=SUCCESS)
    answer = pay(client, checkout, country="US")
    assert answer.status_code == 422
    assert "The total changed" not in answer.content.decode()
    assert 'name="line1"' in answer.content.decode()
    assert not Order.objects.exists()


def test_one_of_several_products_can_be_chosen(client: Client, shop: Shop) -> None:
    checkout = checkouts.create_checkout(
        {
            "products": [shop.pro.id, shop.ebook.id],
            "customer_billing_address": {"country": "NL"},
            "success_url": SUCCESS,
        }
    )
    chosen = {"product_id": str(shop.ebook.id)}
    answer = client.post(open_page(checkout), {"action": "update", **BUYER, **chosen})
    assert answer.status_code == 303
    assert "Pay $15.00" in client.get(open_page(checkout)).content.decode()
    pay(client, checkout, **chosen)
    assert Order.objects.get().product == shop.ebook
    assert Customer.objects.get().email == "ada@example.com"


def test_a_product_that_is_not_offered_cannot_be_chosen(client: Client, shop: Shop) -> None:
    checkout = checkouts.create_checkout({"products": [shop.pro.id, shop.ebook.id]})
    data = {"action": "update", **BUYER, "product_id": str(shop.free.id)}
    assert client.post(open_page(checkout), data).status_code == 422


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2", "below minimum"),
        ("1000000", "above maximum"),
        ("1e30", "less than"),
        ("1e1000000", "less than"),
        ("-1", "greater than"),
        ("a lot", "number"),
    ],
)
def test_an_amount_that_cannot_be_is_explained(
    client: Client, shop: Shop, typed: str, says: str
) -> None:
    checkout = priced(shop, shop.gift)
    answer = client.post(open_page(checkout), {"action": "update", **BUYER, "amount": typed})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Checkout.objects.get(pk=checkout.pk).amount == checkout.amount


def test_the_buyer_chooses_the_amount_of_a_custom_price(client: Client, shop: Shop) -> None:
    checkout = priced(shop, shop.gift)
    client.post(open_page(checkout), {"action": "update", **BUYER, "amount": "12.50"})
    pay(client, checkout, amount="12.50")
    assert Order.objects.get().net_amount == 1_250


def test_seats_multiply_the_price(client: Client, shop: Shop) -> None:
    tier = {"min_seats": 1, "max_seats": None, "price_per_seat": 700}
    team = catalog.create_product(
        {
            "name": "Team",
            "recurring_interval": "month",
            "prices": [{"amount_type": "seat_based", "seat_tiers": {"tiers": [tier]}}],
        }
    )
    checkout = priced(shop, team, seats=2)
    client.post(open_page(checkout), {"action": "update", **BUYER, "seats": "3"})
    assert "Pay $21.00" in client.get(open_page(checkout)).content.decode()


def test_a_buyer_from_the_united_states_is_asked_for_the_whole_address(
    client: Client, shop: Shop
) -> None:
    checkout = priced(shop, shop.pro)
    client.post(open_page(checkout), {"action": "update", **BUYER, "country": "US"})
    assert 'name="line1"' in client.get(open_page(checkout)).content.decode()
    assert pay(client, checkout, country="US").status_code == 422
    address = {"line1": "1 Main St", "city": "Springfield", "postal_code": "12345", "state": "NY"}
    assert pay(client, checkout, country="US", **address).status_code == 303
    stored = Order.objects.get().billing_address
    assert stored is not None
    assert stored["state"] == "US-NY"


def test_what_a_customer_said_before_is_kept_when_the_page_asks_for_less(
    client: Client, shop: Shop
) -> None:
    address = {"country": "NL", "city": "Utrecht", "line1": "Oudegracht 1"}
    customer = customers.create_customer({"email": "ada@example.com", "billing_address": address})
    pay(client, shop.open(shop.pro, customer_id=customer.id, success_url=SUCCESS))
    assert Order.objects.get().billing_address == {
        **dict.fromkeys(("line2", "postal_code", "state")),
        **address,
    }


def test_the_e_mail_of_a_known_customer_is_locked(client: Client, shop: Shop) -> None:
    customer = customers.create_customer({"email": "known@example.com"})
    checkout = priced(shop, shop.pro, customer_id=customer.id, customer_email=None)
    assert "disabled" in client.get(open_page(checkout)).content.decode()
    pay(client, checkout, customer_email="other@example.com")
    assert Order.objects.get().customer == customer
    assert Customer.objects.get().email == "known@example.com"


def test_a_second_subscription_is_refused_with_a_reason(client: Client, shop: Shop) -> None:
    first, second = priced(shop, shop.pro), priced(shop, shop.pro)
    pay(client, first)
    answer = pay(client, second)
    assert answer.status_code == 403
    assert "already have an active subscription" in answer.content.decode()


def test_an_email_that_clashes_with_the_shops_own_id_is_explained(
    client: Client, shop: Shop
) -> None:
    checkout = priced(shop, shop.pro, customer_email=None, external_customer_id="user-1")
    customers.create_customer({"email": "ada@example.com", "external_id": "user-1"})
    answer = pay(client, checkout, customer_email="other@example.com")
    assert answer.status_code == 422
    assert "already exists with a different email" in answer.content.decode()
    assert not Order.objects.exists()

    pay(client, checkout, customer_email="ADA@example.com")
    assert Order.objects.get().customer.external_id == "user-1"


def test_a_paid_session_says_so_and_shows_the_way_on(client: Client, shop: Shop) -> None:
    checkout = priced(shop, shop.pro)
    pay(client, checkout)
    page = client.get(open_page(checkout)).content.decode()
    assert "This is paid already" in page
    assert f"https://shop.example/thanks?checkout_id={checkout.id}" in page
    assert pay(client, checkout).status_code == 200
    assert Order.objects.count() == 1


def test_an_expired_session_says_so(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, return_url="https://shop.example/pricing")
    schedule.move_to(clock.now() + timedelta(days=2))
    answer = client.get(open_page(checkout))
    assert answer.status_code == 410
    assert "This pay page has expired" in answer.content.decode()
    assert "https://shop.example/pricing" in answer.content.decode()
    assert pay(client, checkout).status_code == 410


def test_an_address_that_is_a_script_never_becomes_a_link(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, return_url="javascript:alert(1)")
    assert "javascript:" not in client.get(open_page(checkout)).content.decode()


def test_an_unknown_secret_is_not_found(client: Client, db: None) -> None:
    assert client.get("/sandbox/checkout/polar_c_nothing").status_code == 404
    assert client.get("/sandbox/checkout/polar_c_nothing/confirmation").status_code == 303


def test_without_a_page_of_the_shop_the_sandbox_says_thank_you(client: Client, shop: Shop) -> None:
    checkout = shop.open(shop.pro, customer_billing_address={"country": "NL"})
    address = urlsplit(pay(client, checkout)["Location"])
    page = client.get(f"/sandbox{address.path}?{address.query}").content.decode()
    assert "Thank you" in page
    assert "/sandbox/portal?customer_session_token=polar_cst_" in page


def test_a_trial_is_announced(client: Client, shop: Shop) -> None:
    trial = shop.product(
        "Trial", 1_000, interval="month", trial_interval="day", trial_interval_count=14
    )
    page = client.get(open_page(priced(shop, trial))).content.decode()
    assert "Start the trial" in page
    assert "The first payment is then" in page


def test_the_pay_page_asks_for_no_csrf_token_because_its_secret_is_the_authority(
    shop: Shop,
) -> None:
    checkout = priced(shop, shop.pro)
    assert pay(Client(enforce_csrf_checks=True), checkout).status_code == 303
    assert subscriptions.get(Subscription.objects.get().pk).checkout_id == checkout.pk


@pytest.fixture
def asked(shop: Shop) -> Checkout:
    """A session that asks for a size (needed), a note and consent."""
    sizes = {"options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}]}
    fields = [
        ("select", "size", "Shirt size", sizes),
        ("text", "note", "Note", {"max_length": 5, "form_help_text": "Five letters"}),
        ("checkbox", "news", "Send me news", {}),
    ]
    rows = [
        custom_fields.create_custom_field(
            {"type": kind, "slug": slug, "name": name, "properties": properties}
        )
        for kind, slug, name, properties in fields
    ]
    attached = [{"custom_field_id": row.id, "required": row.slug == "size"} for row in rows]
    product = shop.product("Shirt", 1_000, attached_custom_fields=attached)
    return priced(shop, product)


def test_the_seller_s_questions_are_asked_and_their_answers_kept(
    client: Client, asked: Checkout
) -> None:
    page = client.get(open_page(asked)).content.decode()
    for text in ("Shirt size", "Small", "Five letters", "Send me news"):
        assert text in page
    answer = pay(client, asked, custom_size="l", custom_note="hello", custom_news="on")
    assert answer.status_code == 303
    kept = {"size": "l", "note": "hello", "news": True}
    assert Order.objects.get().custom_field_data == kept


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ({}, "This field is required"),
        ({"custom_size": "l", "custom_note": "too long"}, "at most 5"),
    ],
)
def test_an_answer_that_is_none_is_refused_beside_its_question(
    client: Client, asked: Checkout, answers: dict[str, str], complaint: str
) -> None:
    answer = pay(client, asked, **answers)
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not Order.objects.exists()
