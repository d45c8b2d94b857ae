"""/v1/customers/{id}/members"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find, find_customer
from polar_django.sandbox.api.inputs.customers import (
    MemberCreateForCustomer,
    MemberRole,
    MemberUpdate,
)
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.engine import customers
from polar_django.sandbox.models import Customer, Member

router = Router()


class MemberFilters(Paging):
    role: MemberRole | None = None


def live_members(customer: Customer, filters: MemberFilters) -> QuerySet[Member]:
    """The members a list shows, oldest first."""
    rows = customer.members.filter(deleted_at=None).order_by("created_at")
    return rows.filter(role=filters.role) if filters.role else rows


def _find(id: UUID, member_id: UUID) -> Member:
    return find(find_customer(id).members.filter(deleted_at=None), member_id)


@router.get("/{id}/members")
def list_members(request: HttpRequest, id: UUID4, filters: Query[MemberFilters]) -> Any:
    return page(live_members(find_customer(id), filters), filters, shapes.member)


@router.post("/{id}/members", response={201: dict[str, Any]})
def create_member(request: HttpRequest, id: UUID4, body: MemberCreateForCustomer) -> Any:
    return shapes.member(customers.create_member(find_customer(id), sent(body)))


@router.get("/{id}/members/{member_id}")
def get_member(request: HttpRequest, id: UUID4, member_id: UUID4) -> Any:
    return shapes.member(_find(id, member_id))


@router.patch("/{id}/members/{member_id}")
def update_member(request: HttpRequest, id: UUID4, member_id: UUID4, body: MemberUpdate) -> Any:
    return shapes.member(customers.update_member(_find(id, member_id), sent(body)))


@router.delete("/{id}/members/{member_id}", response={204: None})
def delete_member(request: HttpRequest, id: UUID4, member_id: UUID4) -> None:
    customers.delete_member(_find(id, member_id))
