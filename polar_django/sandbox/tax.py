"""A flat demo tax, so that totals are real numbers: the same as in the recordings."""

__all__ = ["round_half_away", "tax_on"]

# Percent by country of the billing address; everywhere else there is none.
RATES = {"DE": 19, "FR": 20}


def tax_on(net_amount: int, country: str | None) -> int:
    """The tax to add to `net_amount`, in minor units."""
    return round_half_away(net_amount * RATES.get(country or "", 0), 100)


def round_half_away(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, halves away from zero, as Polar rounds money."""
    quotient, rest = divmod(abs(numerator), denominator)
    rounded = quotient + (1 if rest * 2 >= denominator else 0)
    return rounded if numerator >= 0 else -rounded
