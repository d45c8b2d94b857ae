"""/v1/discounts/"""

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.discounts import DiscountCreate, DiscountUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import discounts
from polar_django.sandbox.models import Discount

router = Router()

COLUMNS = {name: name for name in ("created_at", "name", "code", "redemptions_count", "ends_at")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Discount]:
    return Discount.objects.filter(deleted_at=None)


@router.get("/")
def list_discounts(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all()
    if filters.query:
        rows = rows.filter(Q(name__icontains=filters.query) | Q(code__icontains=filters.query))
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.discount)


@router.get("/{id}")
def get_discount(request: HttpRequest, id: UUID4) -> Any:
    return shapes.discount(find(_all(), id))


@router.post("/", response={201: dict[str, Any]})
def create_discount(request: HttpRequest, body: DiscountCreate) -> Any:
    return shapes.discount(discounts.create_discount(body.root.data()))


@router.patch("/{id}")
def update_discount(request: HttpRequest, id: UUID4, body: DiscountUpdate) -> Any:
    return shapes.discount(discounts.update_discount(find(_all(), id), sent(body)))


@router.delete("/{id}", response={204: None})
def delete_discount(request: HttpRequest, id: UUID4) -> None:
    discounts.delete_discount(find(_all(), id))
