from datetime import UTC, datetime
from decimal import Decimal

import pytest

from polar_django.providers.polar import reading
from polar_django.providers.polar.customer_state import customer_state
from polar_django.providers.polar.parsing import PARSERS
from tests.providers.polar import shapes
from tests.providers.polar.shapes import CHANGED_AT, MADE_AT


def snapshot_of(kind, data):
    return PARSERS[kind](data)[0].snapshot


def copies_in(kind, data):
    return [
        (type(copy).__name__.removesuffix("Snapshot"), copy.id)
        for copy in PARSERS[kind](data)[0].embedded
    ]


@pytest.mark.parametrize("kind", sorted(PARSERS))
def test_only_the_id_must_be_known(kind):
    snapshot = snapshot_of(kind, {"id": "only"})
    assert snapshot.id == "only"
    assert snapshot.created_at is None


def test_a_subscription_is_read_column_by_column():
    data = shapes.subscription(
        status="past_due",
        seats=3,
        pending_update={"id": "pen", "seats": 5},
        customer_cancellation_reason="too_expensive",
    )
    subscription = snapshot_of("subscriptions", data)
    assert (subscription.customer_id, subscription.product_id) == ("cus-ada", "pro-pro")
    assert (subscription.status, subscription.provider_status) == ("past_due", "past_due")
    assert (subscription.amount, subscription.currency) == (1000, "usd")
    assert (subscription.created_at, subscription.modified_at) == (MADE_AT, CHANGED_AT)
    assert subscription.current_period_end == datetime(2026, 12, 21, 8, 0, 0, 1, tzinfo=UTC)
    assert (subscription.seats, subscription.units) == (3, None)
    assert subscription.pending_update == {"id": "pen", "seats": 5}
    assert subscription.customer_cancellation_reason == "too_expensive"
    assert subscription.raw is data


def test_a_status_nobody_knows_is_kept():
    subscription = snapshot_of("subscriptions", shapes.subscription(status="hibernating"))
    assert (subscription.status, subscription.provider_status) == ("hibernating", "hibernating")


def test_embedded_copies_are_what_may_fill_missing_rows():
    assert copies_in("subscriptions", shapes.subscription(discount=shapes.discount())) == [
        ("Customer", "cus-ada"),
        ("Product", "pro-pro"),
        ("Price", "pri-pro"),
        ("Benefit", "ben-pro"),
        ("Price", "pri-pro"),
        ("Discount", "dis-half"),
    ]
    assert copies_in("orders", shapes.order()) == [
        ("Customer", "cus-ada"),
        ("Product", "pro-pro"),
        ("Subscription", "sub-ada"),
    ]
    assert copies_in("benefit_grants", shapes.benefit_grant()) == [
        ("Customer", "cus-ada"),
        ("Member", "mem-ada"),
        ("Benefit", "ben-pro"),
    ]
    assert copies_in("customer_seats", shapes.seat()) == [("Member", "mem-ada")]
    assert copies_in("orders", shapes.order(customer={"email": "no id"}, product=7)) == [
        ("Subscription", "sub-ada")
    ]


def test_a_product_shows_its_prices_whole_and_its_benefits_as_copies():
    metered = shapes.price(
        id="pri-metered", amount_type="metered_unit", unit_amount="0.5", meter=shapes.meter()
    )
    product, price, metered_price = PARSERS["products"](
        shapes.product() | {"prices": [shapes.price(), metered]}
    )
    assert product.snapshot.key == "pro-monthly"
    assert product.snapshot.benefit_ids == ("ben-pro",)
    assert [copy.key for copy in product.embedded] == ["pro"]
    assert (price.snapshot.price_amount, price.snapshot.product_id) == (1000, "pro-pro")
    assert metered_price.snapshot.unit_amount == Decimal("0.5")
    assert metered_price.snapshot.meter_id == "met-tokens"
    assert [copy.key for copy in metered_price.embedded] == ["tokens"]


