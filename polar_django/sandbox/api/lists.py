"""Lists: pages, order, and filters, as all of Polar's list routes have them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet, prefetch_related_objects
from django.db.models.expressions import OrderBy
from django.http import HttpRequest
from ninja import Schema
from pydantic import AfterValidator, Field

from polar_django.sandbox.api.inputs.fields import choice
from polar_django.sandbox.models import Checkout, Order, Product, Subscription

__all__ = ["Paging", "by_metadata", "one_of", "ordered", "page"]

LONGEST_PAGE = 100
_CATALOG = ("prices__meter", "product_benefits__benefit")
# What the shapes read of each row besides: asked for once a page, not once a row.
PARTS: Mapping[type[Model], Sequence[str]] = {
    Checkout: (
        "checkout_products__ad_hoc_prices__meter",
        *(f"checkout_products__product__{name}" for name in _CATALOG),
    ),
    Order: ("items__product_price__meter", "subscription__prices"),
    Product: _CATALOG,
    Subscription: ("prices__meter", *(f"product__{name}" for name in _CATALOG)),
}

Row = TypeVar("Row", bound=Model)
Shape = Callable[[Row], dict[str, Any]]


class Paging(Schema):
    """`?page=` from 1, `?limit=` from 1; a limit above 100 means 100."""

    page: int = Field(1, gt=0)
    limit: int = Field(10, gt=0)


def one_of(columns: Mapping[str, str]) -> AfterValidator:
    """Checks a value of `?sorting=`: a key of `columns`, or one with a minus before it."""
    return choice(*(f"{sign}{name}" for name in columns for sign in ("", "-")))


def ordered(
    rows: QuerySet[Row], sorting: Sequence[str], columns: Mapping[str, str], default: str
) -> QuerySet[Row]:
    """Rows in that order; empty values last, or first where descending, as in PostgreSQL."""
    names = list(sorting) or [default]
    order: list[OrderBy | str] = []
    for name in names:
        column = F(columns[name.removeprefix("-")])
        is_descending = name.startswith("-")
        order.append(
            column.desc(nulls_first=True) if is_descending else column.asc(nulls_last=True)
        )
    return rows.order_by(*order, "pk")


def by_metadata(rows: QuerySet[Row], request: HttpRequest) -> QuerySet[Row]:
    """Rows that match every `?metadata[key]=value`; a repeated key means any of its values.

    Compared as text and in Python, because databases differ in how they read JSON. One query.
    """
    wanted = {
        name.removeprefix("metadata[").removesuffix("]"): request.GET.getlist(name)
        for name in request.GET
        if name.startswith("metadata[") and name.endswith("]")
    }
    if not wanted:
        return rows
    found = [
        pk
        for pk, metadata in rows.values_list("pk", "metadata")
        if all(_text(metadata.get(key)) in values for key, values in wanted.items())
    ]
    return rows.filter(pk__in=found)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def page(rows: QuerySet[Row], paging: Paging, shape: Shape[Row]) -> dict[str, Any]:
    """One page as JSON, empty past the end. Two queries, one of a list that fits a page, one for
    each of `PARTS`, and what the shapes cost beyond."""
    limit = min(paging.limit, LONGEST_PAGE)
    start = (paging.page - 1) * limit
    items = list(rows[:limit]) if start == 0 else []
    total = len(items) if start == 0 and len(items) < limit else rows.count()
    # Beyond what a database takes as an offset there is nothing.
    if 0 < start < total:
        items = list(rows[start : start + limit])
    prefetch_related_objects(items, *PARTS.get(rows.model, ()))
    return {
        "items": [shape(row) for row in items],
        "pagination": {"total_count": total, "max_page": -(-total // limit)},
    }
