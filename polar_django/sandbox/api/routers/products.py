"""/v1/products/"""

from typing import Annotated, Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Visibility, sent
from polar_django.sandbox.api.inputs.products import ProductBenefits, ProductCreate, ProductUpdate
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import catalog
from polar_django.sandbox.models import Price, Product

router = Router()

COLUMNS = {
    "created_at": "created_at",
    "name": "name",
    "price_amount_type": "first_amount_type",
    "price_amount": "lowest_amount",
}


class Filters(Paging):
    id: list[UUID4] = []
    organization_id: list[UUID4] = []
    query: str | None = None
    is_archived: bool | None = None
    is_recurring: bool | None = None
    benefit_id: list[UUID4] = []
    visibility: list[Visibility] = []
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Product]:
    return Product.objects.filter(deleted_at=None)


def _with_prices(rows: QuerySet[Product]) -> QuerySet[Product]:
    """Rows with what orders them by price; what has no amount of its own costs nothing at first."""
    current = Price.objects.filter(product=OuterRef("pk"), is_archived=False, source="catalog")
    amount = Coalesce("price_amount", "minimum_amount", 0)
    cheapest = current.annotate(amount=amount).order_by("amount", "pk")
    return rows.annotate(
        first_amount_type=Subquery(current.order_by("created_at").values("amount_type")[:1]),
        lowest_amount=Subquery(cheapest.values("amount")[:1]),
    )


@router.get("/")
def list_products(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(_all(), request)
    if filters.id:
        rows = rows.filter(pk__in=filters.id)
    if filters.query:
        rows = rows.filter(name__icontains=filters.query)
    if filters.is_archived is not None:
        rows = rows.filter(is_archived=filters.is_archived)
    if filters.is_recurring is not None:
        rows = rows.filter(recurring_interval__isnull=not filters.is_recurring)
    if filters.benefit_id:
        rows = rows.filter(benefits__in=filters.benefit_id).distinct()
    if filters.visibility:
        rows = rows.filter(visibility__in=filters.visibility)
    rows = ordered(_with_prices(rows), filters.sorting, COLUMNS, "-created_at")
    return page(rows, filters, shapes.product)


@router.post("/", response={201: dict[str, Any]})
def create_product(request: HttpRequest, body: ProductCreate) -> Any:
    return shapes.product(catalog.create_product(body.root.data()))


@router.get("/{id}")
def get_product(request: HttpRequest, id: UUID4) -> Any:
    return shapes.product(find(_all(), id))


@router.patch("/{id}")
def update_product(request: HttpRequest, id: UUID4, body: ProductUpdate) -> Any:
    return shapes.product(catalog.update_product(find(_all(), id), sent(body)))


@router.delete("/{id}", response={204: None})
def delete_product(request: HttpRequest, id: UUID4) -> None:
    catalog.delete_product(find(_all(), id))


@router.post("/{id}/benefits")
def set_benefits(request: HttpRequest, id: UUID4, body: ProductBenefits) -> Any:
    return shapes.product(catalog.set_product_benefits(find(_all(), id), body.benefits))