@pytest.mark.parametrize("metadata", [{}, {"key": ""}, {"key": 7}, {"key": None}, None, []])
def test_a_key_is_text_or_nothing(metadata):
    assert snapshot_of("benefits", shapes.benefit(metadata=metadata)).key == ""


def test_a_revoked_seat_names_nobody():
    seat = snapshot_of(
        "customer_seats",
        shapes.seat(status="revoked", customer_id=None, member_id=None, member=None, email=None),
    )
    assert (seat.customer_id, seat.member_id, seat.email) == (None, None, None)


def test_a_grant_that_waits_for_the_customer_is_neither_granted_nor_revoked():
    error = {"message": "Connect GitHub", "type": "BenefitActionRequired", "timestamp": "now"}
    grant = snapshot_of(
        "benefit_grants", shapes.benefit_grant(is_granted=False, granted_at=None, error=error)
    )
    assert (grant.is_granted, grant.is_revoked, grant.error) == (False, False, error)


def test_a_grant_of_a_team_says_so():
    team = shapes.benefit_grant(customer=shapes.customer(type="team"))
    assert snapshot_of("benefit_grants", team).for_team


@pytest.mark.parametrize(
    ("type_", "is_for_a_team"), [("household", True), ("individual", False), (None, False)]
)
def test_a_kind_of_customer_nobody_knows_may_have_seats(type_, is_for_a_team):
    """So that its seats are their holders', and not everybody's."""
    grant = shapes.benefit_grant(customer=shapes.customer(type=type_))
    assert snapshot_of("benefit_grants", grant).for_team is is_for_a_team
    listed = customer_state(shapes.customer_state(type=type_)).grants
    assert [entry.for_team for entry in listed] == [is_for_a_team]


class TestOlderShapes:
    def test_an_order_with_one_amount_has_it_as_net_and_is_not_taken_as_paid(self):
        old = {"id": "old", "amount": 900, "tax_amount": 100, "currency": "usd"}
        order = snapshot_of("orders", old)
        assert (order.net_amount, order.total_amount, order.due_amount) == (900, 1000, 1000)
        assert (order.status, order.paid) == ("pending", False)

    def test_a_status_without_the_flag_tells_whether_an_order_is_paid(self):
        assert snapshot_of("orders", {"id": "old", "status": "partially_refunded"}).paid
        assert not snapshot_of("orders", {"id": "old", "status": "void"}).paid

    def test_a_checkout_of_before_the_renaming_keeps_its_external_id(self):
        checkout = snapshot_of("checkouts", {"id": "old", "customer_external_id": "7"})
        assert checkout.external_customer_id == "7"

    def test_a_checkout_of_both_names_has_the_one_that_is_filled(self):
        data = {"id": "old", "external_customer_id": None, "customer_external_id": "7"}
        assert snapshot_of("checkouts", data).external_customer_id == "7"

    def test_an_amount_that_is_null_is_reckoned_from_the_others(self):
        sent = {"net_amount": None, "amount": 900, "tax_amount": 100, "discount_amount": 50}
        nulls = dict.fromkeys(["subtotal_amount", "total_amount", "due_amount"])
        order = snapshot_of("orders", {"id": "old", **sent, **nulls})
        assert (order.subtotal_amount, order.net_amount) == (950, 900)
        assert (order.total_amount, order.due_amount) == (1000, 1000)

    def test_a_reckoned_amount_that_no_column_holds_is_none(self):
        order = snapshot_of("orders", {"id": "old", "net_amount": 2**63 - 1, "tax_amount": 1})
        assert (order.total_amount, order.net_amount) == (0, 2**63 - 1)

    def test_a_subscription_had_one_price_and_shows_it_as_a_copy(self):
        old = shapes.subscription(price=shapes.price(), customer=None, product=None)
        del old["prices"], old["price"]["product_id"]
        [price] = PARSERS["subscriptions"](old)[0].embedded
        assert (price.id, price.price_amount, price.product_id) == ("pri-pro", 1000, "pro-pro")

    def test_the_interval_was_once_the_prices(self):
        old = {"id": "old", "prices": [{"id": "pri", "recurring_interval": "year"}]}
        product = snapshot_of("products", old)
        assert (product.recurring_interval, product.is_recurring) == ("year", True)

    def test_a_free_price_costs_nothing(self):
        price = PARSERS["products"]({"id": "p", "prices": [{"id": "f", "amount_type": "free"}]})[1]
        assert (price.snapshot.amount_type, price.snapshot.price_amount) == ("free", 0)
        assert price.snapshot.product_id == "p"

    def test_a_customer_without_a_type_is_an_individual(self):
        assert snapshot_of("customers", {"id": "old"}).type == "individual"

    def test_a_fixed_discount_has_its_amount_by_currency_or_bare(self):
        by_currency = snapshot_of("discounts", {"id": "d", "amounts": {"eur": 500}})
        assert (by_currency.amount, by_currency.currency) == (500, "eur")
        bare = snapshot_of("discounts", {"id": "d", "amount": 300, "currency": "usd"})
        assert (bare.amount, bare.currency) == (300, "usd")
        several = snapshot_of("discounts", {"id": "d", "amounts": {"eur": 500, "usd": 600}})
        assert several.amount is None


