"""Seats, refunds and keys bring the recorded events too, states aside."""

import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from polar_django.sandbox.engine import catalog, customers, meters, refunds, seats, usage_events
from polar_django.sandbox.models import Order, Product, Seat, Subscription
from tests.sandbox.conftest import Ears, Shop

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "webhooks.jsonl"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not beside this checkout"),
]


def recorded(scenario: str) -> list[str]:
    lines = map(json.loads, RECORDED.read_text(encoding="utf-8").splitlines())
    return essence([line["type"] for line in lines if line["scenario"] == scenario])


def essence(types: list[str]) -> list[str]:
    """Without repetitions, states, and the order.updated that tells of an invoice."""
    kept = [name for name in types if name != "customer.state_changed"]
    following = [*kept, ""][1:]
    kept = [
        name
        for name, after in zip(kept, following, strict=True)
        if name != "order.updated" or after in ("order.paid", "order.refunded")
    ]
    return [name for name, _ in groupby(kept)]


def team(shop: Shop) -> Product:
    tiers = [{"min_seats": 1, "max_seats": None, "price_per_seat": 1_000}]
    price = {"amount_type": "seat_based", "seat_tiers": {"tiers": tiers}}
    product = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [price]}
    )
    return catalog.set_product_benefits(product, [shop.benefits[0].id])


def buy_seats(shop: Shop, ears: Ears) -> None:
    product = team(shop)
    ears.events()
    shop.buy(product, seats=3, external_customer_id="user-302")


def invite(shop: Shop, ears: Ears) -> None:
    buy_seats(shop, ears)
    ears.events()
    seats.assign_seat(Subscription.objects.get(), {"email": "seat1@example.com"})


def claim(shop: Shop, ears: Ears) -> None:
    invite(shop, ears)
    ears.events()
    seats.claim_seat(Seat.objects.get(status="pending").invitation_token or "")


def refund(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.ebook)
    ears.events()
    order = Order.objects.get()
    refunds.create_refund({"order_id": order.id, "reason": "customer_request", "amount": 500})


def change_a_key(shop: Shop, ears: Ears) -> None:
    benefit = catalog.create_benefit(
        {"type": "license_keys", "description": "License", "properties": {"limit_usage": 1}}
    )
    catalog.set_product_benefits(shop.ebook, [benefit.id])
    shop.buy(shop.ebook)
    ears.events()
    catalog.update_benefit(benefit, {"properties": {"limit_usage": 2}})


def use(shop: Shop, ears: Ears) -> None:
    customers.create_customer({"email": "ada@example.com", "external_id": "user-201"})
    meters.create_meter(
        {
            "name": "Calls",
            "filter": {"conjunction": "and", "clauses": []},
            "aggregation": {"func": "count"},
        }
    )
    ears.events()
    usage_events.ingest([{"name": "api_call", "external_customer_id": "user-201"}])


@pytest.mark.parametrize(
    ("scenario", "act"),
    [
        ("seats.purchase", buy_seats),
        ("seats.assign_email", invite),
        ("seats.claim", claim),
        ("refund.partial", refund),
        ("benefit.update.regrants", change_a_key),
        ("events.ingest", use),
    ],
)
def test_the_sequence_is_the_recorded_one(
    shop: Shop, ears: Ears, scenario: str, act: Callable[[Shop, Ears], None]
) -> None:
    act(shop, ears)

    assert essence(ears.types()) == recorded(scenario)
