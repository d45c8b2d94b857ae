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
    changes,
    checkouts,
    customers,
    discounts,
    pauses,
    pending,
    plan_changes,
    schedule,
    subscriptions,
    trials,
)
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import Customer, Product, Subscription
from tests.sandbox.conftest import DECLINES, FAILS_LATER, PAYS, Ears, Shop

DISCOUNT = {"name": "Off", "type": "percentage", "basis_points": 2_000, "duration": "once"}
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


def trial_ends_now(shop: Shop, ears: Ears) -> None:
    trial(shop, ears)
    ears.events()
    trials.set_trial_end(Subscription.objects.get(), "now")


def better(shop: Shop, ears: Ears) -> Product:
    """Another product with two benefits of its own."""
    benefits = [
        catalog.create_benefit({"type": "custom", "description": f"More {number}"})
        for number in (1, 2)
    ]
    product = shop.product("Max", 3_000, interval="month", benefits=benefits)
    ears.events()
    return product


def prorate(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop, PAYS)
    product = better(shop, ears)
    plan_changes.change_product(subscription, product.id, "prorate")


def next_period(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop, PAYS)
    product = better(shop, ears)
    plan_changes.change_product(subscription, product.id, "next_period")


def clear(shop: Shop, ears: Ears) -> None:
    next_period(shop, ears)
    ears.events()
    pending.clear_pending(Subscription.objects.get())


def take_discount(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop, PAYS)
    discount = discounts.create_discount(DISCOUNT)
    ears.events()
    changes.update_subscription(subscription, {"discount_id": discount.id})


def update_discount(shop: Shop, ears: Ears) -> None:
    discount = discounts.create_discount(DISCOUNT)
    ears.events()
    discounts.update_discount(discount, {"name": "Less"})


def delete_discount(shop: Shop, ears: Ears) -> None:
    discounts.delete_discount(discounts.create_discount(DISCOUNT))


def update_settings(shop: Shop, ears: Ears) -> None:
    update_organization({"name": "Acme Inc", "website": "https://acme.example"})


def schedule_pause(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop, PAYS)
    ears.events()
    pauses.schedule_pause(subscription)


def pause(shop: Shop, ears: Ears) -> None:
    schedule_pause(shop, ears)
    ears.events()
    schedule.advance(days=32)


def resume(shop: Shop, ears: Ears) -> None:
    pause(shop, ears)
    ears.events()
    pauses.resume_now(Subscription.objects.get())


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
        ("discount.delete", delete_discount),
        ("discount.update", update_discount),
        ("organization.update", update_settings),
        ("pause.apply", pause),
        ("pause.schedule", schedule_pause),
        ("customer.create.full", create_customer),
        ("customer.update", update_customer),
        ("product.update", update_product),
        ("renewal.payment_failed_past_due", renewal_fails),
        ("subscription.cancel_at_period_end", cancel),
        ("subscription.clear_pending", clear),
        ("subscription.create.free_api", free_by_api),
        ("subscription.revoke", revoke),
        ("subscription.uncancel", uncancel),
        ("subscription.update_discount", take_discount),
        ("subscription.update_product.next_period", next_period),
        ("subscription.update_product.prorate_upgrade", prorate),
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
        ("pause.resume", resume),
        ("trial.end_now_clean", trial_ends),
        ("trial.end_now_clean", trial_ends_now),
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
