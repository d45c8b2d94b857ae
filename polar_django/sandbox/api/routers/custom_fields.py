"""/v1/custom-fields/"""

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.custom_fields import (
    CustomFieldCreate,
    CustomFieldUpdate,
    FieldType,
)
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import custom_fields
from polar_django.sandbox.models import CustomField

router = Router()

COLUMNS = {name: name for name in ("created_at", "slug", "name", "type")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    query: str | None = None
    type: list[FieldType] = []
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[CustomField]:
    return CustomField.objects.filter(deleted_at=None)


@router.get("/")
def list_custom_fields(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all()
    if filters.query:
        rows = rows.filter(Q(name__icontains=filters.query) | Q(slug__icontains=filters.query))
    if filters.type:
        rows = rows.filter(type__in=filters.type)
    return page(ordered(rows, filters.sorting, COLUMNS, "slug"), filters, shapes.custom_field)


@router.post("/", response={201: dict[str, Any]})
def create_custom_field(request: HttpRequest, body: CustomFieldCreate) -> Any:
    return shapes.custom_field(custom_fields.create_custom_field(body.root.data()))


@router.get("/{id}")
def get_custom_field(request: HttpRequest, id: UUID4) -> Any:
    return shapes.custom_field(find(_all(), id))


@router.patch("/{id}")
def update_custom_field(request: HttpRequest, id: UUID4, body: CustomFieldUpdate) -> Any:
    field = custom_fields.update_custom_field(find(_all(), id), sent(body.root))
    return shapes.custom_field(field)


@router.delete("/{id}", response={204: None})
def delete_custom_field(request: HttpRequest, id: UUID4) -> None:
    custom_fields.delete_custom_field(find(_all(), id))
