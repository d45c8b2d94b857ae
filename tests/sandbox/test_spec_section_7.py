"""Usage as Polar counts it: what section 7 of spec/polar.md says and no other test shows."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.cards import find_card
from polar_django.sandbox.engine import (
    catalog,
    customer_meters,
    customers,
    discounts,
    meters,
    organization,
    payment_methods,
    schedule,
    usage_events,
)
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    CustomerMeter,
    Meter,
    Subscription,
)
from tests.sandbox.conftest import FAILS_LATER, PAYS, Shop
from tests.sandbox_fixtures import SandboxInTests

CALLS = {"property": "name", "operator": "eq", "value": "call"}
SUM = {"func": "sum", "property": "n"}


def make_meter(aggregation: Any = SUM, clauses: Any = (CALLS,), join: str = "and") -> Meter:
    fits = {"conjunction": join, "clauses": list(clauses)}
    return meters.create_meter({"name": "Calls", "filter": fits, "aggregation": aggregation})


@pytest.fixture
def ada(shop: Shop) -> Customer:
    return customers.create_customer({"email": "ada@example.com", "external_id": "u-1"})


def use(*numbers: Any, **more: Any) -> None:
    usage_events.ingest(
        [
            {"name": "call", "external_customer_id": "u-1", "metadata": {"n": number}, **more}
            for number in numbers
        ]
    )


def balance() -> tuple[float, int, float]:
    row = CustomerMeter.objects.get()
    return row.consumed_units, row.credited_units, row.balance


def credits(meter: Meter, units: int, *, rollover: bool = False) -> Any:
    properties = {"meter_id": meter.id, "units": units, "rollover": rollover}
    data = {"type": "meter_credit", "description": "Units", "properties": properties}
    return catalog.create_benefit(data)


def subscribe(shop: Shop, *benefits: Any, card: str = PAYS) -> Subscription:
    catalog.set_product_benefits(shop.pro, [each.id for each in benefits])
    shop.buy(shop.pro, card, external_customer_id="u-1")
    return Subscription.objects.get()


# 7.2 Meters


@pytest.mark.parametrize(
    ("clause", "fits"),
    [
        ({"property": "text", "operator": "gt", "value": "a"}, True),
        ({"property": "text", "operator": "lte", "value": "a"}, False),
        ({"property": "text", "operator": "ne", "value": 5}, False),
        ({"property": "on", "operator": "eq", "value": True}, True),
        ({"property": "on", "operator": "eq", "value": 1}, False),
        ({"property": "metadata.text", "operator": "like", "value": "b"}, True),
        ({"property": "n", "operator": "like", "value": "5"}, False),
        ({"property": "missing", "operator": "not_like", "value": "b"}, False),
        ({"property": "source", "operator": "eq", "value": "system"}, False),
        ({"property": "timestamp", "operator": "lt", "value": 1}, False),
    ],
)
def test_values_are_compared_with_their_own_kind(
    ada: Customer, clause: dict[str, Any], fits: bool
) -> None:
    make_meter({"func": "count"}, [clause])

    usage_events.ingest(
        [
            {
                "name": "call",
                "customer_id": ada.id,
                "metadata": {"text": "abc", "n": 5, "on": True},
            }
        ]
    )

    assert CustomerMeter.objects.exists() == fits


def test_filters_stand_inside_filters(ada: Customer) -> None:
    small = {"property": "n", "operator": "lt", "value": 3}
    large = {"property": "n", "operator": "gt", "value": 7}
    make_meter({"func": "count"}, [CALLS, {"conjunction": "or", "clauses": [small, large]}])

    use(1, 5, 9)

    assert CustomerMeter.objects.get().consumed_units == 2


def test_truth_is_no_number_and_what_no_column_holds_does_not_count(ada: Customer) -> None:
    make_meter()
    make_meter({"func": "max", "property": "n"})
    make_meter({"func": "avg", "property": "n"})

    use(True, 10**400, 4, "5", 2.0)

    assert [row.consumed_units for row in CustomerMeter.objects.order_by("created_at")] == [6, 4, 3]


def test_a_sum_never_leaves_the_numbers(ada: Customer) -> None:
    make_meter()

    use(1.7e308, 1.7e308)

    assert 1.7e308 < CustomerMeter.objects.get().consumed_units < float("inf")


def test_a_filter_is_fixed_once_usage_was_billed_by_it(shop: Shop, ada: Customer) -> None:
    meter = make_meter()
    price = {"amount_type": "metered_unit", "meter_id": meter.id, "unit_amount": "2"}
    product = catalog.create_product(
        {"name": "Metered", "recurring_interval": "month", "prices": [price]}
    )
    shop.buy(product, external_customer_id="u-1")
    meters.update_meter(meter, {"aggregation": SUM})
    use(100)
    schedule.advance(days=32)

    with pytest.raises(errors.InvalidRequest) as refused:
        meters.update_meter(meter, {"aggregation": {"func": "count"}, "filter": meter.filter})

    assert [(each["type"], each["loc"]) for each in refused.value.errors] == [
        ("forbidden", ["body", "filter"]),
        ("forbidden", ["body", "aggregation"]),
    ]
    assert meters.update_meter(meter, {"name": "Still"}).name == "Still"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("start_timestamp=9999-01-01T00:00:00Z&end_timestamp=9999-12-31T23:00:00Z", 422),
        ("start_timestamp=0001-01-01T00:00:00Z&end_timestamp=0001-02-01T00:00:00Z", 422),
        ("start_timestamp=2026-01-02T00:00:00Z&end_timestamp=2026-01-01T00:00:00Z", 200),
    ],
)
def test_quantities_end_with_the_calendar(
    bare_sandbox: SandboxInTests, query: str, status: int
) -> None:
    more = "interval=month&timezone=America/New_York"
    answer = bare_sandbox.api.get(f"/v1/meters/{make_meter().id}/quantities?{query}&{more}")

    assert answer.status_code == status, answer.text


def test_events_of_a_meter_that_does_not_exist_cannot_be_listed(
    bare_sandbox: SandboxInTests,
) -> None:
    answer = bare_sandbox.api.get(f"/v1/events/?meter_id={uuid4()}")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "meter_id"]


@pytest.mark.parametrize("text", ["{", "5", '{"conjunction": "and"}', "[" * 5_000])
def test_a_filter_in_the_address_that_is_none_is_refused(
    bare_sandbox: SandboxInTests, text: str
) -> None:
    answer = bare_sandbox.api.get("/v1/events/", params={"filter": text})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "filter"]


# 7.3 and 7.4 Balances and credits


def test_a_period_counts_by_when_an_event_came_not_by_when_it_happened(
    shop: Shop, ada: Customer
) -> None:
    subscription = subscribe(shop, credits(make_meter(), 100))
    before = clock.now()
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    use(30, timestamp=before)

    assert balance() == (30, 100, 70)


def test_credits_never_go_below_nothing(shop: Shop, ada: Customer) -> None:
    meter = make_meter()
    with business_transaction():
        for units in (5, -20, 10):
            customer_meters.credit(ada, meter, units, rollover=False)

    assert balance() == (0, 10, 10)


def test_a_benefit_that_gives_more_does_so_from_the_next_period_on(
    shop: Shop, ada: Customer
) -> None:
    meter = make_meter()
    benefit = credits(meter, 100)
    subscription = subscribe(shop, benefit)

    properties = {"meter_id": meter.id, "units": 500, "rollover": False}
    catalog.update_benefit(benefit, {"properties": properties})
    assert balance() == (0, 100, 100)
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    assert balance() == (0, 500, 500)


def test_only_units_that_may_roll_over_are_kept(shop: Shop, ada: Customer) -> None:
    meter = make_meter()
    kept, lost = credits(meter, 100, rollover=True), credits(meter, 50)
    subscription = subscribe(shop, kept, lost)
    assert balance() == (0, 150, 150)

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))

    assert balance() == (0, 250, 250)


def test_units_come_when_the_renewal_is_paid(shop: Shop, ada: Customer) -> None:
    grace = {"benefit_revocation_grace_period": 7}
    organization.update_organization({"subscription_settings": grace})
    subscription = subscribe(shop, credits(make_meter(), 100), card=FAILS_LATER)
    use(30)

    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    subscription.refresh_from_db()
    assert (subscription.status, balance()) == ("past_due", (30, 100, 70))
    payment_methods.replace_card(ada, find_card(PAYS))
    schedule.advance(days=3)

    subscription.refresh_from_db()
    assert (subscription.status, balance()) == ("active", (0, 100, 100))


def test_units_that_were_bought_once_stay(shop: Shop, ada: Customer) -> None:
    catalog.set_product_benefits(shop.ebook, [credits(make_meter(), 100).id])
    shop.buy(shop.ebook, external_customer_id="u-1")
    use(30)

    schedule.advance(days=400)

    assert balance() == (30, 100, 70)


def test_what_was_used_before_the_purchase_costs_nothing(shop: Shop, ada: Customer) -> None:
    meter = make_meter()
    price = {"amount_type": "metered_unit", "meter_id": meter.id, "unit_amount": "2"}
    product = catalog.create_product(
        {"name": "Metered", "recurring_interval": "month", "prices": [price]}
    )
    use(1_000)

    shop.buy(product, external_customer_id="u-1")

    assert balance() == (0, 0, 0)


def test_a_benefit_gives_units_to_a_meter_that_there_is(sandbox: SandboxInTests) -> None:
    meter = make_meter()
    made = credits(meter, 100)
    path = f"/v1/benefits/{made.id}"
    good = {"units": 5, "rollover": True, "meter_id": str(meter.id)}

    for wrong in (
        {"type": "meter_credit", "properties": {}},
        {"type": "meter_credit", "properties": {**good, "units": "many"}},
        {"type": "meter_credit", "properties": {**good, "meter_id": str(uuid4())}},
        {"type": "custom", "properties": {"note": "Hi"}},
        {"properties": good},
    ):
        answer = sandbox.api.patch(path, json=wrong)
        assert answer.status_code == 422, (wrong, answer.text)
    answer = sandbox.api.patch(path, json={"type": "meter_credit", "properties": good})
    assert answer.json()["properties"] == good
    assert not BenefitGrant.objects.exists()


# 7.6 Billing


@pytest.mark.parametrize(
    ("discount", "total"),
    [
        ({"type": "percentage", "basis_points": 5_000}, 100),
        ({"type": "fixed", "amounts": {"usd": 150}}, 200),
    ],
)
def test_usage_between_renewals_is_cheaper_by_a_percentage_only(
    shop: Shop, ada: Customer, discount: dict[str, Any], total: int
) -> None:
    used = {"amount_type": "metered_unit", "meter_id": make_meter().id, "unit_amount": "2"}
    fixed = {"amount_type": "fixed", "price_amount": 10_000}
    interval = {"recurring_interval": "year", "meter_interval": "month"}
    product = catalog.create_product({"name": "Yearly", "prices": [fixed, used], **interval})
    less = discounts.create_discount({"name": "Less", "duration": "forever", **discount})
    shop.buy(product, external_customer_id="u-1", discount_id=less.id)
    use(100)

    schedule.advance(days=32)

    order = Subscription.objects.get().orders.get(billing_reason="subscription_meter_cycle")
    assert (order.subtotal_amount, order.total_amount) == (200, total)
