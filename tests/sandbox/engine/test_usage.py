from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.engine import (
    catalog,
    customers,
    meters,
    schedule,
    subscriptions,
    usage_events,
)
from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    CustomerMeter,
    Meter,
    Subscription,
    UsageEvent,
)
from tests.sandbox.conftest import Ears, Shop

COUNTS_CALLS = {"property": "name", "operator": "eq", "value": "call"}


def make_meter(
    aggregation: Mapping[str, Any], *clauses: Mapping[str, Any], join: str = "and"
) -> Meter:
    return meters.create_meter(
        {
            "name": "Calls",
            "filter": {"conjunction": join, "clauses": [COUNTS_CALLS, *clauses]},
            "aggregation": aggregation,
        }
    )


@pytest.fixture
def ada(shop: Shop) -> Customer:
    return customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})


def send(*numbers: Any, **more: Any) -> Any:
    return usage_events.ingest(
        [
            {"name": "call", "external_customer_id": "u-1", "metadata": {"n": number}, **more}
            for number in numbers
        ]
    )


def consumed() -> float:
    return CustomerMeter.objects.get().consumed_units


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ({"func": "count"}, 5),
        ({"func": "sum", "property": "n"}, 12),
        ({"func": "max", "property": "n"}, 5),
        ({"func": "min", "property": "metadata.n"}, 2),
        ({"func": "avg", "property": "n"}, 3),
        ({"func": "unique", "property": "n"}, 4),
        ({"func": "sum", "property": "other"}, 0),
    ],
)
def test_every_aggregation(ada: Customer, aggregation: dict[str, str], expected: float) -> None:
    make_meter(aggregation)

    send(2, 5, 2, 3, "many")

    assert consumed() == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"property": "n", "operator": "gt", "value": 2}, 1),
        ({"property": "n", "operator": "gte", "value": 2}, 2),
        ({"property": "n", "operator": "lt", "value": 2}, 1),
        ({"property": "n", "operator": "lte", "value": 2}, 2),
        ({"property": "n", "operator": "ne", "value": 2}, 2),
        ({"property": "n", "operator": "eq", "value": "2"}, 0),
        ({"property": "path", "operator": "like", "value": "/api"}, 3),
        ({"property": "path", "operator": "not_like", "value": "/api"}, 0),
        ({"property": "missing", "operator": "ne", "value": "x"}, 0),
        ({"property": "_llm.model", "operator": "eq", "value": "m"}, 3),
        ({"property": "source", "operator": "eq", "value": "user"}, 3),
        ({"property": "timestamp", "operator": "gt", "value": 1}, 3),
        ({"conjunction": "or", "clauses": []}, 3),
    ],
)
def test_every_kind_of_clause(ada: Customer, clause: dict[str, Any], expected: int) -> None:
    make_meter({"func": "count"}, clause)

    usage_events.ingest(
        [
            {
                "name": "call",
                "customer_id": ada.id,
                "metadata": {"n": number, "path": "/api/x", "_llm": {"model": "m"}},
            }
            for number in (1, 2, 3)
        ]
    )

    found = CustomerMeter.objects.first()
    assert (found.consumed_units if found else 0) == expected


def test_an_event_is_counted_once(ada: Customer) -> None:
    make_meter({"func": "count"})

    first = send(1, 1, external_id="e-1")
    again = send(1, external_id="e-1")

    assert (first.inserted, first.duplicates) == (1, 1)
    assert (again.inserted, again.duplicates) == (0, 1)
    assert consumed() == 1


def test_one_bad_event_refuses_the_batch(ada: Customer) -> None:
    nobody = uuid4()
    with pytest.raises(errors.InvalidRequest) as refused:
        usage_events.ingest(
            [{"name": "call", "customer_id": ada.id}, {"name": "call", "customer_id": nobody}]
        )

    assert refused.value.errors == [
        {
            "type": "customer_id",
            "loc": ["body", "events", 1, "customer_id"],
            "msg": "Customer not found.",
            "input": str(nobody),
        }
    ]
    assert not UsageEvent.objects.exists()


def test_events_wait_for_their_customer(shop: Shop, ears: Ears) -> None:
    make_meter({"func": "count"})
    send(1, 2)
    assert not CustomerMeter.objects.exists()

    customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})

    assert consumed() == 2
    assert ears.types()[-1] == "customer.state_changed"


def test_events_wait_for_a_customer_to_be_named_later(shop: Shop) -> None:
    make_meter({"func": "count"})
    send(1)
    customer = customers.create_customer({"email": "ada@example.com"})

    customers.update_customer(customer, {"external_id": "u-1"})

    assert consumed() == 1


def test_usage_is_told_with_the_state_only(ada: Customer, ears: Ears) -> None:
    make_meter({"func": "sum", "property": "n"})
    ears.events()

    send(30, 12)

    ((name, state),) = ears.events()
    assert name == "customer.state_changed"
    assert [
        (each["consumed_units"], each["credited_units"], each["balance"])
        for each in state["active_meters"]
    ] == [(42.0, 0, -42.0)]
    send("nothing that counts")
    assert ears.types() == []


@pytest.fixture
def credited(shop: Shop, ada: Customer) -> Subscription:
    """`pro` gives 100 units a month, and none of them is kept."""
    return _credited(shop, rollover=False)


def _credited(shop: Shop, *, rollover: bool) -> Subscription:
    meter = make_meter({"func": "sum", "property": "n"})
    benefit = catalog.create_benefit(
        {
            "type": "meter_credit",
            "description": "Units",
            "properties": {"meter_id": meter.id, "units": 100, "rollover": rollover},
        }
    )
    catalog.set_product_benefits(shop.pro, [benefit.id])
    shop.buy(shop.pro, external_customer_id="u-1")
    return Subscription.objects.get()


