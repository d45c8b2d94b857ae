"""Products, prices and benefits."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from polar_django.sandbox.models import Benefit, Product


def create_product(data: Mapping[str, Any]) -> Product:
    """Make a product with its prices (`data` as ProductCreate; ad `prices` is a list of price objects).

    Raises InvalidRequest. Sends product.created."""
    raise NotImplementedError


def update_product(product: Product, data: Mapping[str, Any]) -> Product:
    """Change what `data` names; prices that `data["prices"]` does not list are archived. Sends product.updated."""
    raise NotImplementedError


def set_product_benefits(product: Product, benefit_ids: Sequence[UUID]) -> Product:
    """Replace the ordered list. Sends product.updated; holders gain and lose grants."""
    raise NotImplementedError


def delete_product(product: Product) -> None:
    """Raises ProductNotDeletable once it was sold. Sends nothing, as Polar."""
    raise NotImplementedError


def create_benefit(data: Mapping[str, Any]) -> Benefit:
    """Sends benefit.created."""
    raise NotImplementedError


def update_benefit(benefit: Benefit, data: Mapping[str, Any]) -> Benefit:
    """Sends benefit.updated."""
    raise NotImplementedError


def delete_benefit(benefit: Benefit) -> None:
    """Sends benefit.updated with `is_deleted`, and revokes its grants."""
    raise NotImplementedError
