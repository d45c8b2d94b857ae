from datetime import timedelta
from typing import Any

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, pending, plan_changes, schedule, subscriptions
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import (
    BenefitGrant,
    BillingEntry,
    Customer,
    Order,
    Product,
    Subscription,
    WebhookEvent,
)
from tests.sandbox.conftest import FAILS_LATER, Ears, Shop

CHANGED = [
    "subscription.updated",
    "benefit_grant.revoked",
    "benefit_grant.revoked",
    "benefit_grant.created",
    "customer.state_changed",
]
INVOICED = [
    "order.created",
    "subscription.updated",
    "order.updated",
    "order.paid",
    "benefit_grant.revoked",
    "benefit_grant.revoked",
    "benefit_grant.created",
    "customer.state_changed",
]
TEAM = {
    "name": "Team",
    "recurring_interval": "month",
    "prices": [
        {
            "amount_type": "seat_based",
            "seat_tiers": {
                "tiers": [{"min_seats": 2, "max_seats": 10, "price_per_seat": 1_000}],
            },
        }
    ],
}


@pytest.fixture
def best(shop: Shop) -> Product:
    """Three times the price of `pro`, and another benefit in place of its two."""
    benefit = catalog.create_benefit({"type": "custom", "description": "What best gives"})
    return shop.product("Best", 3_000, interval="month", benefits=[benefit])


def half_way(subscription: Subscription) -> None:
    """Move the clock to the middle of the period; what a test does then takes it a bit further."""
    start, end = subscription.current_period_start, subscription.current_period_end
    schedule.move_to(start + (end - start) / 2)


def test_a_prorated_change_is_billed_with_the_next_period(
    subscription: Subscription, best: Product, ears: Ears
) -> None:
    half_way(subscription)
    ears.events()

    plan_changes.change_product(subscription, best.id, "prorate")

    events = ears.events()
    assert [name for name, _ in events] == CHANGED
    assert events[0][1]["amount"] == 3_000
    assert Order.objects.count() == 1

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    order = Order.objects.latest("created_at")
    items = [(item.label.split(" \N{EM DASH} ")[0], item.amount) for item in order.items.all()]
    assert items == [
        ("Remaining time on Pro", -500),
        ("Best", 1_500),
        ("Best", 3_000),
    ]
    assert [item.proration for item in order.items.all()] == [True, True, False]
    assert (order.total_amount, order.status) == (4_000, "paid")

    schedule.advance(days=31)

    assert Order.objects.latest("created_at").total_amount == 3_000


def test_an_invoiced_change_is_charged_at_once(
    subscription: Subscription, best: Product, ears: Ears
) -> None:
    half_way(subscription)
    ears.events()

    plan_changes.change_product(subscription, best.id, "invoice")

    events = ears.events()
    assert [name for name, _ in events] == INVOICED
    created, paid = dict(events)["order.created"], dict(events)["order.paid"]
    assert (created["status"], created["billing_reason"]) == ("pending", "subscription_update")
    assert (paid["status"], paid["total_amount"]) == ("paid", 1_000)
    assert Subscription.objects.get().current_period_end == subscription.current_period_end
    assert not BillingEntry.objects.exists()


def test_a_change_back_that_is_billed_at_once_settles_what_waited_as_recorded(
    shop: Shop, subscription: Subscription, best: Product
) -> None:
    half_way(subscription)
    plan_changes.change_product(subscription, best.id, "prorate")

    plan_changes.change_product(subscription, shop.pro.id, "invoice")

    order = Order.objects.latest("created_at")
    assert [item.amount for item in order.items.all()] == [-500, 1_500, -1_500, 500]
    assert (order.status, order.total_amount, order.receipt_number) == ("paid", 0, None)
    assert not BillingEntry.objects.filter(order=None).exists()


def test_a_refused_charge_takes_everything_back_and_nobody_hears_of_it(
    failing: Subscription, best: Product, ears: Ears
) -> None:
    half_way(failing)
    events, orders = WebhookEvent.objects.count(), Order.objects.count()

    with pytest.raises(errors.PaymentFailed) as refusal:
        plan_changes.change_product(failing, best.id, "invoice")

    assert refusal.value.status == 402
    row = Subscription.objects.get()
    assert (row.product.name, row.amount, row.status) == ("Pro", 1_000, "active")
    assert [price.price_amount for price in row.prices.all()] == [1_000]
    assert (WebhookEvent.objects.count(), Order.objects.count()) == (events, orders)


