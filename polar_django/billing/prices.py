"""Prices in words, for a page, in the active language."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.billing.money import money_text
from polar_django.models import Price, Product, Subscription

__all__ = ["interval_text", "price_text", "prices_of"]


def price_text(price: Price, product: Product) -> str:
    """One price as a buyer reads it: "$12.00 a month", "$5.00 per seat a year", "Free"."""
    return f"{_amount_text(price)} {interval_text(product)}".strip()


def prices_of(products: Iterable[Product]) -> dict[str, list[Price]]:
    """The prices each product has now, by product id; those for use come last. One query."""
    rows: dict[str, list[Price]] = {product.pk: [] for product in products}
    for price in Price.objects.filter(product__in=rows, is_archived=False, source="catalog"):
        rows[price.product_id].append(price)
    for prices in rows.values():
        prices.sort(key=lambda price: (price.meter_id is not None, price.price_currency, price.pk))
    return rows


def _amount_text(price: Price) -> str:
    currency = price.price_currency
    if price.amount_type == "custom":
        if price.minimum_amount:
            return _("from %(money)s") % {"money": money_text(price.minimum_amount, currency)}
        return _("an amount you choose")
    if price.meter_id is not None:
        first = price.unit_amount if price.unit_amount is not None else _first_tier(price)
        return _("%(money)s per unit used") % {"money": money_text(first, currency)}
    if price.amount_type == "seat_based":
        return _("%(money)s per seat") % {"money": money_text(_first_tier(price), currency)}
    if price.amount_type == "unit_based":
        return _("%(money)s per unit") % {"money": money_text(_first_tier(price), currency)}
    if not price.price_amount:
        return _("Free")
    return money_text(price.price_amount, currency)


def _first_tier(price: Price) -> Decimal:
    """What one costs in the lowest tier; tiers are kept in `raw` alone, in two spellings."""
    tiers = (price.raw.get("seat_tiers") or price.raw.get("tiers") or {}).get("tiers") or [{}]
    first: dict[str, Any] = tiers[0]
    return Decimal(str(first.get("price_per_seat") or first.get("unit_amount") or 0))


def interval_text(product: Product | Subscription) -> str:
    """How often a product or a subscription is paid: "a month", "every 3 months"; "" for once."""
    count = product.recurring_interval_count or 1
    texts = {
        "day": ngettext("a day", "every %(count)d days", count),
        "week": ngettext("a week", "every %(count)d weeks", count),
        "month": ngettext("a month", "every %(count)d months", count),
        "year": ngettext("a year", "every %(count)d years", count),
    }
    text = texts.get(product.recurring_interval or "", "")
    return text % {"count": count} if "%" in text else text