def balance() -> tuple[float, int, float]:
    row = CustomerMeter.objects.get()
    return row.consumed_units, row.credited_units, row.balance


def next_period(subscription: Subscription) -> None:
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))


def test_a_benefit_credits_units_at_once(credited: Subscription) -> None:
    assert balance() == (0, 100, 100)
    assert BenefitGrant.objects.get().properties["last_credited_units"] == 100


def test_a_new_period_begins_with_new_units(credited: Subscription, ears: Ears) -> None:
    send(30)
    ears.events()

    next_period(credited)

    assert balance() == (0, 100, 100)
    assert "benefit_grant.cycled" in ears.types()


@pytest.mark.parametrize(("used", "kept"), [(30, 170), (130, 100), (100, 100)])
def test_unused_units_roll_over_where_the_benefit_says_so(
    shop: Shop, ada: Customer, used: int, kept: int
) -> None:
    subscription = _credited(shop, rollover=True)
    send(used)

    next_period(subscription)

    assert balance() == (0, kept, kept)


def test_a_revoked_benefit_takes_its_units_back(credited: Subscription) -> None:
    send(30)

    subscriptions.revoke(credited)

    assert balance() == (30, 0, -30)
    assert BenefitGrant.objects.get().properties["last_credited_units"] == -100


def test_units_stay_where_another_purchase_gives_the_same_benefit(
    shop: Shop, credited: Subscription, ears: Ears
) -> None:
    benefit = BenefitGrant.objects.get().benefit
    catalog.set_product_benefits(shop.ebook, [benefit.id])
    shop.buy(shop.ebook, external_customer_id="u-1")
    assert balance() == (0, 200, 200)
    ears.events()

    subscriptions.revoke(credited)

    assert "benefit_grant.revoked" in ears.types()
    assert balance() == (0, 200, 200)


def test_a_meter_that_is_used_cannot_be_archived(credited: Subscription) -> None:
    with pytest.raises(errors.InvalidRequest, match="active benefit"):
        meters.update_meter(Meter.objects.get(), {"is_archived": True})


def test_an_archived_meter_stands_still(ada: Customer) -> None:
    meter = make_meter({"func": "count"})
    send(1)
    meters.update_meter(meter, {"is_archived": True})
    send(1)
    assert consumed() == 1

    meters.update_meter(meter, {"is_archived": False})
    send(1)
    assert consumed() == 3


def test_another_filter_counts_anew(ada: Customer) -> None:
    meter = make_meter({"func": "count"})
    send(1, 2)

    meters.update_meter(meter, {"aggregation": {"func": "sum", "property": "n"}})

    assert consumed() == 3


def test_quantities_by_day_as_recorded(ada: Customer) -> None:
    meter = make_meter({"func": "sum", "property": "n"})
    now = clock.now()
    send(30, timestamp=now - timedelta(days=1))
    send(12, 4, timestamp=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

    counted = meters.count_quantities(
        meter,
        UsageEvent.objects.iterator(),
        start=midnight - timedelta(days=1),
        end=midnight + timedelta(days=1),
        interval="day",
    )

    assert [quantity for _, quantity in counted["quantities"]] == [30, 16, 0]
    assert counted["total"] == 46


def test_quantities_are_combined_over_customers(ada: Customer) -> None:
    meter = make_meter({"func": "max", "property": "n"})
    send(5, 7)
    usage_events.ingest([{"name": "call", "external_customer_id": "u-2", "metadata": {"n": 3}}])
    now = clock.now()

    counted = meters.count_quantities(
        meter,
        UsageEvent.objects.iterator(),
        start=now - timedelta(hours=1),
        end=now,
        interval="month",
        per_customer="sum",
    )

    assert counted["total"] == 10


def pay_as_you_go(shop: Shop, **more: Any) -> Subscription:
    """10.00 a month, and 2.5 cents for each unit."""
    meter = make_meter({"func": "sum", "property": "n"})
    price = {"amount_type": "metered_unit", "meter_id": meter.id, "unit_amount": "2.5", **more}
    product = catalog.create_product(
        {
            "name": "Metered",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 1_000}, price],
        }
    )
    shop.buy(product, external_customer_id="u-1")
    return Subscription.objects.get()


def test_usage_is_paid_with_the_next_period(shop: Shop, ada: Customer, ears: Ears) -> None:
    subscription = pay_as_you_go(shop)
    send(31)
    ears.events()

    next_period(subscription)

    events = ears.events()
    cycled = next(data for name, data in events if name == "order.created")
    assert {item["label"].split(" ")[0]: item["amount"] for item in cycled["items"]} == {
        "Calls": 78,
        "Metered": 1_000,
    }
    assert (cycled["total_amount"], cycled["items"][0]["proration"]) == (1_078, False)
    assert consumed() == 0


def test_a_cap_ends_what_usage_costs(shop: Shop, ada: Customer) -> None:
    subscription = pay_as_you_go(shop, cap_amount=500)
    send(1_000)

    next_period(subscription)

    assert subscription.orders.latest("created_at").subtotal_amount == 1_500


def test_a_subscription_shows_what_is_due_for_usage(shop: Shop, ada: Customer, ears: Ears) -> None:
    pay_as_you_go(shop)
    ears.events()

    send(100)

    state = ears.data("customer.state_changed")
    (meter,) = state["active_subscriptions"][0]["meters"]
    assert (meter["consumed_units"], meter["amount"]) == (100.0, 250)