class TestReading:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("2026-11-21T08:00:00.000001Z", MADE_AT),
            ("2026-11-21T09:00:00.000001+01:00", MADE_AT),
            ("2026-11-21T08:00:00.000001", MADE_AT),
            ("0001-01-01T00:00:00+14:00", None),
            ("soon", None),
            (1795243010, None),
            (None, None),
        ],
    )
    def test_a_time_is_aware_and_in_utc(self, value, expected):
        found = reading.moment(value)
        assert found == expected
        assert found is None or found.tzinfo is UTC

    @pytest.mark.parametrize(
        ("value", "expected"),
        [(5, 5), (5.0, 5), (-5, -5), (5.5, None), (True, None), ("5", None), (2**63, None)],
    )
    def test_money_is_a_whole_number_that_a_column_holds(self, value, expected):
        assert reading.whole(value) == expected

    @pytest.mark.parametrize(("value", "expected"), [(3, 3), (-1, None), (2**31, None)])
    def test_a_number_of_things_is_not_negative(self, value, expected):
        assert reading.count(value) == expected

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "x", True, None, "1e30", []])
    def test_a_unit_amount_that_no_column_holds_is_none(self, value):
        assert reading.unit_amount(value) is None

    def test_half_an_id_would_be_somebody_elses(self):
        assert reading.identifier("x" * 256) is None
        assert reading.text("x" * 256) == "x" * 255

    def test_half_a_currency_and_half_a_key_would_be_others(self):
        for kind, name in (("orders", "currency"), ("subscriptions", "currency")):
            assert getattr(snapshot_of(kind, {"id": "x", name: "usdc"}), name) == ""
        [_, price] = PARSERS["products"](
            {"id": "x", "prices": [{"id": "p", "price_currency": "usdc"}]}
        )
        assert price.snapshot.price_currency == ""
        discount = snapshot_of("discounts", {"id": "x", "amounts": {"usdc": 5}})
        assert discount.currency is None
        assert snapshot_of("benefits", {"id": "x", "metadata": {"key": "pro" * 100}}).key == ""


@pytest.mark.parametrize("amount", ["1e999999999", "-1e999999999", "NaN", "sNaN", "x", "9" * 400])
def test_a_unit_amount_that_no_column_holds_is_none(amount):
    assert reading.unit_amount(amount) is None


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:00:00-14:00"]
)
def test_a_time_at_the_end_of_the_calendar_is_none(written):
    # Every time zone must be able to show it, and a lease be added to it.
    assert reading.moment(written) is None
