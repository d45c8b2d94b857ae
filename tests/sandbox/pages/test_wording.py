"""Amounts and times as text."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from polar_django.sandbox.models import Price
from polar_django.sandbox.pages import wording
from polar_django.sandbox.templatetags.polar_sandbox import exact_moment


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_190, "usd", "$11.90"),
        (123_456_789, "eur", "€1,234,567.89"),
        (5, "gbp", "£0.05"),
        (500, "jpy", "500 JPY"),
        (-250, "usd", "-$2.50"),
        (1_000, "sek", "10.00 SEK"),
        (None, "usd", "$0.00"),
    ],
)
def test_money_is_written_in_its_currency(amount: int | None, currency: str, text: str) -> None:
    assert wording.money(amount, currency) == text


def test_what_a_buyer_types_becomes_minor_units() -> None:
    assert wording.minor_units(Decimal("11.9"), "usd") == 1_190
    assert wording.minor_units(Decimal("500"), "jpy") == 500
    assert wording.major_units(1_190, "usd") == "11.90"


@pytest.mark.parametrize(
    ("interval", "count", "text"),
    [("month", 1, "per month"), ("month", 3, "every 3 months"), (None, None, "once")],
)
def test_an_interval_is_said_in_words(interval: str | None, count: int | None, text: str) -> None:
    assert wording.interval_text(interval, count) == text


def test_every_kind_of_price_has_words() -> None:
    tiers = {"tiers": [{"price_per_seat": 700}]}
    prices = [
        Price(amount_type="fixed", price_amount=1_000),
        Price(amount_type="custom", minimum_amount=None),
        Price(amount_type="seat_based", seat_tiers=tiers),
        Price(amount_type="metered_unit", unit_amount="0.5"),
    ]
    assert [wording.price_text([price], "month", 1) for price in prices] == [
        "$10.00 per month",
        "Any amount per month",
        "$7.00 per seat per month",
        "$0.005 per unit, billed per month",
    ]
    assert wording.price_text([Price(amount_type="fixed", price_amount=0)], None, None) == "Free"
    assert wording.price_text([], None, None) == "No price"


def test_times_are_short_and_exact_where_order_matters() -> None:
    time = datetime(2026, 11, 21, 8, 5, 9, 123_456, tzinfo=UTC)
    assert wording.moment_text(time) == "21 Nov 2026, 08:05"
    assert exact_moment(time) == "21 Nov 2026, 08:05:09.123"
