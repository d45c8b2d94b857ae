"""Products, their prices and their benefits."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q

from polar_django.sandbox import clock, shapes
from polar_django.sandbox.engine import benefit_effects, custom_fields, grants, prices, rows
from polar_django.sandbox.engine.emit import emit
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import ProductNotDeletable, invalid
from polar_django.sandbox.models import (
    ACTIVE_STATUSES,
    Benefit,
    BenefitGrant,
    Meter,
    Product,
    ProductBenefit,
)

__all__ = [
    "create_benefit",
    "create_product",
    "delete_benefit",
    "delete_product",
    "set_product_benefits",
    "stored_properties",
    "update_benefit",
    "update_product",
]

PRODUCT_FIELDS = (
    "name",
    "description",
    "visibility",
    "is_archived",
    "trial_interval",
    "trial_interval_count",
)
# Polar shows feature flags to nobody but the seller unless told otherwise.
PRIVATE_TYPES = ("feature_flag",)


def create_product(data: Mapping[str, Any]) -> Product:
    """Make a product with its prices; `data` as ProductCreate, `prices` a list of price objects.

    Raises InvalidRequest. Sends product.created.
    """
    recurring_interval = data.get("recurring_interval")
    if recurring_interval is None and data.get("trial_interval"):
        raise invalid("Trials are only supported on recurring products.", "trial_interval")
    prices.check_prices(data.get("prices") or [], is_recurring=recurring_interval is not None)
    with business_transaction():
        product = rows.create(
            Product,
            name=data["name"],
            description=data.get("description"),
            visibility=data.get("visibility") or "public",
            recurring_interval=recurring_interval,
            recurring_interval_count=(
                data.get("recurring_interval_count") or 1 if recurring_interval else None
            ),
            meter_interval=data.get("meter_interval"),
            meter_interval_count=data.get("meter_interval_count"),
            trial_interval=data.get("trial_interval"),
            trial_interval_count=data.get("trial_interval_count"),
            attached_custom_fields=custom_fields.read_attached(
                data.get("attached_custom_fields") or []
            ),
            metadata=dict(data.get("metadata") or {}),
        )
        for given in data["prices"]:
            prices.create_price(product, given)
        emit("product.created", shapes.product(product))
        return product


def update_product(product: Product, data: Mapping[str, Any]) -> Product:
    """Change what `data` names. Prices that `data["prices"]` does not list are archived.

    Raises InvalidRequest. Sends product.updated.
    """
    _check_interval(product, data)
    if data.get("trial_interval") and not product.is_recurring:
        raise invalid("Trials are only supported on recurring products.", "trial_interval")
    values = {name: data[name] for name in PRODUCT_FIELDS if name in data}
    for name in ("visibility", "is_archived"):
        if values.get(name, "") is None:
            del values[name]
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    if data.get("attached_custom_fields") is not None:
        values["attached_custom_fields"] = custom_fields.read_attached(
            data["attached_custom_fields"]
        )
    with business_transaction():
        if data.get("prices") is not None:
            prices.replace_prices(product, data["prices"])
        rows.change(product, **values)
        emit("product.updated", shapes.product(product))
        return product


def _check_interval(product: Product, data: Mapping[str, Any]) -> None:
    message = "Recurring interval cannot be changed."
    interval = data.get("recurring_interval", product.recurring_interval)
    if interval != product.recurring_interval:
        raise invalid(message, "recurring_interval", value=interval)
    count = data.get("recurring_interval_count")
    if count not in (None, product.recurring_interval_count):
        raise invalid(message, "recurring_interval_count", value=count)


def set_product_benefits(product: Product, benefit_ids: Sequence[UUID]) -> Product:
    """Replace the ordered list. Raises InvalidRequest for an unknown benefit.

    Sends product.updated; then holders of the product gain and lose grants.
    """
    known = {each.id: each for each in Benefit.objects.filter(pk__in=benefit_ids, deleted_at=None)}
    for index, benefit_id in enumerate(benefit_ids):
        if benefit_id not in known:
            raise invalid("Benefit does not exist.", "benefits", index, value=str(benefit_id))
    with business_transaction() as work:
        product.product_benefits.all().delete()
        ProductBenefit.objects.bulk_create(
            ProductBenefit(product=product, benefit_id=benefit_id, order=index)
            for index, benefit_id in enumerate(dict.fromkeys(benefit_ids))
        )
        emit("product.updated", shapes.product(product))
        # Of one that has ended too, where something was given back since.
        held = Q(status__in=ACTIVE_STATUSES) | Q(grants__granted_at__isnull=False)
        for subscription_id in product.subscriptions.filter(held).values_list("pk").distinct():
            work.later(partial(grants.sync_subscription, *subscription_id))
        for order in product.orders.filter(subscription=None, status__in=grants.HELD_ORDERS):
            work.later(partial(grants.sync_order, order.id))
        return product


def delete_product(product: Product) -> None:
    """Gone for good. Raises ProductNotDeletable once it was sold. Sends nothing, as Polar."""
    if product.subscriptions.exists() or product.orders.exists():
        raise ProductNotDeletable
    with business_transaction():
        product.delete()


def create_benefit(data: Mapping[str, Any]) -> Benefit:
    """`data` as BenefitCreate. Sends benefit.created."""
    _check_meter(data["type"], data.get("properties") or {})
    default = "private" if data["type"] in PRIVATE_TYPES else "public"
    with business_transaction():
        benefit = rows.create(
            Benefit,
            type=data["type"],
            description=data["description"],
            metadata=dict(data.get("metadata") or {}),
            visibility=data.get("visibility") or default,
            properties=stored_properties(data["type"], data.get("properties") or {}),
        )
        emit("benefit.created", shapes.benefit(benefit))
        return benefit


def _check_meter(benefit_type: str, properties: Mapping[str, Any]) -> None:
    if benefit_type != "meter_credit":
        return
    meter_id = properties["meter_id"]
    if not Meter.objects.filter(pk=meter_id, archived_at=None).exists():
        raise invalid("Meter not found.", "properties", "meter_id", value=str(meter_id))


def stored_properties(benefit_type: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with every key that Polar sends back."""
    defaults: dict[str, dict[str, Any]] = {
        "custom": {"note": None},
        "license_keys": {
            "prefix": None,
            "expires": None,
            "activations": None,
            "limit_usage": None,
        },
        "downloadables": {"archived": {}, "files": []},
    }
    properties: dict[str, Any] = rows.plain({**defaults.get(benefit_type, {}), **given})
    return properties


