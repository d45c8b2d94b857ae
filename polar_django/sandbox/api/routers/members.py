"""/v1/members/: older than the routes under a customer, and still there"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer, find, find_customer
from polar_django.sandbox.api.inputs.customers import MemberCreate, MemberRole, MemberUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import customers
from polar_django.sandbox.models import Member

router = Router()

COLUMNS = {"created_at": "created_at"}


class Filters(Paging):
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    role: MemberRole | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Member]:
    return Member.objects.filter(deleted_at=None, customer__deleted_at=None)


@router.get("/")
def list_members(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_customer(_all(), filters.customer_id, filters.external_customer_id)
    if filters.role:
        rows = rows.filter(role=filters.role)
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.member)


@router.post("/", response={201: dict[str, Any]})
def create_member(request: HttpRequest, body: MemberCreate) -> Any:
    data = sent(body)
    return shapes.member(customers.create_member(find_customer(data.pop("customer_id")), data))


@router.get("/{id}")
def get_member(request: HttpRequest, id: UUID4) -> Any:
    return shapes.member(find(_all(), id))


@router.patch("/{id}")
def update_member(request: HttpRequest, id: UUID4, body: MemberUpdate) -> Any:
    return shapes.member(customers.update_member(find(_all(), id), sent(body)))


@router.delete("/{id}", response={204: None})
def delete_member(request: HttpRequest, id: UUID4) -> None:
    customers.delete_member(find(_all(), id))
