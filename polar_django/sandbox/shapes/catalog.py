"""Products, prices, benefits, discounts and meters as JSON."""

from collections.abc import Iterable
from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, Benefit, Discount, Meter, Price, Product
from polar_django.sandbox.shapes.custom_fields import attached_custom_fields
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.relations import related

__all__ = [
    "benefit",
    "benefit_public",
    "catalog_prices",
    "discount",
    "discount_base",
    "discount_terms",
    "meter",
    "price",
    "product",
    "product_base",
    "product_with_metadata",
    "public_product",
]


def price(row: Price) -> dict[str, Any]:
    """ProductPrice, with the hidden `type` and `recurring_interval`. Reads `row.product`."""
    shape: dict[str, Any] = {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "source": row.source,
        "amount_type": row.amount_type,
        "price_currency": row.price_currency,
        "tax_behavior": row.tax_behavior,
        "is_archived": row.is_archived,
        "product_id": str(row.product_id),
        "type": "recurring" if row.product.is_recurring else "one_time",
        "recurring_interval": row.product.recurring_interval,
    }
    shape.update(_amounts(row))
    return shape


def _amounts(row: Price) -> dict[str, Any]:
    if row.amount_type == "fixed":
        return {"price_amount": row.price_amount}
    if row.amount_type == "custom":
        return {
            "minimum_amount": row.minimum_amount,
            "maximum_amount": row.maximum_amount,
            "preset_amount": row.preset_amount,
        }
    if row.amount_type == "seat_based":
        return _seat_amounts(row.seat_tiers or {})
    units = {
        "tiers": row.tiers,
        "minimum_units": row.minimum_units,
        "maximum_units": row.maximum_units,
        "unit_label": row.unit_label,
    }
    if row.amount_type == "unit_based":
        return units
    metered = {
        "cap_amount": row.cap_amount,
        "meter_id": str(row.meter_id) if row.meter_id else None,
        "meter": _meter_reference(row.meter) if row.meter else None,
    }
    if row.amount_type == "metered_tiers":
        return {"tiers": row.tiers, **metered}
    return {"unit_amount": row.unit_amount, **metered}


def _seat_amounts(seat_tiers: dict[str, Any]) -> dict[str, Any]:
    tiers = seat_tiers.get("tiers", [])
    return {
        "seat_tiers": seat_tiers,
        "price_per_seat": tiers[0]["price_per_seat"] if tiers else 0,
        # The spelling from version 2027-01 on; one superset serves every version.
        "tiers": {
            "type": seat_tiers.get("seat_tier_type", "volume"),
            "tiers": [
                {"bound": tier["max_seats"], "unit_amount": str(tier["price_per_seat"])}
                for tier in tiers
            ],
        },
        "minimum_units": seat_tiers.get("minimum_seats"),
        "maximum_units": seat_tiers.get("maximum_seats"),
    }


def _meter_reference(row: Meter) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "unit": row.unit,
        "custom_label": row.custom_label,
        "custom_multiplier": row.custom_multiplier,
    }


def meter(row: Meter) -> dict[str, Any]:
    """Meter."""
    return {
        "metadata": row.metadata,
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        **_meter_reference(row),
        "filter": row.filter,
        "aggregation": row.aggregation,
        "organization_id": str(ORGANIZATION_ID),
        "archived_at": moment_or_none(row.archived_at),
    }


def product_base(row: Product) -> dict[str, Any]:
    """What every copy of a product carries."""
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "trial_interval": row.trial_interval,
        "trial_interval_count": row.trial_interval_count,
        "name": row.name,
        "description": row.description,
        "visibility": row.visibility,
        "recurring_interval": row.recurring_interval,
        "recurring_interval_count": row.recurring_interval_count,
        "meter_interval": row.meter_interval,
        "meter_interval_count": row.meter_interval_count,
        "is_recurring": row.is_recurring,
        "is_archived": row.is_archived,
        "organization_id": str(ORGANIZATION_ID),
    }


