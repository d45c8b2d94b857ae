"""A flat demo tax, so that totals are real numbers: the same as in the recordings."""

from collections.abc import Iterable

from polar_django.sandbox.models import Price

__all__ = ["round_half_away", "split_tax", "tax_behavior"]

# Percent by country of the billing address; everywhere else there is none.
RATES = {"DE": 19, "FR": 20}
# Where "location" decides: prices in shops of these countries have the tax in them.
INCLUSIVE_COUNTRIES = frozenset(RATES)


def tax_behavior(prices: Iterable[Price], country: str | None, *, default: str = "location") -> str:
    """`inclusive` or `exclusive`: as the prices say, else as `default`, the organization's, does.

    "location" means as is usual in the buyer's country.
    """
    said = {price.tax_behavior or default for price in prices} - {"location"}
    if said:
        return "inclusive" if "inclusive" in said else "exclusive"
    return "inclusive" if country in INCLUSIVE_COUNTRIES else "exclusive"


def split_tax(amount: int, country: str | None, behavior: str) -> tuple[int, int]:
    """(net, tax) in minor units for `amount`, discount taken off; a credit's are negative.

    Inclusive: both together are `amount`. Exclusive: `amount` is the net, the tax comes on top.
    """
    rate = RATES.get(country or "", 0)
    if behavior == "inclusive":
        net = round_half_away(amount * 100, 100 + rate)
        return net, amount - net
    return amount, round_half_away(amount * rate, 100)


def round_half_away(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, halves away from zero, as Polar rounds money."""
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (1 if rest * 2 >= denominator else 0)
    return rounded if numerator >= 0 else -rounded
