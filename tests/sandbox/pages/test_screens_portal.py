"""The portal as its customer reads it, and what happened as the seller reads it."""

from datetime import timedelta

import pytest
from django.test import Client

from polar_django.sandbox.engine import customers, schedule, sessions, subscriptions
from polar_django.sandbox.models import Customer, Order, Subscription
from polar_django.sandbox.pages.timeline import timeline
from tests.sandbox.conftest import DECLINES, FAILS_LATER, Shop
from tests.sandbox.pages.test_portal import PORTAL, look, open_portal

pytestmark = pytest.mark.django_db


def fall_due(shop: Shop) -> Customer:
    shop.buy(shop.pro, FAILS_LATER)
    end = Subscription.objects.get().current_period_end
    schedule.move_to(end + timedelta(minutes=1))
    return Customer.objects.get()


def test_a_refused_card_leads_back_to_the_purchases(client: Client, shop: Shop) -> None:
    token = open_portal(fall_due(shop))
    path = f"{PORTAL}/orders/{Order.objects.get(status='pending').pk}/pay"

    answer = client.post(path, {"customer_session_token": token, "card": DECLINES})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "declined" in page
    assert f'href="{PORTAL}?customer_session_token={token}"' in page
    assert "dashboard" not in page.lower()


def test_who_owes_is_not_told_of_a_renewal_nor_of_access(client: Client, shop: Shop) -> None:
    page = look(client, open_portal(fall_due(shop)))
    assert "unpaid since" in page
    assert "renews on" not in page
    assert "You keep access" not in page


def test_what_was_bought_twice_is_held_once(client: Client, shop: Shop) -> None:
    book = shop.product("Book", 500, benefits=shop.benefits)
    shop.buy(shop.pro)
    shop.buy(book)
    page = look(client, open_portal(Customer.objects.get()))
    assert page.count("What pro gives") == 1


def test_who_holds_a_seat_is_greeted_by_their_own_address(client: Client, shop: Shop) -> None:
    shop.buy(shop.pro)
    customer = Customer.objects.get()
    jean = customers.create_member(customer, {"email": "jean@example.com", "role": "member"})
    data = {"customer_id": customer.id, "member_id": jean.id}
    page = look(client, sessions.create_customer_session(data).token)
    assert "jean@example.com" in page
    assert "ada@example.com" not in page


def test_the_timeline_tells_a_story(shop: Shop) -> None:
    failed, *before = timeline(fall_due(shop))

    assert ("Subscribed", "Pro: active") in [(step.title, step.chief.about) for step in before]
    assert failed.title == "Payment failed"
    assert {"subscription.cycled", "order.created"} <= {each.type for each in failed.moments}
    assert failed.undelivered == len(failed.moments)


def test_an_end_in_two_steps_is_told_in_two(shop: Shop) -> None:
    shop.buy(shop.pro)
    schedule.advance(days=1)
    row = subscriptions.cancel_at_period_end(subscriptions.get(Subscription.objects.get().pk))
    shop.roll_to(row.current_period_end)

    titles = [step.title for step in timeline(Customer.objects.get())]

    assert titles[:2] == ["Subscription ended", "Subscription canceled"]


def test_a_customer_s_page_shows_the_steps(client: Client, shop: Shop) -> None:
    customer = fall_due(shop)
    page = client.get(f"/sandbox/customers/{customer.pk}").content.decode()
    assert page.index("Payment failed") < page.index("Subscribed")
    assert "not delivered" in page
