"""Numbers in a provider's metadata, where people also write them as text."""

from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["number_in"]


def number_in(value: Any) -> Decimal | int | None:
    """10, 2.5, "10" and "2.5" as exact numbers, whole ones as int; None for all else.

    Not a number: True and False, "", infinity, "1e999999999" and whatever else is not finite or
    has more digits than a limit can need.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return None
    return int(number) if number == number.to_integral_value() else number