def test_the_next_period_brings_the_change_and_the_new_price(
    shop: Shop, subscription: Subscription, best: Product, ears: Ears
) -> None:
    ears.events()
    before = subscription.modified_at

    plan_changes.change_product(subscription, best.id, "next_period")

    data = ears.data("subscription.updated")
    assert (data["product_id"], data["amount"]) == (str(shop.pro.id), 1_000)
    assert data["pending_update"]["product_id"] == str(best.id)
    assert data["pending_update"]["applies_at"] == data["current_period_end"]
    assert Subscription.objects.get().modified_at == before

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    assert ears.types() == [
        "subscription.cycled",
        "subscription.updated",
        "benefit_grant.revoked",
        "benefit_grant.revoked",
        "benefit_grant.created",
        "order.created",
        "order.updated",
        "order.paid",
        "benefit_grant.cycled",
        "customer.state_changed",
    ]
    row = Subscription.objects.get()
    assert (row.product, row.amount, row.pending_update) == (best, 3_000, None)
    assert Order.objects.latest("created_at").total_amount == 3_000


def test_what_waits_can_be_dropped(subscription: Subscription, best: Product, ears: Ears) -> None:
    plan_changes.change_product(subscription, best.id, "next_period")
    ears.events()

    pending.clear_pending(subscription)

    assert ears.data("subscription.updated")["pending_update"] is None
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    assert Subscription.objects.get().amount == 1_000


def test_the_same_product_again_drops_what_waits_and_is_else_nothing(
    shop: Shop, subscription: Subscription, best: Product, ears: Ears
) -> None:
    ears.events()
    plan_changes.change_product(subscription, shop.pro.id)
    assert ears.types() == []

    plan_changes.change_product(subscription, best.id, "next_period")
    plan_changes.change_product(subscription, shop.pro.id)

    assert Subscription.objects.get().pending_update is None


def test_another_interval_is_billed_at_once_and_begins_a_new_period(
    shop: Shop, subscription: Subscription, ears: Ears
) -> None:
    yearly = shop.product("Yearly", 10_000, interval="year", benefits=shop.benefits)
    half_way(subscription)
    ears.events()

    plan_changes.change_product(subscription, yearly.id, "prorate")

    assert ears.types() == [*INVOICED[:4], "customer.state_changed"]
    row = Subscription.objects.get()
    assert row.recurring_interval == "year"
    assert row.current_period_end - row.current_period_start >= timedelta(days=365)
    assert Order.objects.latest("created_at").total_amount == 9_500


def test_a_cheaper_product_at_once_leaves_a_credit_that_the_next_order_uses(
    shop: Shop, subscription: Subscription, ears: Ears
) -> None:
    cheap = shop.product("Cheap", 200, interval="month")
    half_way(subscription)
    ears.events()

    plan_changes.change_product(subscription, cheap.id, "invoice")

    order = Order.objects.latest("created_at")
    assert (order.status, order.total_amount, order.due_amount) == ("paid", -400, 0)
    assert order.receipt_number is None
    assert Customer.objects.get().balances == {"usd": 400}

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    order = Order.objects.latest("created_at")
    assert (order.total_amount, order.applied_balance_amount, order.due_amount) == (200, -200, 0)
    assert Customer.objects.get().balances == {"usd": 200}


def test_an_order_too_small_for_a_card_is_paid_and_owed_until_the_next(shop: Shop) -> None:
    shop.buy(shop.pro)
    subscription = Subscription.objects.get()
    dearer = shop.product("Dearer", 1_060, interval="month")
    half_way(subscription)

    plan_changes.change_product(subscription, dearer.id, "invoice")

    order = Order.objects.latest("created_at")
    assert (order.status, order.total_amount) == ("paid", 30)
    assert Customer.objects.get().balances == {"usd": -30}
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    order = Order.objects.latest("created_at")
    assert (order.total_amount, order.due_amount) == (1_060, 1_090)
    assert Customer.objects.get().balances == {"usd": 0}


def test_a_void_order_gives_the_credit_back(shop: Shop) -> None:
    shop.buy(shop.pro, FAILS_LATER)
    Customer.objects.update(balances={"usd": 100})
    schedule.advance(days=32)
    assert Customer.objects.get().balances == {"usd": 0}

    subscriptions.revoke(Subscription.objects.get())

    assert Customer.objects.get().balances == {"usd": 100}
    assert Order.objects.latest("created_at").status == "void"


