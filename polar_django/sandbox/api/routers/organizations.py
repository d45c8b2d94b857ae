"""/v1/organizations/: the one there is"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.organizations import OrganizationUpdate
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.engine.organization import get_organization, update_organization
from polar_django.sandbox.errors import CannotCreateOrganizationError
from polar_django.sandbox.models import Organization

router = Router()


class Filters(Paging):
    slug: str | None = None


@router.get("/")
def list_organizations(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = Organization.objects.filter(pk=get_organization().pk)
    if filters.slug:
        rows = rows.filter(slug=filters.slug)
    return page(rows, filters, shapes.organization)


@router.post("/")
def create_one(request: HttpRequest) -> Any:
    raise CannotCreateOrganizationError


@router.get("/{id}")
def get_one(request: HttpRequest, id: UUID4) -> Any:
    return shapes.organization(find(Organization.objects.filter(pk=get_organization().pk), id))


@router.patch("/{id}")
def update_one(request: HttpRequest, id: UUID4, body: OrganizationUpdate) -> Any:
    find(Organization.objects.filter(pk=get_organization().pk), id)
    return shapes.organization(update_organization(body.data()))
