"""The same actions as in the recordings bring the same events in the same order.

Left out of the comparison: customer.state_changed, which real workers send at any moment after the
change; how often a benefit_grant event repeats, which is the number of benefits; and order.updated
where an invoice was made, which came into later scenarios by chance.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import (
    catalog,
    checkouts,
    customers,
    schedule,
    subscriptions,
)
from polar_django.sandbox.models import Customer, Subscription
from tests.sandbox.conftest import DECLINES, FAILS_LATER, PAYS, Ears, Shop

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "webhooks.jsonl"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not RECORDED.exists(), reason="the recordings are not beside this checkout"),
]


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[str]]:
    scenarios: dict[str, list[str]] = {}
    for line in RECORDED.read_text().splitlines():
        delivery = json.loads(line)
        scenarios.setdefault(delivery["scenario"], []).append(delivery["type"])
    return scenarios


def essence(types: list[str]) -> list[str]:
    kept = [name for name in types if name != "customer.state_changed"]
    return [name for name, _ in groupby(kept)]


def subscribe(shop: Shop, card: str | None = FAILS_LATER) -> Subscription:
    shop.buy(shop.pro, card, external_customer_id="u-1")
    return Subscription.objects.get()


def free(shop: Shop, ears: Ears) -> None:
    checkout = shop.open(shop.free)
    ears.events()
    shop.confirm(checkout, card=None)


def free_by_api(shop: Shop, ears: Ears) -> None:
    customer = customers.create_customer({"email": "ada@example.com"})
    ears.events()
    subscriptions.create_free_subscription({"product_id": shop.free.id, "customer_id": customer.id})


def paid_once(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.ebook)


def paid_subscription(shop: Shop, ears: Ears) -> None:
    subscribe(shop)


def declined(shop: Shop, ears: Ears) -> None:
    with pytest.raises(errors.PaymentError):
        shop.buy(shop.pro, DECLINES)


def cancel(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop)
    ears.events()
    subscriptions.cancel_at_period_end(subscription)


def uncancel(shop: Shop, ears: Ears) -> None:
    cancel(shop, ears)
    ears.events()
    subscriptions.uncancel(Subscription.objects.get())


def planned_end(shop: Shop, ears: Ears) -> None:
    cancel(shop, ears)
    ears.events()
    schedule.advance(days=32)


def revoke(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop)
    ears.events()
    subscriptions.revoke(subscription)


def renewal_fails(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop)
    ears.events()
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))


def renewal(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop, PAYS)
    ears.events()
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))


def trial(shop: Shop, ears: Ears) -> None:
    product = shop.product(
        "Trial", 2_000, interval="month", trial_interval="day", trial_interval_count=14
    )
    ears.events()
    shop.buy(product)


def trial_ends(shop: Shop, ears: Ears) -> None:
    trial(shop, ears)
    ears.events()
    schedule.advance(days=15)


def expire(shop: Shop, ears: Ears) -> None:
    shop.open(shop.pro)
    schedule.advance(hours=25)


def delete_customer(shop: Shop, ears: Ears) -> None:
    subscribe(shop)
    ears.events()
    customers.delete_customer(Customer.objects.get())


def create_customer(shop: Shop, ears: Ears) -> None:
    customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})


def update_customer(shop: Shop, ears: Ears) -> None:
    create_customer(shop, ears)
    ears.events()
    customers.update_customer(Customer.objects.get(), {"name": "Ada"})


def update_benefit(shop: Shop, ears: Ears) -> None:
    catalog.update_benefit(shop.benefits[0], {"description": "Better"})


def update_product(shop: Shop, ears: Ears) -> None:
    catalog.update_product(shop.pro, {"name": "Better"})


def change_the_page(shop: Shop, ears: Ears) -> None:
    checkout = checkouts.create_checkout({"products": [shop.pro.id, shop.free.id]})
    ears.events()
    checkouts.update_checkout_by_buyer(checkout, {"product_id": shop.free.id})


@pytest.mark.parametrize(
    ("scenario", "act"),
    [
        ("benefit.update", update_benefit),
        ("cancel_then_period_end.cancel", cancel),
        ("checkout.client.update.product", change_the_page),
        ("checkout.confirm.free_subscription", free),
        ("checkout.declined.after", declined),
        ("checkout.expire", expire),
        ("customer.create.full", create_customer),
        ("customer.update", update_customer),
        ("product.update", update_product),
        ("renewal.payment_failed_past_due", renewal_fails),
        ("subscription.cancel_at_period_end", cancel),
        ("subscription.create.free_api", free_by_api),
        ("subscription.revoke", revoke),
        ("subscription.uncancel", uncancel),
    ],
)
def test_the_sequence_is_the_recorded_one(
    shop: Shop,
    ears: Ears,
    recorded: dict[str, list[str]],
    scenario: str,
    act: Callable[[Shop, Ears], None],
) -> None:
    act(shop, ears)

    assert essence(ears.types()) == essence(recorded[scenario])


@pytest.mark.parametrize(
    ("scenario", "act"),
    [
        ("cancel_then_period_end.end", planned_end),
        ("checkout.paid_onetime", paid_once),
        ("checkout.paid_subscription", paid_subscription),
        ("checkout.trial_clean", trial),
        ("renewal.cycle_success", renewal),
        ("trial.end_now_clean", trial_ends),
    ],
)
def test_the_sequence_is_the_recorded_one_without_the_invoice(
    shop: Shop,
    ears: Ears,
    recorded: dict[str, list[str]],
    scenario: str,
    act: Callable[[Shop, Ears], None],
) -> None:
    act(shop, ears)

    assert essence(ears.types()) == essence(without_invoice(recorded[scenario]))


def without_invoice(types: list[str]) -> list[str]:
    """The order.updated that is not followed by order.paid tells of an invoice."""
    following = [*types[1:], ""]
    return [
        name
        for name, after in zip(types, following, strict=True)
        if name != "order.updated" or after == "order.paid"
    ]


def test_deleting_a_customer_brings_what_was_recorded_in_any_order_of_the_jobs(
    shop: Shop, ears: Ears, recorded: dict[str, list[str]]
) -> None:
    delete_customer(shop, ears)

    assert set(ears.types()) == set(recorded["customer.delete.external"])
