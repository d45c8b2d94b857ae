"""Money in words: whole minor units of a currency, as people of the active language write them."""

import re
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from functools import cache

from django.utils.translation import get_language, to_locale

__all__ = ["decimals_of", "money_text"]

# ISO 4217: the currencies that have not two decimals. Babel's own table says how many are shown,
# which is another question: nobody writes the cents of a Hungarian price, and Polar counts them.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def decimals_of(currency: str) -> int:
    """How many decimals the currency's minor units are: "usd" → 2, "jpy" → 0."""
    return _DECIMALS.get(currency.upper(), 2)


def money_text(amount: int | Decimal, currency: str) -> str:
    """1200, "usd" → "$12.00", in German "12,00 $". Fractions of minor
    units are shown.

    A currency that Babel does not know is shown by its code.
    """
    decimals = decimals_of(currency)
    value = Decimal(amount).scaleb(-decimals)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int):
        # The price of one unit may be a fraction of a cent.
        decimals = max(decimals, -exponent)
    return _writer(get_language() or "en", currency.upper(), decimals)(value)


@cache
def _writer(language: str, currency: str, decimals: int) -> Callable[[Decimal], str]:
    from babel import Locale, UnknownLocaleError

    locale = Locale("en")
    for name in (to_locale(language), language.partition("-")[0]):
        try:
            locale = Locale.parse(name)
            break
        except (UnknownLocaleError, ValueError):
            continue
    formats = locale.currency_formats if currency else locale.decimal_formats
    pattern = copy(formats["standard" if currency else None])
    pattern.frac_prec = (decimals, decimals)

    def write(value: Decimal) -> str:
        text: str = pattern.apply(value, locale, currency=currency or None, currency_digits=False)
        # A code is no sign: "KWD 1.500", where CLDR's own rule asks for the space.
        return re.sub(r"(?<=[A-Z])(?=[0-9])", "\N{NO-BREAK SPACE}", text).strip()

    return write
