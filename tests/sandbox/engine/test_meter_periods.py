"""Usage that is billed more often than the plan, in a trial, at the end, and after a change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polar_django.sandbox import clock
from polar_django.sandbox.cards import find_card
from polar_django.sandbox.engine import (
    catalog,
    meters,
    pauses,
    payment_methods,
    plan_changes,
    schedule,
    subscriptions,
    usage_events,
)
from polar_django.sandbox.models import Customer, CustomerMeter, Meter, Product, Subscription
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop


@pytest.fixture
def meter(shop: Shop) -> Meter:
    clause = {"property": "name", "operator": "eq", "value": "call"}
    return meters.create_meter(
        {
            "name": "Calls",
            "filter": {"conjunction": "and", "clauses": [clause]},
            "aggregation": {"func": "sum", "property": "n"},
        }
    )


def product(meter: Meter, **more: Any) -> Product:
    """100.00 a year, 2 cents a call, reckoned monthly."""
    fixed = {"amount_type": "fixed", "price_amount": 10_000}
    used = {"amount_type": "metered_unit", "meter_id": meter.id, "unit_amount": "2"}
    data = {"name": "Yearly", "recurring_interval": "year", "meter_interval": "month", **more}
    return catalog.create_product({"prices": [fixed, used], **data})


def buy(shop: Shop, sold: Product, card: str = PAYS, **data: Any) -> Subscription:
    shop.buy(sold, card, external_customer_id="u-1", **data)
    return Subscription.objects.get()


def use(calls: int) -> None:
    event = {"name": "call", "external_customer_id": "u-1", "metadata": {"n": calls}}
    usage_events.ingest([event])


def roll(subscription: Subscription) -> None:
    """Past the end of the period of usage."""
    subscription.refresh_from_db()
    assert subscription.current_meter_period_end is not None
    schedule.move_to(subscription.current_meter_period_end + timedelta(minutes=1))
    subscription.refresh_from_db()


def totals(subscription: Subscription) -> list[tuple[str, int]]:
    orders = subscription.orders.order_by("created_at")
    return [(each.billing_reason, each.total_amount) for each in orders]


def test_usage_is_billed_every_month_and_the_plan_every_year(
    shop: Shop, meter: Meter, ears: Ears
) -> None:
    subscription = buy(shop, product(meter))
    started = subscription.current_period_start
    assert subscription.current_meter_period_start == started
    use(100)
    ears.events()

    roll(subscription)

    events = ears.events()
    assert [name for name, _ in events] == [
        "subscription.updated",
        "order.created",
        "order.updated",
        "order.paid",
        "customer.state_changed",
    ]
    order = events[1][1]
    assert (order["billing_reason"], order["total_amount"]) == ("subscription_meter_cycle", 200)
    assert subscription.current_period_start == started
    assert CustomerMeter.objects.get().consumed_units == 0
    roll(subscription)
    assert ears.types() == ["subscription.updated", "customer.state_changed"]


def test_the_last_month_of_a_year_is_billed_with_the_next_year(shop: Shop, meter: Meter) -> None:
    subscription = buy(shop, product(meter))
    schedule.move_to(subscription.current_period_end - timedelta(days=1))
    use(100)

    schedule.advance(days=2)

    assert totals(subscription)[-1] == ("subscription_cycle", 10_200)
    subscription.refresh_from_db()
    assert subscription.current_meter_period_start == subscription.current_period_start


def test_credits_come_with_the_period_of_usage(shop: Shop, meter: Meter, ears: Ears) -> None:
    sold = product(meter)
    units = catalog.create_benefit(
        {
            "type": "meter_credit",
            "description": "Units",
            "properties": {"meter_id": meter.id, "units": 100, "rollover": False},
        }
    )
    catalog.set_product_benefits(sold, [units.id])
    subscription = buy(shop, sold)
    use(130)
    assert CustomerMeter.objects.get().balance == -30
    ears.events()

    roll(subscription)

    assert "benefit_grant.cycled" in ears.types()
    assert totals(subscription)[-1] == ("subscription_meter_cycle", 60)
    assert CustomerMeter.objects.get().balance == 100
    # The renewal, when it is paid, gives no second hundred.
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    assert CustomerMeter.objects.get().balance == 100


def test_usage_that_is_not_paid_ends_no_subscription(shop: Shop, meter: Meter, ears: Ears) -> None:
    subscription = buy(shop, product(meter), FAILS_LATER)
    use(100)
    roll(subscription)
    assert subscription.status == "active"

    schedule.advance(days=22)

    subscription.refresh_from_db()
    assert subscription.status == "active"
    assert subscription.orders.get(billing_reason="subscription_meter_cycle").status == "void"


def test_what_is_past_due_stands_still(shop: Shop, meter: Meter) -> None:
    subscription = buy(shop, product(meter), FAILS_LATER)
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    subscription.refresh_from_db()
    assert subscription.status == "past_due"
    before = subscription.current_meter_period_end

    schedule.advance(days=1)

    subscription.refresh_from_db()
    assert subscription.current_meter_period_end == before


def test_the_usage_of_a_trial_is_paid_with_the_first_period(shop: Shop, meter: Meter) -> None:
    sold = product(meter, trial_interval="day", trial_interval_count=7)
    subscription = buy(shop, sold)
    assert subscription.current_meter_period_end is None
    use(100)

    schedule.advance(days=8)

    assert totals(subscription) == [("subscription_create", 0), ("subscription_cycle", 10_200)]
    subscription.refresh_from_db()
    assert subscription.current_meter_period_end is not None


@pytest.mark.parametrize("card", [PAYS, FAILS_LATER])
def test_the_usage_of_the_last_period_is_billed_at_the_end(
    shop: Shop, meter: Meter, ears: Ears, card: str
) -> None:
    monthly = product(meter, recurring_interval="month", meter_interval=None)
    subscription = buy(shop, monthly, card)
    subscriptions.cancel_at_period_end(subscription)
    use(100)
    ears.events()

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    paid = ["order.updated", "order.paid"] if card == PAYS else []
    assert ears.types() == [
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
        "order.created",
        *paid,
        "customer.state_changed",
    ]
    assert totals(subscription)[-1] == ("subscription_cycle", 200)
    schedule.advance(days=30)
    last = subscription.orders.latest("created_at")
    assert last.status == ("paid" if paid else "void")


def test_a_last_bill_may_be_paid_with_another_card(shop: Shop, meter: Meter) -> None:
    subscription = buy(shop, product(meter), FAILS_LATER)
    use(100)
    subscriptions.revoke(subscription)

    payment_methods.replace_card(Customer.objects.get(), find_card(PAYS))
    schedule.advance(days=3)

    assert subscription.orders.latest("created_at").status == "paid"
    subscription.refresh_from_db()
    assert subscription.status == "canceled"


def test_usage_before_a_pause_is_paid_after_it_and_usage_in_it_is_not(
    shop: Shop, meter: Meter
) -> None:
    subscription = buy(shop, product(meter, recurring_interval="month", meter_interval=None))
    use(100)
    pauses.schedule_pause(subscription)
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    use(1_000)

    pauses.resume_now(subscription)

    assert totals(subscription)[-1] == ("subscription_cycle", 10_200)


def test_what_was_used_of_the_old_plan_is_billed_as_it_said(shop: Shop, meter: Meter) -> None:
    sold = product(meter, recurring_interval="month", meter_interval=None)
    subscription = buy(shop, sold)
    use(100)

    plan_changes.change_product(subscription, shop.pro.id, "prorate")
    use(100)
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    items = subscription.orders.latest("created_at").items.all()
    assert 200 in [item.amount for item in items]
    assert sum(item.label == "Calls" for item in items) == 1


@pytest.mark.parametrize(
    ("bought", "changed", "count", "ends"),
    [
        ((1, 31), (2, 10), 1, [(2, 28), (3, 31), (4, 30)]),
        ((1, 5), (2, 10), 1, [(3, 5), (4, 5)]),
        ((1, 31), (2, 10), 3, [(4, 30), (7, 31)]),
        ((1, 31), (2, 28), 1, [(3, 31), (4, 30)]),
    ],
)
def test_after_a_change_usage_ends_on_the_subscriptions_own_day(
    shop: Shop,
    meter: Meter,
    bought: tuple[int, int],
    changed: tuple[int, int],
    count: int,
    ends: list[tuple[int, int]],
) -> None:
    year = clock.now().year + 1
    while year % 4 == 0:
        year += 1
    schedule.move_to(datetime(year, *bought, 8, tzinfo=UTC))
    subscription = buy(shop, shop.product("Plain", 10_000, interval="year"))
    schedule.move_to(datetime(year, *changed, 15, tzinfo=UTC))

    monthly = product(meter, meter_interval_count=count)
    plan_changes.change_product(subscription, monthly.id, "prorate")

    seen = []
    for _ in ends:
        subscription.refresh_from_db()
        end = subscription.current_meter_period_end
        assert end is not None
        # At the time of the plan's own end, so that the last of them ends with it.
        assert end.time() == subscription.current_period_end.time()
        seen.append((end.month, end.day))
        roll(subscription)
    assert seen == ends
