"""Ad-hoc prices: what a product costs in one checkout, decided here and not in the catalogue.

A price is a dict with Polar's own names, `{"amount_type": "fixed", "price_amount": 900}`, checked
as strictly as every setting. Two things are easier than there: `price_per_seat` instead of tiers,
and `meter`, a meter's key, instead of its id. Amounts are whole minor units.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from polar_django.conf.readers import as_mapping, as_text, refuse_unknown
from polar_django.exceptions import ConfigurationError

__all__ = ["AdHocPrices", "as_prices"]

AdHocPrices = Mapping[str, tuple[Mapping[str, Any], ...]]

_MOST = 2_147_483_647


def _amount(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ConfigurationError(f"{name} must be whole minor units from 0, e.g. 900 for 9.00.")
    return value


def _unit_amount(name: str, value: Any) -> str:
    try:
        given = Decimal(str(value))
    except InvalidOperation:
        given = Decimal(0)
    if isinstance(value, bool) or not given.is_finite() or given <= 0:
        raise ConfigurationError(f"{name} must be minor units above 0; a fraction is text: '0.5'.")
    return f"{given:f}"


def _currency(name: str, value: Any) -> str:
    given = as_text(name, value).lower()
    if len(given) != 3 or not given.isalpha():
        raise ConfigurationError(f"{name} must be a currency of three letters, e.g. 'usd'.")
    return given


_ANY: Mapping[str, Callable[[str, Any], Any]] = {
    "amount_type": as_text,
    "price_currency": _currency,
    "tax_behavior": as_text,
}
# For each type: what it may say, and of which groups it must say one.
_KINDS: Mapping[
    str, tuple[Mapping[str, Callable[[str, Any], Any]], tuple[tuple[str, ...], ...]]
] = {
    "fixed": ({"price_amount": _amount}, (("price_amount",),)),
    "free": ({}, ()),
    "custom": (
        {"minimum_amount": _amount, "maximum_amount": _amount, "preset_amount": _amount},
        (),
    ),
    "seat_based": (
        {"price_per_seat": _amount, "seat_tiers": as_mapping},
        (("price_per_seat", "seat_tiers"),),
    ),
    "metered_unit": (
        {
            "meter": as_text,
            "meter_id": as_text,
            "unit_amount": _unit_amount,
            "cap_amount": _amount,
        },
        (("meter", "meter_id"), ("unit_amount",)),
    ),
}


def _price(name: str, value: Any) -> Mapping[str, Any]:
    given = as_mapping(name, value)
    kind = given.get("amount_type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ConfigurationError(
            f"{name}['amount_type'] must be one of {', '.join(sorted(_KINDS))}."
        )
    own, needed = _KINDS[kind]
    readers = {**_ANY, **own}
    for key in given:
        refuse_unknown(key, readers, name)
    for group in needed:
        if sum(key in given for key in group) != 1:
            raise ConfigurationError(f"{name} needs {' or '.join(map(repr, group))}.")
    return {key: readers[key](f"{name}[{key!r}]", item) for key, item in given.items()}


def as_prices(name: str, value: Any) -> AdHocPrices:
    """Product → its prices. A product may have one price, given without its list."""
    prices = {}
    for product, given in as_mapping(name, value).items():
        where = f"{name}[{product!r}]"
        several = [given] if isinstance(given, Mapping) else given
        if not isinstance(several, list | tuple) or not several:
            raise ConfigurationError(f"{where} must be a list of prices, each a dict.")
        prices[product] = tuple(
            _price(f"{where}[{index}]", item) for index, item in enumerate(several)
        )
    return prices
