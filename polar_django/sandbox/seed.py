"""Filling the catalogue from a plain description, as often as one likes."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, RootModel, ValidationError

from polar_django.sandbox.api.inputs.benefits import BenefitCreate
from polar_django.sandbox.api.inputs.discounts import DiscountCreate
from polar_django.sandbox.api.inputs.fields import Organizational
from polar_django.sandbox.api.inputs.products import ProductCreate
from polar_django.sandbox.api.inputs.usage import MeterCreate
from polar_django.sandbox.engine import catalog, discounts, meters, rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import Benefit, Discount, Meter, Product

__all__ = ["Seeded", "seed", "seed_file"]

# Object id by key.
Seeded = dict[str, dict[str, str]]

PRODUCT_FIELDS = (
    "name",
    "description",
    "visibility",
    "trial_interval",
    "trial_interval_count",
    "metadata",
)
# Of these the API changes not all, and says so.
DISCOUNT_FIELDS = (
    "name",
    "code",
    "type",
    "duration",
    "duration_in_months",
    "basis_points",
    "max_redemptions",
    "max_redemptions_per_customer",
    "starts_at",
    "ends_at",
    "metadata",
)


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
    nothing is sent. Prices, intervals and custom fields of a product that exists are left alone.
    Raises InvalidRequest as the API does, each message with its place ("products.pro-monthly: …"),
    and KeyError for a key that `catalogue` does not describe; then nothing was made.
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


def _read(model: type[BaseModel], kind: str, key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as the API would read it, and its key. Raises InvalidRequest."""
    keyed = {**data, "metadata": {**data.get("metadata", {}), "key": key}}
    try:
        body = model.model_validate(keyed)
    except ValidationError as error:
        raise InvalidRequest(
            [_placed(each, kind, key) for each in error.errors(include_url=False)]
        ) from error
    return cast(Organizational, body.root if isinstance(body, RootModel) else body).data()


def _placed(error: Mapping[str, Any], kind: str, key: str) -> dict[str, Any]:
    loc = [kind, key, *error["loc"]]
    message = f"{'.'.join(map(str, loc))}: {error['msg']}"
    return {"type": error["type"], "loc": loc, "msg": message, "input": error["input"]}


def _with_meter(data: Mapping[str, Any], made: Mapping[str, Meter]) -> dict[str, Any]:
    others = {name: value for name, value in data.items() if name != "meter"}
    return {**others, "meter_id": made[data["meter"]].id} if "meter" in data else others


def _changes(found: object, wanted: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What of `names` is described, and stands otherwise."""
    return {
        name: wanted[name]
        for name in names
        if name in wanted and getattr(found, name) != wanted[name]
    }


def _seed_meter(key: str, data: Mapping[str, Any]) -> Meter:
    wanted = _read(MeterCreate, "meters", key, data)
    found = Meter.objects.filter(metadata__key=key, archived_at=None).first()
    if found is None:
        return meters.create_meter(wanted)
    changes = _changes(found, rows.plain(wanted), tuple(wanted))
    return meters.update_meter(found, changes) if changes else found


def _seed_benefit(key: str, data: Mapping[str, Any], made: Mapping[str, Meter]) -> Benefit:
    properties = _with_meter(data.get("properties", {}), made)
    given = {"type": "custom", **data, "properties": properties}
    wanted = _read(BenefitCreate, "benefits", key, given)
    found = Benefit.objects.filter(metadata__key=key, deleted_at=None).first()
    if found is None:
        return catalog.create_benefit(wanted)
    if wanted["type"] != found.type:
        raise invalid(f"benefits.{key}: Benefit type mismatch.", "type", value=wanted["type"])
    changes = _changes(found, wanted, ("description", "metadata"))
    if wanted.get("visibility") is not None:
        changes |= _changes(found, wanted, ("visibility",))
    if "properties" in data:
        stored = catalog.stored_properties(found.type, wanted["properties"])
        if stored != found.properties:
            changes["properties"] = wanted["properties"]
    return catalog.update_benefit(found, changes) if changes else found


def _seed_product(
    key: str,
    data: Mapping[str, Any],
    benefits: Mapping[str, Benefit],
    made: Mapping[str, Meter],
) -> Product:
    prices = [_with_meter(price, made) for price in data.get("prices", [])]
    wanted = _read(ProductCreate, "products", key, {**data, "prices": prices})
    found = Product.objects.filter(metadata__key=key, deleted_at=None, is_archived=False).first()
    if found is None:
        found = catalog.create_product(wanted)
    else:
        changes = _changes(found, wanted, PRODUCT_FIELDS)
        if changes:
            catalog.update_product(found, changes)
    benefit_ids = [benefits[each].id for each in data.get("benefits", [])]
    current = list(found.product_benefits.order_by("order").values_list("benefit_id", flat=True))
    if current != benefit_ids:
        catalog.set_product_benefits(found, benefit_ids)
    return found


def _seed_discount(key: str, data: Mapping[str, Any], products: Mapping[str, Product]) -> Discount:
    given = dict(data)
    if "products" in given:
        given["products"] = [products[each].id for each in given["products"]]
    wanted = _read(DiscountCreate, "discounts", key, given)
    found = Discount.objects.filter(metadata__key=key, deleted_at=None).first()
    if found is None:
        return discounts.create_discount(wanted)
    changes = _changes(found, wanted, DISCOUNT_FIELDS)
    if found.type == "fixed" == wanted["type"]:
        amounts = discounts.amounts_of(wanted)
        changes |= {"amounts": amounts} if amounts != found.amounts else {}
    if "products" in wanted:
        current = set(found.products.values_list("pk", flat=True))
        changes |= {"products": wanted["products"]} if current != set(wanted["products"]) else {}
    return discounts.update_discount(found, changes) if changes else found
