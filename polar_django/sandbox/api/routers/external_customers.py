"""/v1/customers/external/{external_id}: the same customers by the project's own id"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find_external_customer
from polar_django.sandbox.api.inputs.customers import (
    CustomerUpdateExternal,
    MemberCreateForCustomer,
    MemberUpdate,
)
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.api.routers.customer_members import MemberFilters, live_members
from polar_django.sandbox.api.routers.customers import list_cards
from polar_django.sandbox.engine import customers
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import Member

router = Router()


@router.get("/{external_id}")
def get_customer(request: HttpRequest, external_id: str) -> Any:
    return shapes.customer(find_external_customer(external_id))


@router.patch("/{external_id}")
def update_customer(request: HttpRequest, external_id: str, body: CustomerUpdateExternal) -> Any:
    customer = find_external_customer(external_id)
    return shapes.customer(customers.update_customer(customer, sent(body)))


@router.delete("/{external_id}", response={204: None})
def delete_customer(request: HttpRequest, external_id: str, anonymize: bool = False) -> None:
    customers.delete_customer(find_external_customer(external_id), anonymize=anonymize)


@router.get("/{external_id}/state")
def get_state(request: HttpRequest, external_id: str) -> Any:
    return shapes.customer_state(find_external_customer(external_id))


@router.get("/{external_id}/payment-methods")
def list_payment_methods(request: HttpRequest, external_id: str, paging: Query[Paging]) -> Any:
    return list_cards(find_external_customer(external_id), paging)


@router.get("/{external_id}/members")
def list_members(request: HttpRequest, external_id: str, filters: Query[MemberFilters]) -> Any:
    rows = live_members(find_external_customer(external_id), filters)
    return page(rows, filters, shapes.member)


@router.post("/{external_id}/members", response={201: dict[str, Any]})
def create_member(request: HttpRequest, external_id: str, body: MemberCreateForCustomer) -> Any:
    customer = find_external_customer(external_id)
    return shapes.member(customers.create_member(customer, sent(body)))


def _find_member(external_id: str, member_external_id: str) -> Member:
    members = find_external_customer(external_id).members.filter(deleted_at=None)
    row = members.filter(external_id=member_external_id).first()
    if row is None:
        raise ResourceNotFound
    return row


@router.get("/{external_id}/members/{member_external_id}")
def get_member(request: HttpRequest, external_id: str, member_external_id: str) -> Any:
    return shapes.member(_find_member(external_id, member_external_id))


@router.patch("/{external_id}/members/{member_external_id}")
def update_member(
    request: HttpRequest, external_id: str, member_external_id: str, body: MemberUpdate
) -> Any:
    member = _find_member(external_id, member_external_id)
    return shapes.member(customers.update_member(member, sent(body)))


@router.delete("/{external_id}/members/{member_external_id}", response={204: None})
def delete_member(request: HttpRequest, external_id: str, member_external_id: str) -> None:
    customers.delete_member(_find_member(external_id, member_external_id))