def update_benefit(benefit: Benefit, data: Mapping[str, Any]) -> Benefit:
    """Change description, properties, metadata, visibility. Raises InvalidRequest.

    Sends benefit.updated. Where what is given changed, holders get it anew: benefit_grant.updated
    follows.
    """
    if data.get("properties") is not None:
        _check_meter(benefit.type, data["properties"])
    names = ("description", "visibility")
    values = {name: data[name] for name in names if data.get(name) is not None}
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    if data.get("properties") is not None:
        # All of them at once: what is not given is gone.
        values["properties"] = stored_properties(benefit.type, data["properties"])
    previous = benefit.properties
    with business_transaction() as work:
        rows.change(benefit, **values)
        emit("benefit.updated", shapes.benefit(benefit))
        if benefit_effects.needs_update(benefit, previous):
            work.later(partial(grants.update_grants, benefit))
        return benefit


def delete_benefit(benefit: Benefit) -> None:
    """Sends benefit.updated with `is_deleted` (there is no benefit.deleted); grants are revoked."""
    with business_transaction() as work:
        rows.change(benefit, deleted_at=clock.tick())
        emit("benefit.updated", shapes.benefit(benefit))
        held = BenefitGrant.objects.filter(benefit=benefit, granted_at__isnull=False)
        for grant in held.order_by("created_at"):
            work.later(partial(grants.revoke_grant, grant.id))
