"""What a choice of prices costs, before tax. Amounts are minor units."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

from polar_django.sandbox.models import Discount, Price
from polar_django.sandbox.periods import add_interval
from polar_django.sandbox.tax import round_half_away

__all__ = [
    "LARGEST_INTEGER",
    "MAXIMUM_CHARGE",
    "METERED_TYPES",
    "MINIMUM_CHARGE",
    "STATIC_TYPES",
    "default_custom_amount",
    "discount_on",
    "is_free",
    "lasts",
    "metered_amount",
    "price_amount",
    "subtotal",
]

# Less than this no card can be charged, in any currency of the sandbox.
MINIMUM_CHARGE = 50
MAXIMUM_CHARGE = 99_999_999
# What Polar's columns for whole numbers hold; usage has no other bound.
LARGEST_INTEGER = 2_147_483_647
# Prices that are known when buying; the others depend on use.
METERED_TYPES = ("metered_unit", "metered_tiers")
STATIC_TYPES = ("fixed", "custom", "seat_based", "unit_based")


def is_free(prices: Iterable[Price]) -> bool:
    """No price of these can ever cost anything."""
    return all(price.amount_type == "fixed" and not price.price_amount for price in prices)


def default_custom_amount(price: Price) -> int:
    """What is preselected for a custom price; a preset of 0 counts."""
    if price.preset_amount is not None:
        return price.preset_amount
    return price.minimum_amount or 0


def subtotal(
    prices: Sequence[Price],
    *,
    custom_amount: int | None = None,
    seats: int | None = None,
    units: int | None = None,
) -> int:
    """The sum of the static prices."""
    return sum(
        price_amount(price, custom_amount=custom_amount, seats=seats, units=units)
        for price in prices
    )


def price_amount(
    price: Price,
    *,
    custom_amount: int | None = None,
    seats: int | None = None,
    units: int | None = None,
) -> int:
    """What one price costs per period; 0 for metered ones."""
    if price.amount_type == "fixed":
        return price.price_amount or 0
    if price.amount_type == "custom":
        return default_custom_amount(price) if custom_amount is None else custom_amount
    if price.amount_type == "seat_based":
        return _to_cents(_seats_cost(price.seat_tiers or {}, seats or 0))
    if price.amount_type == "unit_based":
        return _to_cents(_units_cost(price.tiers or {}, units or 0))
    return 0


def _seats_cost(seat_tiers: dict[str, Any], seats: int) -> Decimal:
    tiers = [
        (tier["max_seats"], Decimal(tier["price_per_seat"])) for tier in seat_tiers.get("tiers", [])
    ]
    return _tiered(tiers, seats, graduated=seat_tiers.get("seat_tier_type") == "graduated")


def _units_cost(tiers: dict[str, Any], units: int) -> Decimal:
    bounds = [(tier.get("bound"), Decimal(str(tier["unit_amount"]))) for tier in tiers["tiers"]]
    return _tiered(bounds, units, graduated=tiers.get("type") == "graduated")


def _tiered(
    tiers: Sequence[tuple[int | None, Decimal]], quantity: int, *, graduated: bool
) -> Decimal:
    """Volume: every one at its tier's price. Graduated: each part at its own.

    One may cost a part of a cent; the sum is rounded, once, by who asks.
    """
    total, below = Decimal(0), 0
    for bound, each in tiers:
        if graduated:
            upper = quantity if bound is None else min(bound, quantity)
            total += max(0, upper - below) * each
            below = max(below, upper)
        elif bound is None or quantity <= bound:
            total = quantity * each
            break
    return total


def _to_cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def metered_amount(price: Price, units: float) -> int:
    """What `units` of a metered price cost, up to its cap; nothing for what was credited."""
    if units <= 0:
        return 0
    if price.amount_type == "metered_tiers":
        amount = _units_cost(price.tiers or {"tiers": []}, ceil(units))
    else:
        # As text all the way, so that no cent is lost to binary fractions.
        amount = Decimal(price.unit_amount or "0") * Decimal(str(units))
    most = LARGEST_INTEGER if price.cap_amount is None else price.cap_amount
    return _to_cents(min(amount, Decimal(most)))


def discount_on(discount: Discount | None, amount: int, currency: str) -> int:
    """What the discount takes off `amount`, never more than all of it."""
    if discount is None:
        return 0
    if discount.type == "percentage":
        return round_half_away(amount * (discount.basis_points or 0), 10_000)
    return min(amount, int((discount.amounts or {}).get(currency, 0)))


def lasts(discount: Discount | None, applied_at: datetime | None, at: datetime) -> bool:
    """Whether a discount still counts for a period that begins at `at`.

    `applied_at` is when it was first used; None (as during a trial) means it is still untouched.
    """
    if discount is None:
        return False
    if discount.duration == "forever" or applied_at is None:
        return True
    if discount.duration == "once":
        return False
    months = discount.duration_in_months or 0
    return at < add_interval(applied_at, "month", months, anchor_day=applied_at.day)
