from datetime import UTC, datetime
from typing import Any

import pytest

from polar_django.sandbox.models import Discount, Price
from polar_django.sandbox.periods import add_interval, ceil_to_minutes
from polar_django.sandbox.pricing import (
    LARGEST_INTEGER,
    discount_on,
    is_free,
    lasts,
    metered_amount,
    price_amount,
)
from polar_django.sandbox.tax import round_half_away, split_tax, tax_behavior


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "interval", "count", "anchor_day", "end"),
    [
        ("2027-01-31T10:00", "month", 1, 31, "2027-02-28T10:00"),
        ("2027-02-28T10:00", "month", 1, 31, "2027-03-31T10:00"),
        ("2028-01-31T10:00", "month", 1, 31, "2028-02-29T10:00"),
        ("2028-02-29T10:00", "year", 1, 29, "2029-02-28T10:00"),
        ("2026-12-05T10:00", "month", 1, 5, "2027-01-05T10:00"),
        ("2026-11-05T10:00", "month", 14, 5, "2028-01-05T10:00"),
        ("2026-12-30T10:00", "day", 3, 30, "2027-01-02T10:00"),
        ("2026-12-30T10:00", "week", 2, 30, "2027-01-13T10:00"),
    ],
)
def test_periods_follow_the_calendar(
    start: str, interval: str, count: int, anchor_day: int, end: str
) -> None:
    assert add_interval(at(start), interval, count, anchor_day=anchor_day) == at(end)


@pytest.mark.parametrize(
    ("time", "minutes", "run"),
    [
        ("2027-01-01T10:00", 15, "2027-01-01T10:00"),
        ("2027-01-01T10:00:01", 15, "2027-01-01T10:15"),
        ("2027-01-01T23:50", 60, "2027-01-02T00:00"),
    ],
)
def test_a_timed_job_runs_at_or_after_its_time(time: str, minutes: int, run: str) -> None:
    assert ceil_to_minutes(at(time), minutes) == at(run)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (15, 10, 2)]
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_away(numerator, denominator) == rounded


@pytest.mark.parametrize(
    ("amount", "country", "behavior", "split"),
    [
        # The first two as recorded.
        (1_500, "FR", "inclusive", (1_250, 250)),
        (3_700, "FR", "inclusive", (3_083, 617)),
        (-1_500, "FR", "inclusive", (-1_250, -250)),
        (1_000, "DE", "exclusive", (1_000, 190)),
        (1_000, "US", "inclusive", (1_000, 0)),
        (1_000, None, "exclusive", (1_000, 0)),
    ],
)
def test_tax_is_in_the_price_or_comes_on_top(
    amount: int, country: str | None, behavior: str, split: tuple[int, int]
) -> None:
    assert split_tax(amount, country, behavior) == split


@pytest.mark.parametrize(
    ("said", "country", "behavior"),
    [
        (None, "FR", "inclusive"),
        (None, "US", "exclusive"),
        ("location", "DE", "inclusive"),
        ("exclusive", "FR", "exclusive"),
        ("inclusive", "US", "inclusive"),
    ],
)
def test_a_price_says_whether_the_tax_is_in_it_or_else_the_country_does(
    said: str | None, country: str, behavior: str
) -> None:
    assert tax_behavior([Price(tax_behavior=said)], country) == behavior


@pytest.mark.parametrize(("kind", "cost"), [("volume", 12 * 800), ("graduated", 10_000 + 2 * 800)])
def test_seats_are_priced_by_volume_or_graduated(kind: str, cost: int) -> None:
    tiers = [
        {"min_seats": 1, "max_seats": 10, "price_per_seat": 1_000},
        {"min_seats": 11, "max_seats": None, "price_per_seat": 800},
    ]
    price = Price(amount_type="seat_based", seat_tiers={"seat_tier_type": kind, "tiers": tiers})

    assert price_amount(price, seats=12) == cost


def test_units_are_priced_by_bounds() -> None:
    tiers = [{"bound": 100, "unit_amount": "10"}, {"bound": None, "unit_amount": "5"}]
    price = Price(amount_type="unit_based", tiers={"type": "graduated", "tiers": tiers})

    assert price_amount(price, units=150) == 1_250


@pytest.mark.parametrize(
    ("columns", "amount"),
    [({"preset_amount": 0, "minimum_amount": 500}, 0), ({"minimum_amount": 500}, 500), ({}, 0)],
)
def test_a_custom_price_begins_at_its_preset_or_minimum(
    columns: dict[str, Any], amount: int
) -> None:
    assert price_amount(Price(amount_type="custom", **columns)) == amount


@pytest.mark.parametrize("units", [1e30, 1.7e308])
@pytest.mark.parametrize("cap", [None, 500])
@pytest.mark.parametrize(
    "price",
    [
        {"amount_type": "metered_unit", "unit_amount": "2"},
        {"amount_type": "metered_tiers", "tiers": {"tiers": [{"bound": None, "unit_amount": "2"}]}},
    ],
)
def test_usage_beyond_all_measure_costs_what_a_column_holds(
    price: dict[str, Any], cap: int | None, units: float
) -> None:
    assert metered_amount(Price(**price, cap_amount=cap), units) == (cap or LARGEST_INTEGER)


def test_only_a_fixed_price_of_nothing_is_free() -> None:
    assert is_free([Price(amount_type="fixed", price_amount=0)])
    assert not is_free([Price(amount_type="fixed", price_amount=1)])
    assert not is_free([Price(amount_type="custom", minimum_amount=0)])


def test_discounts_never_take_more_than_there_is() -> None:
    fixed = Discount(type="fixed", amounts={"usd": 5_000})
    third = Discount(type="percentage", basis_points=3_333)

    assert discount_on(fixed, 1_000, "usd") == 1_000
    assert discount_on(fixed, 1_000, "eur") == 0
    assert discount_on(third, 1_000, "usd") == 333
    assert discount_on(None, 1_000, "usd") == 0


def test_a_discount_lasts_as_long_as_it_says() -> None:
    start = at("2027-01-31T10:00")
    repeating = Discount(duration="repeating", duration_in_months=2)

    assert lasts(repeating, start, at("2027-03-30T10:00"))
    assert not lasts(repeating, start, at("2027-03-31T10:00"))
    assert lasts(Discount(duration="forever"), start, at("2037-01-01T00:00"))
    assert not lasts(Discount(duration="once"), start, start)
    assert lasts(Discount(duration="once"), None, start)
    assert not lasts(None, None, start)
