"""Rules of Polar's changes of plan, orders, grants and customers that other tests leave open."""

from typing import Any

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import (
    catalog,
    changes,
    customers,
    discounts,
    key_changes,
    pending,
    plan_changes,
    refunds,
    subscriptions,
)
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    LicenseKey,
    Order,
    Product,
    Subscription,
)
from tests.sandbox.conftest import Ears, Shop
from tests.sandbox.engine.sequences import CONVERTED, ENDED
from tests.sandbox.lives import SEATS, half_way, held, on, past_due, subscribe
from tests.sandbox.polars_schema import Judge

# Changes of plan


def in_euros(shop: Shop) -> Product:
    product = shop.product("Euros", 900, interval="month")
    Product.objects.get(pk=product.pk).prices.update(price_currency="eur")
    return product


def by_units(shop: Shop) -> Product:
    price = {
        "amount_type": "unit_based",
        "tiers": {"type": "volume", "tiers": [{"bound": None, "unit_amount": "10"}]},
    }
    return catalog.create_product(
        {"name": "Units", "recurring_interval": "month", "prices": [price]}
    )


@pytest.mark.parametrize(
    ("make", "says"), [(in_euros, "subscription's currency"), (by_units, "unit-based")]
)
def test_other_prices_than_the_subscriptions_kind_are_refused(
    shop: Shop, polars_schema: Judge, make: Any, says: str
) -> None:
    subscription = subscribe(shop)

    with pytest.raises(errors.InvalidRequest, match=says) as refused:
        plan_changes.change_product(subscription, make(shop).id)

    assert refused.value.errors[0]["loc"] == ["body", "product_id"]
    # Prices by units are younger than Polar's document.
    polars_schema.complaints.clear()


def test_seats_do_not_become_a_plan_without_seats(shop: Shop) -> None:
    team = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [SEATS]}
    )
    shop.buy(team, seats=2)

    with pytest.raises(errors.InvalidRequest, match="seat-based"):
        plan_changes.change_product(Subscription.objects.get(), shop.pro.id)


def test_a_change_at_once_takes_the_place_of_one_that_waits(shop: Shop, ears: Ears) -> None:
    best = shop.product("Best", 3_000, interval="month")
    cheap = shop.product("Cheap", 200, interval="month")
    subscription = subscribe(shop)
    plan_changes.change_product(subscription, cheap.id, "next_period")
    half_way(subscription)
    ears.events()

    plan_changes.change_product(subscription, best.id, "prorate")

    assert ears.data("subscription.updated")["pending_update"] is None
    shop.roll_to(subscription.current_period_end)
    assert Subscription.objects.get().product == best


def test_a_change_of_plan_and_one_of_seats_wait_together(shop: Shop) -> None:
    team = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [SEATS]}
    )
    more = {**SEATS, "seat_tiers": {"tiers": [{"min_seats": 1, "price_per_seat": 900}]}}
    bigger = catalog.create_product(
        {"name": "Bigger", "recurring_interval": "month", "prices": [more]}
    )
    shop.buy(team, seats=2)
    subscription = Subscription.objects.get()
    plan_changes.change_product(subscription, bigger.id, "next_period")
    plan_changes.change_seats(subscription, 4, "next_period")
    assert (subscription.product, subscription.seats, subscription.amount) == (team, 2, 1_000)

    shop.roll_to(subscription.current_period_end)

    row = Subscription.objects.get()
    assert (row.product, row.seats, row.amount) == (bigger, 4, 3_600)
    assert Order.objects.latest("created_at").total_amount == 3_600


def test_another_interval_may_wait_for_the_next_period(shop: Shop) -> None:
    on("2067-01-31")
    yearly = shop.product("Yearly", 9_000, interval="year")
    subscription = subscribe(shop)

    plan_changes.change_product(subscription, yearly.id, "next_period")
    assert Order.objects.count() == 1
    shop.roll_to(subscription.current_period_end)

    row = Subscription.objects.get()
    assert (row.recurring_interval, Order.objects.latest("created_at").total_amount) == (
        "year",
        9_000,
    )
    # The day of the month that was bought on is still the day.
    assert f"{row.current_period_end:%Y-%m-%d}" == "2068-02-29"


