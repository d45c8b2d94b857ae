"""What a browser may not decide: each forged word is refused or ignored, at our Polar itself."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from polar_django.billing import create_checkout_session
from polar_django.models import CheckoutSession, Customer, Subscription
from tests.billing.shelf import plans, stock

STUDIO = "/billing/checkout/studio/"
TEAM = "/billing/checkout/team/"
DONATION = "/billing/checkout/donation/"


@pytest.fixture
def shelf(sandbox: Any, settings: Any) -> dict[str, dict[str, str]]:
    cache.clear()
    plans(
        settings,
        studio={"products": ["studio"], "metadata": {"campaign": "spring"}},
        team={"products": ["team"], "seats": 5, "min_seats": 2, "max_seats": 50},
        donation={"products": ["donation"], "min_amount": 800, "max_amount": 5_000},
        closed={"products": ["studio"], "allow_discount_codes": False, "allow_trial": False},
    )
    return stock(sandbox)


@pytest.fixture
def browser(shelf: Any, ada: Any, client: Client) -> Client:
    client.force_login(ada)
    return client


def made(sandbox: Any) -> list[dict[str, Any]]:
    return list(sandbox.api.get("/v1/checkouts/").json()["items"])


@pytest.mark.parametrize("product", ["pro-monthly", "hobby", "donation", "", "no-such"])
def test_a_product_of_another_plan(browser, sandbox, shelf, product):
    forged = product and shelf["products"].get(product, product)
    answer = browser.post(STUDIO, {"product": forged})
    if not product:
        assert answer.status_code == 303
        return
    assert answer.status_code == 400
    assert made(sandbox) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"price": "1"},
        {"prices": '{"studio": [{"amount_type": "free"}]}'},
        {"product_price_id": str(uuid4())},
        {"price_amount": "1", "amount": "1"},
        {"minor_amount": "1"},
        {"currency": "jpy"},
        {"discount_id": "friends"},
        {"allow_trial": "true", "trial_interval": "year", "trial_interval_count": "9"},
        {"success_url": "https://evil.example/", "return_url": "https://evil.example/"},
        {"customer_id": str(uuid4()), "external_customer_id": "1", "customer_email": "e@x.example"},
        {"subscription_id": str(uuid4())},
        {"metadata": '{"campaign": "mine"}', "metadata[campaign]": "mine"},
        {"plan": "closed", "subscriber": "2", "user": "2"},
        {"embed_origin": "https://evil.example"},
        {"seats": "40", "units": "40"},
        {"locale": "xx", "is_business_customer": "true"},
    ],
    ids=lambda forged: next(iter(forged)),
)
def test_words_that_are_not_the_browsers_are_not_heard(browser, sandbox, ada, shelf, forged):
    shown = {"discount_id": shelf["discounts"]["friends"]} if "discount_id" in forged else {}
    assert browser.post(STUDIO, {**forged, **shown}).status_code == 303
    (session,) = made(sandbox)
    assert session["product_id"] == shelf["products"]["studio"]
    assert (session["amount"], session["total_amount"], session["currency"]) == (3000, 3000, "usd")
    assert session["discount_id"] is None
    assert session["active_trial_interval"] is None
    assert session["subscription_id"] is None
    assert session["seats"] is None
    assert session["metadata"]["campaign"] == "spring"
    assert session["metadata"]["plan"] == "studio"
    assert "evil" not in f"{session['success_url']}{session['return_url']}{session['embed_origin']}"
    assert session["customer_id"] == Customer.objects.get(subscriber=ada).pk
    assert session["customer_email"] == ada.email
    assert session["is_business_customer"] is False


@pytest.mark.parametrize("amount", ["7.99", "50.01", "0", "-10", "1e9", "10.001", "ten", "NaN"])
def test_an_amount_outside_the_bounds(browser, sandbox, amount):
    answer = browser.post(DONATION, {"amount": amount})
    assert answer.status_code == 400
    assert 'id="id_amount_error"' in answer.content.decode()
    assert made(sandbox) == []


def test_an_amount_inside_the_bounds_is_the_buyers_to_say(browser, sandbox):
    page = browser.get(DONATION).content.decode()
    assert "Amount in USD" in page
    assert 'value="10.00"' in page
    assert browser.post(DONATION, {"amount": "12.34"}).status_code == 303
    (session,) = made(sandbox)
    assert session["amount"] == 1_234


@pytest.mark.parametrize("seats", ["1", "51", "0", "-5", "10000", "5.5", "many"])
def test_seats_outside_the_bounds(browser, sandbox, seats):
    assert browser.post(TEAM, {"seats": seats}).status_code == 400
    assert made(sandbox) == []


@pytest.mark.parametrize("code", ["NO-SUCH", "friends", "' OR 1=1", "x" * 300])
def test_a_code_that_the_provider_does_not_take(browser, sandbox, code):
    answer = browser.post(STUDIO, {"discount": code})
    assert answer.status_code == 400
    assert 'id="id_discount_error"' in answer.content.decode()
    assert all(session["discount_id"] is None for session in made(sandbox))


def test_a_code_where_none_are_taken(browser, sandbox):
    assert "Discount code" not in browser.get("/billing/checkout/closed/").content.decode()
    assert browser.post("/billing/checkout/closed/", {"discount": "SPRING20"}).status_code == 303
    (session,) = made(sandbox)
    assert (session["discount_id"], session["allow_discount_codes"]) == (None, False)


def test_a_code_in_the_address_fills_the_field_and_takes_its_share(browser, sandbox):
    assert 'value="spring20"' in browser.get(f"{STUDIO}?discount=spring20").content.decode()
    assert browser.post(STUDIO, {"discount": "spring20"}).status_code == 303
    (session,) = made(sandbox)
    assert session["total_amount"] == 2_400


def test_another_users_checkout_is_nobodys_business(browser, sandbox, grace):
    theirs = create_checkout_session(grace, "studio", success_url="http://testserver/")
    sandbox.pay(theirs.url)
    for path in ("/billing/return/", "/billing/status/"):
        assert browser.get(path, {"checkout_id": theirs.pk}).status_code == 404
    assert not Subscription.objects.exists()


def test_an_id_in_the_browsers_session_cannot_be_put_there_by_the_address(shelf, sandbox, grace):
    theirs = create_checkout_session(grace, "studio", success_url="http://testserver/")
    visitor = Client()
    visitor.get(STUDIO, {"checkout_id": theirs.pk, "polar_django_checkouts": theirs.pk})
    assert visitor.get("/billing/return/", {"checkout_id": theirs.pk}).status_code == 302
    assert visitor.get("/billing/status/", {"checkout_id": theirs.pk}).status_code == 404


def test_a_script_that_asks_for_json_gets_the_address_and_the_same_refusals(browser, sandbox):
    asked = {"headers": {"Accept": "application/json"}}
    answer = browser.post(STUDIO, {"embed": "1"}, **asked)
    session = CheckoutSession.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {"id": session.pk, "url": session.url}
    assert made(sandbox)[0]["embed_origin"] == "http://testserver"
    assert browser.post(STUDIO, {"product": "no-such"}, **asked).status_code == 400
    assert Client().post(STUDIO, {}, **asked).status_code == 302


def test_a_free_trial_is_announced_on_the_page(browser, settings):
    plans(
        settings,
        trial={"products": ["studio"], "trial_interval": "day", "trial_interval_count": 14},
    )
    assert "14 days free first" in browser.get("/billing/checkout/trial/").content.decode()


def test_the_price_on_the_page_is_the_one_that_is_charged(browser, sandbox, settings):
    price = {"amount_type": "fixed", "price_amount": 777}
    plans(settings, deal={"products": ["studio"], "prices": {"studio": price}})
    text = browser.get("/billing/checkout/deal/").content.decode()
    assert "$7.77 a month" in text
    assert "$30.00" not in text
    browser.post("/billing/checkout/deal/")
    assert made(sandbox)[0]["total_amount"] == 777