@pytest.mark.parametrize(
    ("behavior", "orders", "waits"),
    [("prorate", 1, False), ("invoice", 2, False), ("next_period", 1, True)],
)
def test_without_a_word_the_organizations_own_behavior_counts(
    subscription: Subscription, best: Product, behavior: str, orders: int, waits: bool
) -> None:
    update_organization({"subscription_settings": {"proration_behavior": behavior}})
    half_way(subscription)

    plan_changes.change_product(subscription, best.id)

    assert Order.objects.count() == orders
    assert (Subscription.objects.get().pending_update is not None) == waits


def test_reset_begins_anew_and_gives_nothing_back_where_it_is_allowed(
    subscription: Subscription, best: Product
) -> None:
    bought_at = subscription.current_period_start
    half_way(subscription)
    with pytest.raises(errors.InvalidRequest, match="not enabled"):
        plan_changes.change_product(subscription, best.id, "reset")
    update_organization({"feature_settings": {"reset_proration_behavior_enabled": True}})

    plan_changes.change_product(subscription, best.id, "reset")

    assert Order.objects.latest("created_at").total_amount == 3_000
    assert Subscription.objects.get().current_period_start > bought_at


def test_one_that_ends_or_rests_is_not_changed(shop: Shop, subscription: Subscription) -> None:
    subscriptions.cancel_at_period_end(subscription)
    with pytest.raises(errors.AlreadyCanceledSubscription):
        plan_changes.change_product(subscription, shop.free.id)
    Subscription.objects.update(status="paused", cancel_at_period_end=False)
    with pytest.raises(errors.InactiveSubscription):
        plan_changes.change_product(subscription, shop.free.id)


def one_time(shop: Shop) -> Product:
    return shop.ebook


def archived(shop: Shop) -> Product:
    return catalog.update_product(shop.free, {"is_archived": True})


def any_price(shop: Shop) -> Product:
    prices = [{"amount_type": "custom"}]
    return catalog.create_product(
        {"name": "Any price", "recurring_interval": "month", "prices": prices}
    )


def with_seats(shop: Shop) -> Product:
    return catalog.create_product(TEAM)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (one_time, "not recurring"),
        (archived, "archived"),
        (any_price, "custom pricing"),
        (with_seats, "seat-based"),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused(
    shop: Shop, subscription: Subscription, make: Any, says: str
) -> None:
    with pytest.raises(errors.InvalidRequest, match=says):
        plan_changes.change_product(subscription, make(shop).id)


@pytest.fixture
def team(shop: Shop) -> Subscription:
    """Three seats."""
    shop.buy(catalog.create_product(TEAM), seats=3)
    return Subscription.objects.get()


def test_more_seats_are_prorated(team: Subscription, ears: Ears) -> None:
    half_way(team)
    ears.events()

    plan_changes.change_seats(team, 5)

    events = ears.events()
    assert [name for name, _ in events] == ["subscription.updated", "customer.state_changed"]
    assert (events[0][1]["seats"], events[0][1]["amount"]) == (5, 5_000)
    schedule.move_to(team.current_period_end + timedelta(minutes=1))
    assert Order.objects.latest("created_at").total_amount == 6_000


def test_the_same_number_of_seats_sends_nothing(team: Subscription, ears: Ears) -> None:
    ears.events()

    plan_changes.change_seats(team, 3)

    assert ears.types() == []


def test_seats_can_wait_for_the_next_period(team: Subscription, ears: Ears) -> None:
    plan_changes.change_seats(team, 2, "next_period")
    assert Subscription.objects.get().seats == 3

    schedule.move_to(team.current_period_end + timedelta(minutes=1))

    row = Subscription.objects.get()
    assert (row.seats, row.amount, row.pending_update) == (2, 2_000, None)
    assert Order.objects.latest("created_at").total_amount == 2_000


@pytest.mark.parametrize(("seats", "says"), [(1, "Minimum 2"), (11, "Maximum 10")])
def test_seats_stay_within_the_prices_bounds(team: Subscription, seats: int, says: str) -> None:
    with pytest.raises(errors.InvalidRequest, match=says):
        plan_changes.change_seats(team, seats)


def test_a_product_without_seats_has_none_to_change(subscription: Subscription) -> None:
    with pytest.raises(errors.NotASeatBasedSubscription):
        plan_changes.change_seats(subscription, 3)
    with pytest.raises(errors.NotAUnitBasedSubscription):
        plan_changes.change_units(subscription, 3)


def test_new_holders_get_what_the_new_product_gives(
    subscription: Subscription, best: Product
) -> None:
    plan_changes.change_product(subscription, best.id)

    held = BenefitGrant.objects.filter(granted_at__isnull=False)
    assert [grant.benefit.description for grant in held] == ["What best gives"]
