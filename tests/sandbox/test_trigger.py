"""Events sent by hand: what is offered can be sent, and looks as Polar's would."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from polar_django.sandbox.engine import catalog, refunds, seats
from polar_django.sandbox.engine.discounts import create_discount
from polar_django.sandbox.engine.endpoints import EVENT_TYPES
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.models import Order, Seat, Subscription, WebhookEvent
from polar_django.sandbox.trigger import possible_events, trigger
from tests.sandbox.conftest import Shop

SEAT_PRICE = {
    "amount_type": "seat_based",
    "seat_tiers": {"tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]},
}


@pytest.fixture
def team(shop: Shop) -> Subscription:
    product = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [SEAT_PRICE]}
    )
    catalog.set_product_benefits(product, [shop.benefits[0].id])
    shop.buy(product, seats=3)
    subscription = Subscription.objects.get()
    seats.assign_seat(subscription, {"email": "bob@example.com"})
    return subscription


def newest() -> dict[str, object]:
    body: dict[str, object] = json.loads(WebhookEvent.objects.latest("created_at").body or "")
    return body


def test_everything_can_be_told_once_there_is_everything(team: Subscription) -> None:
    get_organization()
    create_discount(
        {"name": "Tenth", "type": "percentage", "duration": "once", "basis_points": 1_000}
    )
    order = Order.objects.get()
    refunds.create_refund({"order_id": order.id, "reason": "other", "amount": 100})

    assert possible_events() == list(EVENT_TYPES)
    for event_type in EVENT_TYPES:
        trigger(event_type)
        assert newest()["type"] == event_type


def test_a_seat_is_told_of(team: Subscription) -> None:
    trigger("customer_seat.assigned")

    event = newest()["data"]
    assert isinstance(event, dict)
    assert event["id"] == str(Seat.objects.latest("created_at").id)


def test_a_migrated_subscription_says_where_it_came_from(team: Subscription) -> None:
    trigger("subscription.migrated")

    event = newest()
    assert event["provider"] == "stripe"
    assert str(event["provider_subscription_id"]).startswith("sub_")


def test_only_what_can_be_told_is_offered(shop: Shop, client: Client) -> None:
    page = client.get("/sandbox/").content.decode()

    assert ">product.updated</option>" in page
    assert ">order.paid</option>" not in page
    with CaptureQueriesContext(connection) as asked:
        assert "customer_seat.assigned" not in possible_events()
    assert len(asked) == 1


def test_an_empty_sandbox_offers_nothing(db: None, client: Client) -> None:
    assert possible_events() == []
    assert "Nothing exists yet" in client.get("/sandbox/").content.decode()
