"""Discounts: made, changed, withdrawn; who may use them, and how often they were used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from polar_django.sandbox import clock, shapes
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.emit import emit
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import DiscountRedemptionLimitReached, invalid
from polar_django.sandbox.models import (
    Checkout,
    Customer,
    Discount,
    DiscountRedemption,
    Product,
    Subscription,
)

__all__ = [
    "amounts_of",
    "create_discount",
    "delete_discount",
    "find_redeemable",
    "is_applicable",
    "is_redeemable",
    "redeem",
    "update_discount",
]

PLAIN_FIELDS = (
    "name",
    "starts_at",
    "ends_at",
    "max_redemptions",
    "max_redemptions_per_customer",
)
# What was promised to those who used it already.
FIXED_ONCE_USED = ("amount", "amounts", "currency", "basis_points", "duration_in_months")


def create_discount(data: Mapping[str, Any]) -> Discount:
    """`data` as DiscountCreate. Raises InvalidRequest. Sends discount.created."""
    with business_transaction():
        _check_code(data.get("code"))
        _check_dates(data.get("starts_at"), data.get("ends_at"))
        products = _find_products(data.get("products") or [])
        discount = rows.create(
            Discount,
            **{name: data.get(name) for name in PLAIN_FIELDS},
            code=data.get("code") or None,
            type=data["type"],
            duration=data["duration"],
            duration_in_months=data.get("duration_in_months"),
            basis_points=data.get("basis_points"),
            amounts=amounts_of(data) if data["type"] == "fixed" else None,
            metadata=dict(data.get("metadata") or {}),
        )
        discount.products.set(products)
        emit("discount.created", shapes.discount(discount))
        return discount


def update_discount(discount: Discount, data: Mapping[str, Any]) -> Discount:
    """Change what `data` names; type and duration stay, and what it takes off once it was used.

    Raises InvalidRequest. Sends discount.updated.
    """
    with business_transaction():
        discount.refresh_from_db()
        _check_fixed(discount, data)
        values = {name: data[name] for name in PLAIN_FIELDS if name in data}
        if values.get("name", "") is None:
            del values["name"]
        if "code" in data:
            values["code"] = data["code"] or None
            _check_code(values["code"], but=discount)
        if "starts_at" in data or "ends_at" in data:
            starts_at = values.get("starts_at", discount.starts_at)
            _check_dates(starts_at, values.get("ends_at", discount.ends_at))
        if "metadata" in data:
            values["metadata"] = dict(data["metadata"] or {})
        for name in ("basis_points", "duration_in_months"):
            if data.get(name) is not None:
                values[name] = data[name]
        if data.get("amounts") is not None or data.get("amount") is not None:
            values["amounts"] = amounts_of(data)
        if data.get("products") is not None:
            discount.products.set(_find_products(data["products"]))
        rows.change(discount, **values)
        emit("discount.updated", shapes.discount(discount))
        return discount


def delete_discount(discount: Discount) -> None:
    """Nobody new may use it; who has it keeps it. Sends discount.deleted."""
    with business_transaction():
        rows.change(discount, deleted_at=clock.tick())
        emit("discount.deleted", shapes.discount(discount))


def find_redeemable(discount_id: UUID, *, customer: Customer | None = None) -> Discount:
    """The discount, if it may be used now. Raises InvalidRequest at `discount_id`."""
    found = Discount.objects.filter(pk=discount_id, deleted_at=None).first()
    if found is None or not is_redeemable(found, customer=customer):
        raise invalid("Discount does not exist.", "discount_id", value=str(discount_id))
    return found


def is_redeemable(discount: Discount, *, customer: Customer | None = None) -> bool:
    """Inside its dates, and not used up, by all or by `customer`. One query at most."""
    now = clock.now()
    if discount.starts_at is not None and now < discount.starts_at:
        return False
    if discount.ends_at is not None and now > discount.ends_at:
        return False
    limit, own_limit = discount.max_redemptions, discount.max_redemptions_per_customer
    if limit is not None and discount.redemptions_count >= limit:
        return False
    if customer is None or own_limit is None:
        return True
    return discount.redemptions.filter(customer=customer).count() < own_limit


def is_applicable(discount: Discount, product: Product) -> bool:
    """To every product, or to the listed ones. One query."""
    listed = list(discount.products.values_list("pk", flat=True))
    return not listed or product.pk in listed


def redeem(
    discount: Discount,
    customer: Customer,
    *,
    checkout: Checkout | None = None,
    subscription: Subscription | None = None,
) -> None:
    """Count one use. Raises DiscountRedemptionLimitReached. Sends nothing, as Polar."""
    discount.refresh_from_db(fields=["redemptions_count"])
    if not is_redeemable(discount, customer=customer):
        raise DiscountRedemptionLimitReached
    Discount.objects.filter(pk=discount.pk).update(redemptions_count=F("redemptions_count") + 1)
    discount.refresh_from_db(fields=["redemptions_count"])
    rows.create(
        DiscountRedemption,
        discount=discount,
        customer=customer,
        checkout=checkout,
        subscription=subscription,
    )


def amounts_of(data: Mapping[str, Any]) -> dict[str, int]:
    """By currency; `amount` and `currency` are the old way to say one. Raises InvalidRequest."""
    if data.get("amounts") is not None:
        return dict(data["amounts"])
    if data.get("amount") is None:
        raise invalid("Amount is required.", "amounts", type_="missing")
    return {str(data.get("currency") or "usd"): int(data["amount"])}


def _check_code(code: str | None, *, but: Discount | None = None) -> None:
    if not code:
        return
    taken = Discount.objects.filter(code__iexact=code, deleted_at=None)
    if but is not None:
        taken = taken.exclude(pk=but.pk)
    if taken.exists():
        raise invalid("Discount with this code already exists.", "code", value=code)


def _check_dates(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        message = "The end date must be after the start date."
        raise invalid(message, "ends_at", value=ends_at.isoformat())


def _check_fixed(discount: Discount, data: Mapping[str, Any]) -> None:
    for name, kept in (("type", discount.type), ("duration", discount.duration)):
        if data.get(name) not in (None, kept):
            message = f"Changing the {name} of a discount is not allowed."
            raise invalid(message, name, value=data[name], type_="forbidden")
    if not discount.redemptions_count:
        return
    for name in FIXED_ONCE_USED:
        if data.get(name) is not None:
            message = "This field cannot be changed: the discount was already redeemed."
            raise invalid(message, name, value=data[name], type_="forbidden")


def _find_products(product_ids: Sequence[UUID]) -> list[Product]:
    known = {each.id: each for each in Product.objects.filter(pk__in=product_ids, deleted_at=None)}
    for index, product_id in enumerate(product_ids):
        if product_id not in known:
            raise invalid("Product does not exist.", "products", index, value=str(product_id))
    return list(known.values())
