"""Amounts, intervals and times as text."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from polar_django.sandbox.models import Price
from polar_django.sandbox.pricing import is_free

__all__ = [
    "CARD_EFFECTS",
    "custom_range_text",
    "interval_text",
    "major_units",
    "minor_units",
    "moment_text",
    "money",
    "price_text",
]

# What the test cards do, by their behaviour.
CARD_EFFECTS = {
    "pays": "pays",
    "declines": "is declined",
    "fails_later": "pays now, fails on renewal",
    "lost_later": "pays now, is lost by the renewal",
    "refunds_later": "pays; a refund takes a day",
    "refund_fails": "pays; a refund fails after a day",
}
SYMBOLS = {"eur": "€", "gbp": "£", "usd": "$"}
# Currencies whose smallest unit is the whole one.
WITHOUT_CENTS = frozenset(
    (
        *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
        *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
    )
)


def money(amount: int | None, currency: str) -> str:
    """Minor units as text: 1190 usd → "$11.90", 500 jpy → "500 JPY"."""
    minor = amount or 0
    number = f"{abs(minor):,}" if _is_whole(currency) else f"{Decimal(abs(minor)) / 100:,.2f}"
    symbol = SYMBOLS.get(currency.lower())
    sign = "-" if minor < 0 else ""
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"


def minor_units(amount: Decimal, currency: str) -> int:
    """What a buyer types, in minor units: 11.9 usd → 1190."""
    return round(amount if _is_whole(currency) else amount * 100)


def major_units(amount: int, currency: str) -> str:
    """The reverse of `minor_units`, for an input field: 1190 usd → "11.90"."""
    return str(amount) if _is_whole(currency) else f"{Decimal(amount) / 100:.2f}"


def _is_whole(currency: str) -> bool:
    return currency.lower() in WITHOUT_CENTS


def interval_text(interval: str | None, count: int | None) -> str:
    """("month", 1) → "per month", ("month", 3) → "every 3 months", (None, None) → "once"."""
    if interval is None:
        return "once"
    return f"per {interval}" if (count or 1) == 1 else f"every {count} {interval}s"


def price_text(prices: Sequence[Price], interval: str | None, count: int | None) -> str:
    """What a product costs, in a few words. No query."""
    if not prices:
        return "No price"
    every = interval_text(interval, count)
    if is_free(prices):
        return "Free"
    return " + ".join(f"{_one_price(price)} {every}" for price in prices)


def _one_price(price: Price) -> str:
    currency = price.price_currency
    if price.amount_type == "custom":
        minimum = price.minimum_amount or 0
        return f"Any amount from {money(minimum, currency)}" if minimum else "Any amount"
    if price.amount_type == "seat_based":
        tiers = (price.seat_tiers or {}).get("tiers") or [{"price_per_seat": 0}]
        begins = "from " if len(tiers) > 1 else ""
        least = min(int(tier["price_per_seat"]) for tier in tiers)
        return f"{begins}{money(least, currency)} per seat"
    if price.amount_type == "fixed":
        return money(price.price_amount, currency)
    if price.amount_type == "metered_unit" and price.unit_amount:
        return f"{_fraction(price.unit_amount, currency)} per unit, billed"
    return f"{price.amount_type.replace('_', ' ')} price, billed".capitalize()


def _fraction(minor: str, currency: str) -> str:
    """A part of a minor unit as text: "0.05" usd → "$0.0005"."""
    amount = Decimal(minor) if _is_whole(currency) else Decimal(minor) / 100
    places = max(2, -int(amount.normalize().as_tuple().exponent))
    number = f"{amount:,.{0 if _is_whole(currency) and amount == int(amount) else places}f}"
    symbol = SYMBOLS.get(currency.lower())
    return f"{symbol}{number}" if symbol else f"{number} {currency.upper()}"


def custom_range_text(price: Price) -> str:
    """What a buyer may pay for a custom price: "USD, from $5.00 to $100.00". No query."""
    currency = price.price_currency
    least, most = price.minimum_amount, price.maximum_amount
    begins = f", from {money(least, currency)}" if least else ""
    ends = f"{'' if least else ','} to {money(most, currency)}" if most is not None else ""
    return f"{currency.upper()}{begins}{ends}"


def moment_text(time: datetime | None) -> str:
    """A time as "21 Nov 2026, 08:32"; always UTC, said once per page."""
    return "" if time is None else f"{time.day} {time:%b %Y, %H:%M}"
