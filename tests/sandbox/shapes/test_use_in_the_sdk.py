"""Events of seats and refunds, and answers about keys, in every version of the official client."""

import json
from importlib import import_module
from typing import Any

import pytest

from polar_django.sandbox import delivery
from polar_django.sandbox.engine import catalog, refunds, seats
from polar_django.sandbox.models import Order, WebhookEndpoint, WebhookEvent
from polar_django.signing import sign
from tests.sandbox.conftest import Shop

KINDS = {
    "customer_seat.assigned",
    "customer_seat.claimed",
    "customer_seat.revoked",
    "refund.created",
    "refund.updated",
    "benefit_grant.created",
    "benefit_grant.revoked",
}


@pytest.fixture
def life(shop: Shop) -> None:
    key = catalog.create_benefit({"type": "license_keys", "description": "A key"})
    tiers = [{"min_seats": 1, "max_seats": None, "price_per_seat": 1_000}]
    price = {"amount_type": "seat_based", "seat_tiers": {"tiers": tiers}}
    course = catalog.create_product({"name": "Course", "prices": [price]})
    catalog.set_product_benefits(course, [key.id])
    shop.buy(course, seats=2)
    order = Order.objects.get()
    seat = seats.assign_seat(order, {"email": "bob@example.com"})
    seats.claim_seat(seat.invitation_token or "")
    seats.revoke_seat(seat)
    refunds.create_refund({"order_id": order.id, "reason": "other", "amount": 100})


@pytest.mark.parametrize("version", ["v2026_04", "v2026_10", "v2027_01"])
def test_every_event_loads_in_the_official_sdk(life: None, version: str) -> None:
    sdk: Any = import_module(f"polar.{version}.webhooks")
    secret = WebhookEndpoint.objects.get().secret
    loaded = set()
    for event in WebhookEvent.objects.filter(type__in=KINDS):
        now = delivery.timezone.now()
        body = (event.body or "").encode()
        headers = {
            "webhook-id": str(event.id),
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": sign(secret, message_id=str(event.id), timestamp=now, body=body),
        }
        sdk.validate_event(body, headers, secret)
        loaded.add(json.loads(event.body or "{}")["type"])
    assert loaded == KINDS
