"""What a checkout session costs: product, quantity, discount, trial and tax, reckoned anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from polar_django.sandbox import clock
from polar_django.sandbox.engine import discounts
from polar_django.sandbox.engine.offers import chosen_prices
from polar_django.sandbox.engine.organization import default_tax_behavior
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import Checkout, Discount, Price, Product
from polar_django.sandbox.periods import add_interval
from polar_django.sandbox.pricing import (
    MAXIMUM_CHARGE,
    MINIMUM_CHARGE,
    STATIC_TYPES,
    discount_on,
    is_free,
    subtotal,
)
from polar_django.sandbox.tax import split_tax, tax_behavior

__all__ = ["choose_product", "set_discount", "set_discount_by_code"]

# The fewest and the most that may be bought; None where there is no most.
_Bounds = tuple[int, int | None]


def choose_product(checkout: Checkout, product: Product, data: Mapping[str, Any]) -> None:
    """Select `product` and reckon everything that follows; the row is not saved.

    `data` may hold amount (custom prices only), and of seats and units how many, the fewest and the
    most; those may have been set on the row before. Raises InvalidRequest.
    """
    if checkout.product_id != product.id:
        checkout.product = product
        checkout.custom_amount = None
        checkout.attached_custom_fields = product.attached_custom_fields
    prices = chosen_prices(checkout)
    if not prices:
        # Its prices were replaced since the session was made: that does not make it free.
        message = "Product is not available in the specified currency."
        raise invalid(message, "product_id", value=str(product.id))
    static = [price for price in prices if price.amount_type in STATIC_TYPES]
    checkout.product_price = static[0] if static else (prices[0] if prices else None)
    _choose_amount(checkout, static, data.get("amount"))
    _choose_quantity(checkout, "seats", _seat_bounds(static), data)
    _choose_quantity(checkout, "units", _unit_bounds(static), data)
    _choose_trial(checkout, product)
    if checkout.discount is not None and not _applies(checkout.discount, checkout, product):
        checkout.discount = None
    _reckon(checkout, prices)


def _choose_amount(checkout: Checkout, static: list[Price], amount: int | None) -> None:
    custom = next((price for price in static if price.amount_type == "custom"), None)
    if custom is None:
        checkout.custom_amount = None
        return
    if amount is None:
        return
    if amount < (custom.minimum_amount or 0) or amount < 0:
        message = "Amount is below minimum."
        raise invalid(message, "amount", value=amount, type_="greater_than_equal")
    if 0 < amount < MINIMUM_CHARGE:
        message = "Amount must be at least $0.50 or 0."
        raise invalid(message, "amount", value=amount, type_="invalid_amount")
    if amount > min(custom.maximum_amount or MAXIMUM_CHARGE, MAXIMUM_CHARGE):
        message = "Amount is above maximum."
        raise invalid(message, "amount", value=amount, type_="less_than_equal")
    checkout.custom_amount = amount


def _seat_bounds(static: list[Price]) -> _Bounds | None:
    for price in static:
        if price.amount_type == "seat_based":
            tiers = price.seat_tiers or {}
            return tiers.get("minimum_seats") or 1, tiers.get("maximum_seats")
    return None


def _unit_bounds(static: list[Price]) -> _Bounds | None:
    for price in static:
        if price.amount_type == "unit_based":
            return price.minimum_units or 1, price.maximum_units
    return None


def _choose_quantity(
    checkout: Checkout, name: str, bounds: _Bounds | None, data: Mapping[str, Any]
) -> None:
    """`name` is seats or units. The session's own bounds lie inside the price's.

    Another product that is not sold in such a number as was chosen before begins with its fewest.
    """
    limits = (f"min_{name}", f"max_{name}")
    asked = {each: data[each] for each in (name, *limits) if data.get(each) is not None}
    if bounds is None:
        for each, value in asked.items():
            message = f"{name.capitalize()} can only be set for {name[:-1]}-based pricing."
            raise invalid(message, each, value=value)
        setattr(checkout, name, None)
        return
    for each in limits:
        if each in asked:
            _check_within(bounds, name, each, asked[each])
    least = max(bounds[0], getattr(checkout, limits[0]) or 1)
    most = min((each for each in (bounds[1], getattr(checkout, limits[1])) if each), default=None)
    if name in asked:
        _check_within((least, most), name, name, asked[name])
    chosen = getattr(checkout, name)
    if chosen is None or chosen < least or (most is not None and chosen > most):
        setattr(checkout, name, least)


def _check_within(bounds: _Bounds, name: str, field: str, value: int) -> None:
    least, most = bounds
    if value < least:
        message = f"Minimum {least} {name} required."
        raise invalid(message, field, value=value, type_="greater_than_equal")
    if most is not None and value > most:
        message = f"Maximum {most} {name} allowed."
        raise invalid(message, field, value=value, type_="less_than_equal")


def _choose_trial(checkout: Checkout, product: Product) -> None:
    own = (checkout.trial_interval, checkout.trial_interval_count)
    interval, count = own if own[0] else (product.trial_interval, product.trial_interval_count)
    if not (checkout.allow_trial and product.is_recurring and interval and count):
        checkout.trial_end = None
        return
    now: datetime = clock.now()
    checkout.trial_end = add_interval(now, interval, count, anchor_day=now.day)


def _reckon(checkout: Checkout, prices: list[Price]) -> None:
    checkout.amount = subtotal(
        prices,
        custom_amount=checkout.custom_amount,
        seats=checkout.seats,
        units=checkout.units,
    )
    checkout.discount_amount = discount_on(checkout.discount, checkout.amount, checkout.currency)
    price = checkout.amount - checkout.discount_amount
    country = (checkout.customer_billing_address or {}).get("country")
    checkout.net_amount = price
    if is_free(prices) or price == 0:
        checkout.tax_amount, checkout.tax_behavior = 0, None
    elif country is None:
        # As recorded: what was known of a product before stays until there is an address.
        checkout.tax_behavior = None
    else:
        behavior = tax_behavior(prices, country, default=default_tax_behavior())
        checkout.tax_behavior = behavior
        checkout.net_amount, checkout.tax_amount = split_tax(price, country, behavior)
    checkout.total_amount = checkout.net_amount + (checkout.tax_amount or 0)


def _applies(discount: Discount, checkout: Checkout, product: Product) -> bool:
    """To the product, and in the session's currency: a fixed one names its amounts."""
    if discount.type == "fixed" and checkout.currency not in (discount.amounts or {}):
        return False
    return discounts.is_applicable(discount, product)


def set_discount(checkout: Checkout, product: Product | None, data: Mapping[str, Any]) -> None:
    """By `discount_id`, None removes it. Raises InvalidRequest, also where it is not for `product`.

    As recorded, such a discount "does not exist".
    """
    discount_id = data.get("discount_id")
    if discount_id is None:
        checkout.discount = None
        return
    found = discounts.find_redeemable(discount_id, customer=checkout.customer)
    if product is not None and not _applies(found, checkout, product):
        raise invalid("Discount does not exist.", "discount_id", value=str(discount_id))
    checkout.discount = found


def set_discount_by_code(checkout: Checkout, code: str | None) -> None:
    """By the code a buyer typed, in any case of letters; None removes it. Raises InvalidRequest."""
    if code is None:
        checkout.discount = None
        return
    discount = Discount.objects.filter(code__iexact=code, deleted_at=None).first()
    if discount is None or not discounts.is_redeemable(discount, customer=checkout.customer):
        raise invalid("Discount does not exist.", "discount_code", value=code)
    if checkout.product is not None and not _applies(discount, checkout, checkout.product):
        message = "Discounts are not applicable to this product."
        raise invalid(message, "discount_code", value=code)
    checkout.discount = discount
