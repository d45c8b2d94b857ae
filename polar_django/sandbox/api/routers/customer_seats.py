"""/v1/customer-seats, without trailing slashes; claiming needs the invitation only"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.inputs.seats import SeatAssign, SeatClaim
from polar_django.sandbox.engine import seats
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import Order, Seat, Subscription

router = Router()


class Source(Schema):
    subscription_id: UUID4 | None = None
    order_id: UUID4 | None = None


def _all() -> QuerySet[Seat]:
    return Seat.objects.select_related("customer", "member")


def find_seat_source(body: SeatAssign) -> Subscription | Order:
    """The purchase of a request, also by the checkout that made it. Raises ResourceNotFound."""
    if body.checkout_id is None:
        return seats.find_source(subscription_id=body.subscription_id, order_id=body.order_id)
    bought = Subscription.objects.filter(checkout_id=body.checkout_id).first()
    if bought is not None:
        return seats.find_source(subscription_id=bought.id)
    order = Order.objects.filter(checkout_id=body.checkout_id).first()
    return seats.find_source(order_id=order.id if order else None)


def list_of(source: Subscription | Order) -> dict[str, Any]:
    """SeatsList. Three queries."""
    return shapes.seats_list(list(seats.seats_of(source)), source.seats or 0)


@router.get("")
def list_seats(request: HttpRequest, source: Query[Source]) -> Any:
    if (source.subscription_id is None) == (source.order_id is None):
        message = "Exactly one of subscription_id or order_id must be provided"
        raise invalid(message, "subscription_id")
    found = seats.find_source(subscription_id=source.subscription_id, order_id=source.order_id)
    return list_of(found)


@router.post("")
def assign_seat(request: HttpRequest, body: SeatAssign) -> Any:
    return shapes.seat(seats.assign_seat(find_seat_source(body), sent(body)))


@router.get("/claim/{invitation_token}", auth=None)
def get_claim_info(request: HttpRequest, invitation_token: str) -> Any:
    seat = seats.find_invitation(invitation_token)
    if seat is None:
        raise ResourceNotFound
    return shapes.seat_claim_info(seat, get_organization(), can_claim=seats.can_claim(seat))


@router.post("/claim", auth=None)
def claim_seat(request: HttpRequest, body: SeatClaim) -> Any:
    claimed = seats.claim_seat(body.invitation_token, base_url=base_url(request))
    return {
        "seat": shapes.seat(claimed.seat),
        "customer_session_token": claimed.customer_session_token,
    }


@router.delete("/{seat_id}")
def revoke_seat(request: HttpRequest, seat_id: UUID4) -> Any:
    return shapes.seat(seats.revoke_seat(find(_all(), seat_id)))


@router.post("/{seat_id}/resend")
def resend_invitation(request: HttpRequest, seat_id: UUID4) -> Any:
    return shapes.seat(seats.resend_invitation(find(_all(), seat_id)))
