"""Prices: which may stand together, and how they are stored."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from polar_django.sandbox.engine import rows
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import Meter, Price, Product
from polar_django.sandbox.pricing import METERED_TYPES

__all__ = ["check_prices", "create_price", "replace_prices"]

DEFAULT_CURRENCY = "usd"
# Which exclude each other in one currency.
EXCLUSIVE = (
    {"custom", "fixed"},
    {"custom", "seat_based"},
    {"custom", "unit_based"},
    {"seat_based", "unit_based"},
)
PLAIN_FIELDS = (
    "price_amount",
    "minimum_amount",
    "maximum_amount",
    "preset_amount",
    "minimum_units",
    "maximum_units",
    "unit_label",
    "cap_amount",
    "tax_behavior",
)


def check_prices(
    given: Sequence[Mapping[str, Any]],
    *,
    is_recurring: bool,
    loc: Sequence[str] = ("prices",),
    needs_default_currency: bool = True,
) -> None:
    """Raises InvalidRequest unless these price objects may stand together on one product."""
    errors: list[dict[str, Any]] = []

    def refuse(message: str, *where: int, value: Any, type_: str = "value_error") -> None:
        errors.append(invalid(message, *loc, *where, value=value, type_=type_).errors[0])

    if not given:
        refuse("At least one price is required.", value=[], type_="too_short")
    seen: dict[str, list[str]] = {}
    behaviors: dict[str, str] = {}
    meters: list[str] = []
    for index, price in enumerate(given):
        amount_type = _stored_type(price)
        in_currency = seen.setdefault(_currency(price), [])
        if amount_type in METERED_TYPES:
            if not is_recurring:
                message = "Metered pricing is not supported on one-time products."
                refuse(message, index, value=rows.plain(dict(price)))
            meter_id = str(price["meter_id"])
            if not Meter.objects.filter(pk=meter_id, archived_at=None).exists():
                refuse("Meter does not exist.", index, value=meter_id)
            if meter_id in meters:
                refuse("A meter can only be used once.", index, value=meter_id)
            meters.append(meter_id)
        elif amount_type in in_currency:
            refuse("Only one static price is allowed.", index, value=rows.plain(dict(price)))
        elif any({amount_type, other} in EXCLUSIVE for other in in_currency):
            refuse("These prices cannot be combined.", index, value=rows.plain(dict(price)))
        in_currency.append(amount_type)
        behavior = price.get("tax_behavior")
        if behavior and behaviors.setdefault(_currency(price), behavior) != behavior:
            message = "All prices in a currency must have the same tax behavior."
            refuse(message, index, value=rows.plain(dict(price)))
    if needs_default_currency and DEFAULT_CURRENCY not in seen:
        message = "The organization's default presentment currency must be present in the prices."
        refuse(message, value=rows.plain(list(given)))
    if errors:
        raise InvalidRequest(errors)


def create_price(product: Product, given: Mapping[str, Any], *, source: str = "catalog") -> Price:
    """Store one price object (already checked) of the API. One query."""
    amount_type = _stored_type(given)
    values = {name: given[name] for name in PLAIN_FIELDS if given.get(name) is not None}
    if amount_type == "fixed":
        values["price_amount"] = given.get("price_amount") or 0
    if amount_type == "custom":
        values["minimum_amount"] = given.get("minimum_amount") or 0
    if amount_type == "seat_based":
        values["seat_tiers"] = _stored_seat_tiers(given["seat_tiers"])
    if given.get("tiers") is not None:
        values["tiers"] = _stored_tiers(given["tiers"])
    if amount_type in METERED_TYPES:
        values["meter_id"] = given["meter_id"]
    if given.get("unit_amount") is not None:
        values["unit_amount"] = str(given["unit_amount"])
    return rows.create(
        Price,
        product=product,
        source=source,
        amount_type=amount_type,
        price_currency=_currency(given),
        **values,
    )


def replace_prices(product: Product, given: Sequence[Mapping[str, Any]]) -> None:
    """Keep the prices named by `id`, make the new ones, archive the rest.

    Raises InvalidRequest. Subscriptions keep the price that they were bought at.
    """
    current = {each.id: each for each in product.prices.filter(is_archived=False, source="catalog")}
    kept: list[UUID] = []
    new: list[Mapping[str, Any]] = []
    for index, price in enumerate(given):
        price_id = price.get("id")
        if price_id is None:
            new.append(price)
        elif UUID(str(price_id)) in current:
            kept.append(UUID(str(price_id)))
        else:
            raise invalid("Price does not exist.", "prices", index, value=str(price_id))
    together: list[Mapping[str, Any]] = [_as_given(current[price_id]) for price_id in kept]
    check_prices([*together, *new], is_recurring=product.is_recurring)
    for price_id, row in current.items():
        if price_id not in kept:
            rows.change(row, is_archived=True)
    for price in new:
        create_price(product, price)


def _as_given(row: Price) -> dict[str, Any]:
    return {
        "amount_type": row.amount_type,
        "price_currency": row.price_currency,
        "meter_id": row.meter_id,
        "tax_behavior": row.tax_behavior,
    }


def _stored_type(given: Mapping[str, Any]) -> str:
    """`free` is still accepted, and stored as a fixed price of 0."""
    amount_type = str(given["amount_type"])
    return "fixed" if amount_type == "free" else amount_type


def _currency(given: Mapping[str, Any]) -> str:
    return str(given.get("price_currency") or DEFAULT_CURRENCY).lower()


def _stored_tiers(given: Mapping[str, Any]) -> dict[str, Any]:
    tiers = [
        {"bound": tier.get("bound"), "unit_amount": str(tier["unit_amount"])}
        for tier in given["tiers"]
    ]
    return {"type": given.get("type") or "volume", "tiers": tiers}


def _stored_seat_tiers(given: Mapping[str, Any]) -> dict[str, Any]:
    tiers = [
        {
            "min_seats": tier["min_seats"],
            "max_seats": tier.get("max_seats"),
            "price_per_seat": tier["price_per_seat"],
        }
        for tier in given["tiers"]
    ]
    return {
        "seat_tier_type": given.get("seat_tier_type") or "volume",
        "tiers": tiers,
        "minimum_seats": tiers[0]["min_seats"],
        "maximum_seats": tiers[-1]["max_seats"],
    }
