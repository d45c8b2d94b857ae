"""Filling the catalogue from a plain description, as often as one likes."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polar_django.sandbox.engine import catalog, discounts, meters
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import Benefit, Discount, Meter, Product

__all__ = ["Seeded", "seed", "seed_file"]

# Object id by key.
Seeded = dict[str, dict[str, str]]

COMPARED = ("name", "description", "visibility", "trial_interval", "trial_interval_count")


def seed(catalogue: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Seeded:
    """Make or bring up to date what `catalogue` describes; nothing else is touched.

        {"benefits": {"pro": {"type": "custom", "description": "Everything in Pro"}},
         "products": {"pro-monthly": {"name": "Pro", "recurring_interval": "month",
                                      "prices": [{"amount_type": "fixed", "price_amount": 900}],
                                      "benefits": ["pro"]}}}

    The values are what the API takes, but that others are named by key: a product's `benefits`,
    the `meter` of a price or of a benefit's properties, a discount's `products`. There may be
    `meters` and `discounts` as well; what `polar_catalog` writes is understood. Keys are kept as
    `metadata["key"]`. Returns the ids: {"benefits": {key: id}, "products": …}. The second time
    nothing is sent. Prices and intervals of a product that exists are left alone. Raises
    InvalidRequest as the API does, KeyError for a key that `catalogue` does not describe.
    """
    with business_transaction():
        made_meters = {
            key: _seed_meter(key, data) for key, data in catalogue.get("meters", {}).items()
        }
        benefits = {
            key: _seed_benefit(key, data, made_meters)
            for key, data in catalogue.get("benefits", {}).items()
        }
        products = {
            key: _seed_product(key, data, benefits, made_meters)
            for key, data in catalogue.get("products", {}).items()
        }
        made_discounts = {
            key: _seed_discount(key, data, products)
            for key, data in catalogue.get("discounts", {}).items()
        }
    return {
        "meters": {key: str(row.id) for key, row in made_meters.items()},
        "benefits": {key: str(row.id) for key, row in benefits.items()},
        "products": {key: str(row.id) for key, row in products.items()},
        "discounts": {key: str(row.id) for key, row in made_discounts.items()},
    }


def seed_file(path: Path) -> Seeded:
    """The same from a TOML file with tables `[benefits.<key>]`, `[products.<key>]`, …."""
    return seed(tomllib.loads(path.read_text(encoding="utf-8")))


def _with_key(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "metadata": {**data.get("metadata", {}), "key": key}}


def _with_meter(data: Mapping[str, Any], made: Mapping[str, Meter]) -> dict[str, Any]:
    others = {name: value for name, value in data.items() if name != "meter"}
    return {**others, "meter_id": made[data["meter"]].id} if "meter" in data else others


def _seed_meter(key: str, data: Mapping[str, Any]) -> Meter:
    wanted = _with_key(key, data)
    found = Meter.objects.filter(metadata__key=key, archived_at=None).first()
    if found is None:
        return meters.create_meter(wanted)
    changes = {name: value for name, value in wanted.items() if getattr(found, name) != value}
    return meters.update_meter(found, changes) if changes else found


def _seed_benefit(key: str, data: Mapping[str, Any], made: Mapping[str, Meter]) -> Benefit:
    properties = _with_meter(data.get("properties", {}), made)
    wanted = _with_key(key, {"type": "custom", **data, "properties": properties})
    found = Benefit.objects.filter(metadata__key=key, deleted_at=None).first()
    if found is None:
        return catalog.create_benefit(wanted)
    is_current = found.description == wanted["description"] and (
        found.metadata == wanted["metadata"]
    )
    return found if is_current else catalog.update_benefit(found, wanted)


def _seed_product(
    key: str,
    data: Mapping[str, Any],
    benefits: Mapping[str, Benefit],
    made: Mapping[str, Meter],
) -> Product:
    prices = [_with_meter(price, made) for price in data.get("prices", [])]
    wanted = {**_with_key(key, data), "prices": prices}
    benefit_keys: Sequence[str] = wanted.pop("benefits", [])
    found = Product.objects.filter(metadata__key=key, deleted_at=None, is_archived=False).first()
    if found is None:
        found = catalog.create_product(wanted)
    else:
        changes = {
            name: wanted[name]
            for name in (*COMPARED, "metadata")
            if name in wanted and getattr(found, name) != wanted[name]
        }
        if changes:
            catalog.update_product(found, changes)
    benefit_ids = [benefits[each].id for each in benefit_keys]
    current = list(found.product_benefits.order_by("order").values_list("benefit_id", flat=True))
    if current != benefit_ids:
        catalog.set_product_benefits(found, benefit_ids)
    return found


def _seed_discount(key: str, data: Mapping[str, Any], products: Mapping[str, Product]) -> Discount:
    wanted = _with_key(key, data)
    if "products" in wanted:
        wanted["products"] = [products[each].id for each in wanted["products"]]
    found = Discount.objects.filter(metadata__key=key, deleted_at=None).first()
    if found is None:
        return discounts.create_discount(wanted)
    changes: dict[str, Any] = {
        name: wanted[name]
        for name in ("name", "code", "max_redemptions", "starts_at", "ends_at")
        if name in wanted and getattr(found, name) != wanted[name]
    }
    return discounts.update_discount(found, changes) if changes else found
