"""/v1/meters/, to read"""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.api.refusals import NotInSandbox
from polar_django.sandbox.models import Meter

router = Router()

COLUMNS = {"created_at": "created_at", "name": "name"}


class Filters(Paging):
    organization_id: list[UUID4] = []
    query: str | None = None
    is_archived: bool | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


@router.get("/")
def list_meters(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(Meter.objects.all(), request)
    if filters.query:
        rows = rows.filter(name__icontains=filters.query)
    if filters.is_archived is not None:
        rows = rows.filter(archived_at__isnull=not filters.is_archived)
    return page(ordered(rows, filters.sorting, COLUMNS, "name"), filters, shapes.meter)


@router.get("/{id}")
def get_meter(request: HttpRequest, id: UUID4) -> Any:
    return shapes.meter(find(Meter.objects.all(), id))


@router.post("/")
def create_meter(request: HttpRequest) -> Any:
    raise NotInSandbox("The sandbox does not make meters yet.")
