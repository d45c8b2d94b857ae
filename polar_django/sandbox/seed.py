"""Filling the catalogue from a plain description, as often as one likes."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from polar_django.sandbox.engine import catalog
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import Benefit, Product

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

    The values are what the API takes, but that benefits are named by key. Keys are kept as
    `metadata["key"]`. Returns the ids: {"benefits": {key: id}, "products": {key: id}}. The second
    time nothing is sent. Prices and intervals of a product that exists are left alone. Raises
    InvalidRequest as the API does, KeyError for a benefit key that `catalogue` does not describe.
    """
    with business_transaction():
        benefits = {
            key: _seed_benefit(key, data) for key, data in catalogue.get("benefits", {}).items()
        }
        products = {
            key: _seed_product(key, data, benefits)
            for key, data in catalogue.get("products", {}).items()
        }
    return {
        "benefits": {key: str(row.id) for key, row in benefits.items()},
        "products": {key: str(row.id) for key, row in products.items()},
    }


def seed_file(path: Path) -> Seeded:
    """The same from a TOML file with tables `[benefits.<key>]` and `[products.<key>]`."""
    return seed(tomllib.loads(path.read_text(encoding="utf-8")))


def _with_key(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "metadata": {**data.get("metadata", {}), "key": key}}


def _seed_benefit(key: str, data: Mapping[str, Any]) -> Benefit:
    wanted = _with_key(key, {"type": "custom", "properties": {}, **data})
    found = Benefit.objects.filter(metadata__key=key, deleted_at=None).first()
    if found is None:
        return catalog.create_benefit(wanted)
    is_current = found.description == wanted["description"] and (
        found.metadata == wanted["metadata"]
    )
    return found if is_current else catalog.update_benefit(found, wanted)


def _seed_product(key: str, data: Mapping[str, Any], benefits: Mapping[str, Benefit]) -> Product:
    wanted = _with_key(key, data)
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