def product_with_metadata(row: Product) -> dict[str, Any]:
    """The copy inside an order: no prices, benefits or medias."""
    return {"metadata": row.metadata, **product_base(row)}


def product(row: Product, *, is_sold: bool = False) -> dict[str, Any]:
    """Product, `is_sold` where that is known. Up to four queries; none of one that is sold, and
    whose prices and benefits were prefetched."""
    return {
        **product_with_metadata(row),
        "is_deletable": not (is_sold or row.subscriptions.exists() or row.orders.exists()),
        "prices": [price(each) for each in catalog_prices(row)],
        "benefits": [benefit(each) for each in _benefits(row)],
        "medias": row.medias,
        "attached_custom_fields": attached_custom_fields(row.attached_custom_fields),
    }


def public_product(row: Product, prices: Iterable[Price] | None = None) -> dict[str, Any]:
    """The copy inside a checkout: no metadata, benefits without properties."""
    shown = catalog_prices(row) if prices is None else prices
    return {
        **product_base(row),
        "prices": [price(each) for each in shown],
        "benefits": [benefit_public(each) for each in _benefits(row) if _is_shown(each)],
        "medias": row.medias,
    }


def catalog_prices(row: Product) -> list[Price]:
    """The prices a product is sold at now, oldest first."""
    found = [p for p in row.prices.all() if not p.is_archived and p.source == "catalog"]
    for each in found:
        each.product = row
    return sorted(found, key=lambda p: p.created_at)


def _benefits(row: Product) -> list[Benefit]:
    links = sorted(related(row, "product_benefits", "benefit"), key=lambda link: link.order)
    return [link.benefit for link in links if not link.benefit.is_deleted]


def _is_shown(row: Benefit) -> bool:
    return row.visibility == "public"


def benefit_public(row: Benefit) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "type": row.type,
        "description": row.description,
        "selectable": row.selectable,
        "deletable": row.deletable,
        "is_deleted": row.is_deleted,
        "organization_id": str(ORGANIZATION_ID),
    }


def benefit(row: Benefit) -> dict[str, Any]:
    """Benefit."""
    shape = {
        **benefit_public(row),
        "metadata": row.metadata,
        "visibility": row.visibility,
        "properties": row.properties,
        "visibility_configurable": row.type != "downloadables",
    }
    if row.type in ("custom", "slack_shared_channel"):
        shape["is_tax_applicable"] = True
    return shape


def discount(row: Discount) -> dict[str, Any]:
    """Discount, with its products."""
    return {
        **discount_base(row),
        "products": [product_with_metadata(each) for each in row.products.all()],
    }


def discount_base(row: Discount) -> dict[str, Any]:
    """The copy inside subscriptions and orders."""
    return discount_terms(row) | {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "metadata": row.metadata,
        "starts_at": moment_or_none(row.starts_at),
        "ends_at": moment_or_none(row.ends_at),
        "max_redemptions": row.max_redemptions,
        "max_redemptions_per_customer": row.max_redemptions_per_customer,
        "redemptions_count": row.redemptions_count,
        "organization_id": str(ORGANIZATION_ID),
    }


def discount_terms(row: Discount) -> dict[str, Any]:
    """The copy inside checkouts, which buyers see: how much it takes off, and for how long."""
    shape: dict[str, Any] = {"duration": row.duration, "type": row.type}
    if row.duration == "repeating":
        shape["duration_in_months"] = row.duration_in_months
    if row.type == "percentage":
        shape["basis_points"] = row.basis_points
    else:
        amounts = row.amounts or {}
        currency = "usd" if "usd" in amounts else next(iter(amounts), "usd")
        shape |= {"amounts": amounts, "amount": amounts.get(currency, 0), "currency": currency}
    return shape | {"id": str(row.id), "name": row.name, "code": row.code}