def test_in_a_trial_a_change_costs_nothing_and_one_that_waits_comes_with_the_end(
    shop: Shop, ears: Ears
) -> None:
    trial = {"trial_interval": "day", "trial_interval_count": 14}
    product = shop.product("Trial", 2_000, interval="month", benefits=shop.benefits, **trial)
    best = shop.product("Best", 3_000, interval="month", benefits=shop.benefits)
    subscription = subscribe(shop, product)
    plan_changes.change_product(subscription, best.id, "next_period")
    assert Subscription.objects.get().status == "trialing"
    ears.events()

    shop.roll_to(subscription.current_period_end)

    assert ears.types() == CONVERTED
    assert Order.objects.latest("created_at").total_amount == 3_000


def test_a_downgrade_that_is_prorated_is_a_credit_on_the_next_order(shop: Shop) -> None:
    cheap = shop.product("Cheap", 200, interval="month")
    subscription = subscribe(shop)
    half_way(subscription)

    plan_changes.change_product(subscription, cheap.id, "prorate")
    assert Customer.objects.get().balances == {}
    shop.roll_to(subscription.current_period_end)

    # -500 for the rest of the old plan, 100 for that of the new one, 200 for the next month: what
    # is left of the credit stays with the customer.
    order = Order.objects.latest("created_at")
    assert (order.status, order.total_amount, order.due_amount) == ("paid", -200, 0)
    assert Customer.objects.get().balances == {"usd": 200}
    shop.roll_to(Subscription.objects.get().current_period_end)
    order = Order.objects.latest("created_at")
    assert (order.total_amount, order.applied_balance_amount, order.due_amount) == (200, -200, 0)


def test_the_rest_of_a_period_is_taxed_as_the_period_was(shop: Shop) -> None:
    best = shop.product("Best", 3_000, interval="month")
    shop.buy(shop.pro, country="FR")
    subscription = Subscription.objects.get()
    half_way(subscription)

    plan_changes.change_product(subscription, best.id, "invoice")

    order = Order.objects.latest("created_at")
    assert (order.subtotal_amount, order.net_amount, order.tax_amount) == (1_000, 833, 167)


@pytest.mark.parametrize("asked", [{"metadata": {"a": "1"}}, {"discount_id": None}, {}])
def test_what_comes_with_the_same_product_again_is_told(
    shop: Shop, ears: Ears, asked: dict[str, Any]
) -> None:
    half = {"name": "Half", "type": "percentage", "basis_points": 5_000, "duration": "forever"}
    discount = discounts.create_discount(half)
    shop.buy(shop.pro, discount_id=discount.id)
    subscription = Subscription.objects.get()
    ears.events()

    changes.update_subscription(subscription, {"product_id": shop.pro.id, **asked})

    assert ears.types() == ["subscription.updated", "customer.state_changed"]


def test_a_change_of_nothing_is_told_as_recorded(shop: Shop, ears: Ears) -> None:
    subscription = subscribe(shop)
    before = subscription.modified_at
    ears.events()

    changes.update_subscription(subscription, {})

    assert ears.types() == ["subscription.updated", "customer.state_changed"]
    assert Subscription.objects.get().modified_at == before


def test_metadata_are_told_while_a_change_waits(shop: Shop, ears: Ears) -> None:
    best = shop.product("Best", 3_000, interval="month")
    subscription = subscribe(shop)
    plan_changes.change_product(subscription, best.id, "next_period")
    ears.events()

    changes.update_subscription(subscription, {"metadata": {"a": "1"}})

    assert ears.data("subscription.updated")["metadata"] == {"a": "1"}
    assert Subscription.objects.get().pending_update is not None
    pending.clear_pending(subscription)


# Orders and refunds


def test_what_was_never_charged_is_not_given_back(shop: Shop) -> None:
    """Less than a card takes is paid by the balance: there is no payment, and no receipt."""
    dearer = shop.product("Dearer", 1_060, interval="month")
    subscription = subscribe(shop)
    half_way(subscription)
    plan_changes.change_product(subscription, dearer.id, "invoice")
    order = Order.objects.latest("created_at")
    assert (order.status, order.total_amount, order.receipt_number) == ("paid", 30, None)

    with pytest.raises(errors.RefundUnknownPayment):
        refunds.create_refund({"order_id": order.id, "reason": "other", "amount": 30})


def test_two_parts_make_a_whole_refund_and_none_takes_the_benefits(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.ebook, country="FR")
    order = Order.objects.get()
    ears.events()

    for amount in (400, 850):
        refunds.create_refund({"order_id": order.id, "reason": "other", "amount": amount})

    events = ears.events()
    told = [(data["status"], data["paid"]) for name, data in events if name == "order.refunded"]
    assert told == [("partially_refunded", True), ("refunded", True)]
    assert "benefit_grant.revoked" not in dict(events)
    order.refresh_from_db()
    assert (order.refundable_amount, order.refundable_tax_amount) == (0, 0)
    assert held() == 1


