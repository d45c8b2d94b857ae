"""The customer portal, through Django's own client."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from polar_django.sandbox import clock
from polar_django.sandbox.engine import catalog, customers, schedule, sessions
from polar_django.sandbox.models import Customer, Order, Subscription
from tests.sandbox.conftest import Ears, Shop

PORTAL = "/sandbox/portal"


@pytest.fixture
def token(shop: Shop) -> str:
    """Ada bought Pro, tax on top, and looks at her portal."""
    price = {"amount_type": "fixed", "price_amount": 1_000, "tax_behavior": "exclusive"}
    catalog.update_product(shop.pro, {"prices": [price]})
    shop.buy(shop.pro, country="DE")
    return open_portal(Customer.objects.get())


def open_portal(customer: Customer) -> str:
    data = {"customer_id": customer.id, "return_url": "https://shop.example/account"}
    return sessions.create_customer_session(data).token


def look(client: Client, token: str) -> str:
    return client.get(PORTAL, {"customer_session_token": token}).content.decode()


def post(client: Client, token: str, verb: str, **data: Any) -> Any:
    address = f"{PORTAL}/subscriptions/{Subscription.objects.get().pk}/{verb}"
    return client.post(address, {"customer_session_token": token, **data})


def test_the_portal_shows_what_the_customer_has(client: Client, token: str) -> None:
    page = look(client, token)
    for text in ("Pro", "active", "renews on", "$11.90", "What export gives", "ada@example.com"):
        assert text in page
    assert 'href="https://shop.example/account"' in page


def test_canceling_keeps_the_reason_and_says_until_when_access_stays(
    client: Client, token: str, ears: Ears
) -> None:
    ears.events()
    answer = post(client, token, "cancel", reason="too_expensive", comment="Next year, maybe")
    assert answer.status_code == 303
    page = client.get(answer["Location"]).content.decode()
    assert "You keep access" in page
    assert "ends on" in page
    subscription = Subscription.objects.get()
    assert subscription.cancel_at_period_end
    assert subscription.customer_cancellation_reason == "too_expensive"
    assert subscription.customer_cancellation_comment == "Next year, maybe"
    assert ears.types()[:2] == ["subscription.updated", "subscription.canceled"]


def test_a_reason_that_polar_does_not_know_is_left_out(client: Client, token: str) -> None:
    post(client, token, "cancel", reason="<script>")
    assert Subscription.objects.get().customer_cancellation_reason is None


def test_a_canceled_subscription_can_be_kept(client: Client, token: str) -> None:
    post(client, token, "cancel")
    answer = post(client, token, "uncancel")
    assert "renews as before" in client.get(answer["Location"]).content.decode()
    assert not Subscription.objects.get().cancel_at_period_end


def test_canceling_twice_is_explained(client: Client, token: str) -> None:
    post(client, token, "cancel")
    answer = post(client, token, "cancel")
    assert answer.status_code == 403
    assert "already canceled" in answer.content.decode()


def test_an_invoice_shows_the_items_the_tax_and_the_total(client: Client, token: str) -> None:
    address = f"{PORTAL}/orders/{Order.objects.get().pk}"
    page = client.get(address, {"customer_session_token": token}).content.decode()
    for text in ("$10.00", "$1.90", "$11.90", str(Order.objects.get().invoice_number)):
        assert text in page


def test_after_an_hour_the_token_opens_nothing(client: Client, token: str) -> None:
    schedule.move_to(clock.now() + timedelta(minutes=61))
    answer = client.get(PORTAL, {"customer_session_token": token})
    assert answer.status_code == 401
    assert "This portal link has expired" in answer.content.decode()
    assert post(client, token, "cancel").status_code == 401
    assert not Subscription.objects.get().cancel_at_period_end


@pytest.mark.parametrize("given", ["", "polar_mst_unknown"])
def test_no_token_opens_nothing(client: Client, shop: Shop, given: str) -> None:
    assert client.get(PORTAL, {"customer_session_token": given}).status_code == 401


def test_another_customer_s_things_are_not_found(client: Client, token: str) -> None:
    other = open_portal(customers.create_customer({"email": "eve@example.com"}))
    assert post(client, other, "cancel").status_code == 404
    address = f"{PORTAL}/orders/{Order.objects.get().pk}"
    assert client.get(address, {"customer_session_token": other}).status_code == 404
    assert not Subscription.objects.get().cancel_at_period_end
    assert "What export gives" not in look(client, other)


def test_benefits_that_ended_are_gone_from_the_portal(client: Client, token: str) -> None:
    post(client, token, "cancel")
    schedule.move_to(clock.now() + timedelta(days=40))
    page = look(client, open_portal(Customer.objects.get()))
    assert "ended on" in page
    assert "Nothing at the moment" in page


def test_the_portal_posts_with_its_token_and_no_cookie(token: str) -> None:
    assert post(Client(enforce_csrf_checks=True), token, "cancel").status_code == 303


def test_a_nul_character_is_a_bad_request_whatever_the_database(client: Client, token: str) -> None:
    assert client.get(PORTAL, {"customer_session_token": "\x00"}).status_code == 400
    assert client.get("/sandbox/checkout/polar_c_%00").status_code == 400
    assert post(client, token, "cancel", comment="\x00").status_code == 400
