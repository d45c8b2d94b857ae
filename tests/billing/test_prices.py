from decimal import Decimal

import pytest
from babel.numbers import get_group_symbol
from django.utils import timezone, translation

from polar_django.billing.money import money_text
from polar_django.billing.prices import price_text, prices_of
from polar_django.models import Price, Product


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1200, "usd", "$12.00"),
        (1, "eur", "€0.01"),
        (1500, "jpy", "¥1,500"),
        (1500, "kwd", "KWD\xa01.500"),
        (Decimal("0.25"), "usd", "$0.0025"),
        (Decimal("300.000000000000"), "usd", "$3.00"),
        (0, "usd", "$0.00"),
        (-1200, "usd", "-$12.00"),
        (1200, "xqx", "XQX\xa012.00"),
        (1200, "", "12.00"),
    ],
)
def test_money_reads_in_whole_units(amount, currency, text):
    assert money_text(amount, currency) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "1.234,56\xa0€"),
        # Which apostrophe depends on Babel's version.
        ("de-ch", f"EUR\xa01{get_group_symbol('de_CH')}234.56"),
        ("fr", "1\u202f234,56\xa0€"),
        ("pt-br", "€\xa01.234,56"),
        ("zh-hans", "€1,234.56"),
        ("en-gb", "€1,234.56"),
        ("xx-nonsense", "€1,234.56"),
    ],
)
def test_money_is_written_as_the_language_does(language, text):
    with translation.override(language):
        assert money_text(123456, "eur") == text


def test_without_an_active_language_money_is_english():
    with translation.override(None):
        assert money_text(1200, "usd") == "$12.00"


@pytest.mark.parametrize(
    ("price", "product", "text"),
    [
        ({"price_amount": 1200}, {"recurring_interval": "month"}, "$12.00 a month"),
        (
            {"price_amount": 1200},
            {"recurring_interval": "month", "recurring_interval_count": 3},
            "$12.00 every 3 months",
        ),
        ({"price_amount": 0}, {}, "Free"),
        ({"amount_type": "free"}, {}, "Free"),
        ({"amount_type": "custom"}, {}, "an amount you choose"),
        ({"amount_type": "custom", "minimum_amount": 500}, {}, "from $5.00"),
        (
            {
                "amount_type": "seat_based",
                "raw": {"seat_tiers": {"tiers": [{"min_seats": 1, "price_per_seat": 900}]}},
            },
            {"recurring_interval": "year"},
            "$9.00 per seat a year",
        ),
        (
            {"amount_type": "metered_unit", "meter_id": "m", "unit_amount": Decimal("0.5")},
            {},
            "$0.005 per unit used",
        ),
    ],
)
def test_prices_read_as_a_buyer_would_say_them(price, product, text):
    assert price_text(Price(price_currency="usd", **price), Product(**product)) == text


def test_archived_and_ad_hoc_prices_are_not_shown(db):
    now = timezone.now()
    product = Product.objects.create(id="p", provider="polar", synced_at=now)
    made = {"provider": "polar", "synced_at": now, "product": product, "price_currency": "usd"}
    Price.objects.create(id="1", **made)
    Price.objects.create(id="2", is_archived=True, **made)
    Price.objects.create(id="3", source="ad_hoc", **made)
    assert [price.pk for price in prices_of([product])["p"]] == ["1"]
