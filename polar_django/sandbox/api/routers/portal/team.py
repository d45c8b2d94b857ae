"""/v1/customer-portal/seats and /members, without trailing slashes"""

from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.customers import MemberOwner
from polar_django.sandbox.api.inputs.fields import Body, Name, sent
from polar_django.sandbox.api.inputs.seats import SeatAssign
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.api.portal_access import has_session, require_billing, session_of, visitor
from polar_django.sandbox.api.routers.customer_seats import Source, find_seat_source, list_of
from polar_django.sandbox.engine import customers, seats
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import Member, Order, Seat, Subscription

router = Router(auth=has_session)

Role = Literal["owner", "billing_manager", "member"]


class CustomerPortalMemberCreate(MemberOwner):
    """POST of a member by their team."""

    role: Role = "member"


class CustomerPortalMemberUpdate(Body):
    """PATCH of a member by their team."""

    name: Name | None = None
    role: Role | None = None


def _own(request: HttpRequest, source: Subscription | Order) -> Subscription | Order:
    if source.customer_id != require_billing(request).id:
        raise ResourceNotFound
    return source


def _seats(request: HttpRequest) -> QuerySet[Seat]:
    """Of the visitor's purchases; a revoked seat names no customer any more."""
    customer = require_billing(request)
    rows = Seat.objects.select_related("customer", "member")
    return rows.filter(subscription__customer=customer) | rows.filter(order__customer=customer)


@router.get("/seats")
def list_seats(request: HttpRequest, source: Query[Source]) -> Any:
    if (source.subscription_id is None) == (source.order_id is None):
        message = "Exactly one of subscription_id or order_id must be provided"
        raise invalid(message, "subscription_id")
    found = seats.find_source(subscription_id=source.subscription_id, order_id=source.order_id)
    return list_of(_own(request, found))


@router.post("/seats")
def assign_seat(request: HttpRequest, body: SeatAssign) -> Any:
    source = _own(request, find_seat_source(body))
    return shapes.seat(seats.assign_seat(source, sent(body)))


@router.get("/seats/subscriptions")
def list_claimed_subscriptions(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Those in which the visitor sits."""
    member = session_of(request).member
    rows = Subscription.objects.none()
    if member is not None:
        rows = Subscription.objects.filter(
            seat_rows__member=member, seat_rows__status="claimed"
        ).select_related("customer", "product", "discount")
    return page(
        rows.order_by("-started_at"),
        paging,
        lambda row: shapes.portal_subscription(row, get_organization()),
    )


@router.delete("/seats/{seat_id}")
def revoke_seat(request: HttpRequest, seat_id: UUID4) -> Any:
    return shapes.seat(seats.revoke_seat(find(_seats(request), seat_id)))


@router.post("/seats/{seat_id}/resend")
def resend_invitation(request: HttpRequest, seat_id: UUID4) -> Any:
    return shapes.seat(seats.resend_invitation(find(_seats(request), seat_id)))


def _members(request: HttpRequest) -> QuerySet[Member]:
    require_billing(request)
    return visitor(request).members.filter(deleted_at=None)


@router.get("/members")
def list_members(request: HttpRequest, paging: Query[Paging]) -> Any:
    return page(_members(request).order_by("created_at"), paging, shapes.portal_member)


@router.post("/members", response={201: dict[str, Any]})
def create_member(request: HttpRequest, body: CustomerPortalMemberCreate) -> Any:
    customer = require_billing(request)
    return shapes.portal_member(customers.create_member(customer, sent(body)))


@router.patch("/members/{id}")
def update_member(request: HttpRequest, id: UUID4, body: CustomerPortalMemberUpdate) -> Any:
    member = find(_members(request), id)
    return shapes.portal_member(customers.update_member(member, sent(body)))


@router.delete("/members/{id}", response={204: None})
def delete_member(request: HttpRequest, id: UUID4) -> None:
    customers.delete_member(find(_members(request), id))