# Grants


def test_a_grant_goes_with_its_purchase_though_another_gives_the_same(
    shop: Shop, ears: Ears
) -> None:
    shop.buy(shop.ebook)
    shop.buy(shop.pro, customer_email="ada@example.com")
    ears.events()

    subscriptions.revoke(Subscription.objects.get())

    assert ears.types() == ENDED
    (left,) = BenefitGrant.objects.filter(granted_at__isnull=False)
    assert left.order is not None
    assert left.benefit == shop.benefits[1]


def test_what_was_given_back_after_the_end_goes_with_the_products_benefit(
    shop: Shop, ears: Ears
) -> None:
    """As recorded: a key that the seller granted again was revoked with the list of benefits."""
    key = catalog.create_benefit({"type": "license_keys", "description": "Key", "properties": {}})
    product = shop.product("Keys", 900, interval="month", benefits=[key])
    subscriptions.revoke(subscribe(shop, product))
    key_changes.update_key(LicenseKey.objects.get(), {"status": "granted"})
    assert held() == 1
    ears.events()

    catalog.set_product_benefits(product, [])

    assert ears.types() == ["product.updated", "benefit_grant.revoked", "customer.state_changed"]
    assert held() == 0


def test_other_words_for_a_benefit_are_no_news_to_its_holders(shop: Shop, ears: Ears) -> None:
    subscribe(shop)
    ears.events()

    catalog.update_benefit(shop.benefits[0], {"description": "In other words"})

    assert ears.types() == ["benefit.updated"]


# Customers and members


def test_anonymizing_keeps_the_name_that_belongs_to_a_tax_number(shop: Shop, ears: Ears) -> None:
    customer = customers.create_customer(
        {
            "email": "ada@example.com",
            "name": "Ada",
            "tax_id": "FR61954506077",
            "billing_address": {"country": "FR"},
        }
    )
    ears.events()

    customers.delete_customer(customer, anonymize=True)

    events = ears.events()
    assert [name for name, _ in events] == [
        "member.deleted",
        "customer.deleted",
        "customer.state_changed",
    ]
    assert "__external_id" not in dict(events)["customer.deleted"]["metadata"]
    data = dict(events)["customer.deleted"]
    assert (data["name"], data["tax_id"][0], data["billing_address"]) == (
        "Ada",
        "FR61954506077",
        None,
    )


def test_deleting_ends_every_purchase_and_closes_the_open_pay_page(shop: Shop) -> None:
    update_organization({"subscription_settings": {"allow_multiple_subscriptions": True}})
    first = past_due(shop)
    shop.buy(shop.free, card=None)  # type: ignore[arg-type]
    shop.buy(shop.ebook)
    waiting = shop.open(shop.ebook, customer_id=first.customer_id)

    customers.delete_customer(first.customer)

    assert {each.status for each in Subscription.objects.all()} == {"canceled"}
    assert held() == 0
    assert not Order.objects.filter(status="pending").exists()
    with pytest.raises(errors.CheckoutCustomerDeleted):
        shop.confirm(waiting)


def test_a_team_stays_a_team_and_nothing_is_no_type(shop: Shop) -> None:
    customer = customers.create_customer({"email": "ada@example.com"})
    assert customers.update_customer(customer, {"type": None}).type == "individual"
    assert customers.update_customer(customer, {"type": "team"}).type == "team"
    with pytest.raises(errors.InvalidRequest, match="individual again"):
        customers.update_customer(customer, {"type": "individual"})
    assert customers.update_customer(customer, {"type": None}).type == "team"


def test_a_member_has_an_address_of_their_own(shop: Shop, ears: Ears) -> None:
    customer = customers.create_customer({"email": "ada@example.com"})
    bob = customers.create_member(customer, {"email": "bob@example.com", "external_id": "b"})
    ears.events()

    customers.update_member(bob, {"email": None, "role": None, "name": "Bob"})
    data = ears.data("member.updated")
    assert (data["email"], data["role"], data["name"]) == ("bob@example.com", "member", "Bob")
    with pytest.raises(errors.InvalidRequest, match="already exists"):
        customers.update_member(bob, {"email": "ADA@example.com"})
    customers.update_member(bob, {"email": "Bob@example.com"})
    assert ears.data("member.updated")["email"] == "Bob@example.com"
