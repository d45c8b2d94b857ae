"""/v1/benefits/"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.benefits import BenefitCreate, BenefitType, BenefitUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import catalog
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import Benefit, BenefitGrant, File

router = Router()

COLUMNS = {
    "created_at": "created_at",
    "description": "description",
    "type": "type",
    "user_order": "created_at",
}


class Filters(Paging):
    organization_id: list[UUID4] = []
    type: list[BenefitType] = []
    id: list[UUID4] = []
    exclude_id: list[UUID4] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


class GrantFilters(Paging):
    is_granted: bool | None = None
    customer_id: list[UUID4] = []
    member_id: list[UUID4] = []


def _all() -> QuerySet[Benefit]:
    return Benefit.objects.filter(deleted_at=None)


@router.get("/")
def list_benefits(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(_all(), request)
    if filters.type:
        rows = rows.filter(type__in=filters.type)
    if filters.id:
        rows = rows.filter(pk__in=filters.id)
    if filters.exclude_id:
        rows = rows.exclude(pk__in=filters.exclude_id)
    if filters.query:
        rows = rows.filter(description__icontains=filters.query)
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.benefit)


@router.post("/", response={201: dict[str, Any]})
def create_benefit(request: HttpRequest, body: BenefitCreate) -> Any:
    return shapes.benefit(catalog.create_benefit(body.root.data()))


@router.get("/{id}")
def get_benefit(request: HttpRequest, id: UUID4) -> Any:
    return shapes.benefit(find(_all(), id))


@router.patch("/{id}")
def update_benefit(request: HttpRequest, id: UUID4, body: BenefitUpdate) -> Any:
    benefit = find(_all(), id)
    if body.root.type != benefit.type:
        raise invalid("Benefit type mismatch.", "type", value=body.root.type)
    return shapes.benefit(catalog.update_benefit(benefit, sent(body.root)))


@router.delete("/{id}", response={204: None})
def delete_benefit(request: HttpRequest, id: UUID4) -> None:
    catalog.delete_benefit(find(_all(), id))


@router.get("/{id}/files")
def list_files(request: HttpRequest, id: UUID4, paging: Query[Paging]) -> Any:
    """Empty for a benefit without files."""
    named = find(_all(), id).properties.get("files", [])
    rows = File.objects.filter(pk__in=named, deleted_at=None, is_uploaded=True).defer("content")
    return page(rows.order_by("created_at", "pk"), paging, shapes.benefit_file)


@router.get("/{id}/grants")
def list_grants(request: HttpRequest, id: UUID4, filters: Query[GrantFilters]) -> Any:
    rows = BenefitGrant.objects.filter(benefit=find(_all(), id))
    if filters.is_granted is not None:
        rows = rows.filter(granted_at__isnull=not filters.is_granted)
    if filters.customer_id:
        rows = rows.filter(customer_id__in=filters.customer_id)
    if filters.member_id:
        rows = rows.filter(member_id__in=filters.member_id)
    rows = rows.select_related("customer", "member", "benefit")
    return page(rows.order_by("-created_at"), filters, shapes.benefit_grant)
