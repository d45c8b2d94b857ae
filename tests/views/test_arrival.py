import logging
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from polar_django.billing import create_checkout_session
from polar_django.conf import Plan
from polar_django.entitlements import has_benefit
from polar_django.exceptions import ProviderUnavailable
from polar_django.models import BenefitGrant, CheckoutSession

RETURN = "/billing/return/"
STATUS = "/billing/status/"


@pytest.fixture
def checkout(service, ada) -> CheckoutSession:
    session = create_checkout_session(
        ada, "pro", success_url="https://shop.example/", next_url="/report/"
    )
    service.calls.clear()
    return session


@pytest.fixture
def shop(service, ada, client) -> Client:
    client.force_login(ada)
    return client


def test_a_paid_purchase_opens_the_gate_and_goes_on(shop, service, checkout, ada):
    service.pay(checkout.pk)
    answer = shop.get(RETURN, {"checkout_id": checkout.pk})
    assert (answer.status_code, answer["Location"]) == (303, "/report/")
    assert has_benefit(ada, "pro")


def test_without_next_it_goes_to_the_success_address(shop, service, checkout):
    CheckoutSession.objects.update(next_url="")
    service.pay(checkout.pk)
    assert shop.get(RETURN, {"checkout_id": checkout.pk})["Location"] == "/welcome/"


def test_a_next_that_leads_away_is_not_followed_even_if_it_was_stored(shop, service, checkout):
    CheckoutSession.objects.update(next_url="https://evil.example/")
    service.pay(checkout.pk)
    assert shop.get(RETURN, {"checkout_id": checkout.pk})["Location"] == "/welcome/"


@pytest.mark.parametrize("name", ["customer_session_token", "token", "email"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_tokens_are_taken_off_the_address_before_anything_else(
    service, checkout, ada, caplog, name, signed_in
):
    caplog.set_level(logging.DEBUG)
    browser = Client()
    if signed_in:
        browser.force_login(ada)
    answer = browser.get(RETURN, {"checkout_id": checkout.pk, name: "polar_mst_secret"})
    assert answer.status_code == 303
    assert answer["Location"] == f"{RETURN}?checkout_id={checkout.pk}"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert service.calls == []
    assert "polar_mst_secret" not in caplog.text


def test_a_visitor_signs_in_and_comes_back(client, checkout):
    answer = client.get(RETURN, {"checkout_id": checkout.pk})
    target = urlsplit(answer["Location"])
    assert target.path == "/accounts/login/"
    assert parse_qs(target.query)["next"] == [f"{RETURN}?checkout_id={checkout.pk}"]


@pytest.mark.parametrize("address", [RETURN, STATUS])
@pytest.mark.parametrize("given", ["checkout-unknown", "", "\x00", "x" * 300, "' OR 1=1 --"])
def test_an_unknown_checkout_does_not_exist(shop, service, address, given):
    assert shop.get(address, {"checkout_id": given}).status_code == 404
    assert service.calls == []


@pytest.mark.parametrize("address", [RETURN, STATUS])
def test_a_foreign_checkout_does_not_exist(service, checkout, eve, client, address):
    client.force_login(eve)
    service.pay(checkout.pk)
    foreign = client.get(address, {"checkout_id": checkout.pk})
    unknown = client.get(address, {"checkout_id": "checkout-unknown"})
    assert foreign.status_code == 404
    assert foreign.content == unknown.content
    assert service.calls == []
    assert not BenefitGrant.objects.exists()


def test_the_address_alone_gives_nothing(shop, service, checkout, ada):
    answer = shop.get(RETURN, {"checkout_id": checkout.pk})
    assert answer.status_code == 200
    assert not has_benefit(ada, "pro")


@pytest.mark.parametrize("status", ["open", "confirmed"])
def test_the_waiting_page_works_without_javascript(shop, service, checkout, status):
    service.change(checkout.pk, status=status)
    answer = shop.get(RETURN, {"checkout_id": checkout.pk})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh"' in text
    assert f'data-status-url="{STATUS}?checkout_id={checkout.pk}"' in text
    assert (checkout.url in text) is (status == "open")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("status", ["expired", "failed"])
def test_a_failed_purchase_says_so_and_how_to_try_again(shop, service, checkout, status):
    service.change(checkout.pk, status=status)
    text = shop.get(RETURN, {"checkout_id": checkout.pk}).content.decode()
    assert "The payment was not completed" in text
    assert 'href="/billing/checkout/pro/?next=%2Freport%2F"' in text
    assert "refresh" not in text


def test_a_failed_purchase_of_what_no_page_sells_leads_to_the_plans(shop, service, ada):
    plan = Plan.from_options("offer-7", {"products": ["pro-monthly"]})
    made = create_checkout_session(ada, plan, success_url="https://shop.example/")
    service.change(made.pk, status="failed")
    text = shop.get(RETURN, {"checkout_id": made.pk}).content.decode()
    assert '<a href="/pricing/">Try again</a>' in text
    assert "offer-7" not in text


def test_a_provider_that_is_down_keeps_the_buyer_waiting_not_failing(shop, service, checkout):
    service.faults["get_checkout"] = ProviderUnavailable("down")
    assert shop.get(RETURN, {"checkout_id": checkout.pk}).status_code == 200


def test_the_return_page_is_only_read(shop, checkout):
    assert shop.post(f"{RETURN}?checkout_id={checkout.pk}").status_code == 405


def test_the_status_moves_from_pending_to_active(shop, service, checkout, ada):
    def state():
        cache.clear()
        return shop.get(STATUS, {"checkout_id": checkout.pk}).json()

    assert state() == {"state": "pending"}
    service.change(checkout.pk, status="confirmed")
    assert state() == {"state": "pending"}
    service.pay(checkout.pk)
    assert state() == {"state": "active"}
    assert has_benefit(ada, "pro")


def test_the_status_of_an_expired_checkout_is_failed(shop, service, checkout):
    service.change(checkout.pk, status="expired")
    answer = shop.get(STATUS, {"checkout_id": checkout.pk})
    assert answer.json() == {"state": "failed"}
    assert "no-store" in answer["Cache-Control"]


def test_a_wrong_setting_does_not_fail_a_purchase(shop, checkout, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROVIDERS": {}, "DEFAULT_PROVIDER": "polar"}
    answer = shop.get(STATUS, {"checkout_id": checkout.pk})
    assert (answer.status_code, answer.json()) == (503, {"state": "pending"})


def test_a_visitor_learns_no_status(client, checkout):
    assert client.get(STATUS, {"checkout_id": checkout.pk}).status_code == 404


def test_polling_hard_reaches_the_provider_once(shop, service, checkout):
    for _ in range(10):
        shop.get(STATUS, {"checkout_id": checkout.pk})
    assert service.called("get_checkout") == 1


def test_who_has_paid_is_never_told_that_nothing_was_charged(shop, service, checkout, settings):
    CheckoutSession.objects.update(next_url="")
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "SUCCESS_URL": "no-such-name"}
    service.pay(checkout.pk)
    answer = shop.get(RETURN, {"checkout_id": checkout.pk})
    text = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was charged" not in text
    assert "your purchase is not lost" in text
    assert f'href="{RETURN}?checkout_id={checkout.pk}"' in text
