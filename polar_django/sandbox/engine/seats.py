"""Seats: the places of a purchase, who sits on them, and how they are given and taken."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from polar_django.sandbox import clock, tokens
from polar_django.sandbox.engine import grants, rows, seat_targets, sessions
from polar_django.sandbox.engine.emit import emit_customer, emit_seat
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    InvalidInvitationToken,
    InvitationTokenExpired,
    NotASeatBasedOrder,
    NotASeatBasedSubscription,
    ResourceNotFound,
    SeatAlreadyAssigned,
    SeatNotAvailable,
    SeatNotPending,
)
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Customer,
    Member,
    Order,
    Seat,
    Subscription,
)
from polar_django.sandbox.outcomes import ClaimedSeat

__all__ = [
    "INVITATION_LIFETIME",
    "assign_seat",
    "can_claim",
    "claim_seat",
    "find_invitation",
    "find_source",
    "make_team",
    "open_seats",
    "resend_invitation",
    "revoke_seat",
    "revoke_seats_of_member",
    "revoke_seats_of_subscription",
    "seats_of",
    "taken_count",
]

INVITATION_LIFETIME = timedelta(days=1)
TAKEN = ("pending", "claimed")

Source = Subscription | Order


def find_source(*, subscription_id: UUID | None = None, order_id: UUID | None = None) -> Source:
    """The purchase that has seats.

    Raises ResourceNotFound, NotASeatBasedSubscription, NotASeatBasedOrder. One query.
    """
    found: Source | None
    if subscription_id is not None:
        found = _subscriptions().filter(pk=subscription_id).first()
    else:
        orders = Order.objects.select_related("customer", "product")
        found = orders.filter(pk=order_id, subscription=None).first() if order_id else None
    if found is None:
        raise ResourceNotFound
    if found.seats is None:
        is_order = isinstance(found, Order)
        raise NotASeatBasedOrder if is_order else NotASeatBasedSubscription
    return found


def _subscriptions() -> QuerySet[Subscription]:
    return Subscription.objects.select_related("customer", "product")


def seats_of(source: Source) -> QuerySet[Seat]:
    """Every seat that was ever given, revoked ones too, oldest first."""
    return source.seat_rows.select_related("customer", "member").order_by("created_at")


def taken_count(source: Source) -> int:
    """How many seats are claimed or wait to be; fewer cannot be paid for. One query."""
    return source.seat_rows.filter(status__in=TAKEN).count()


def assign_seat(source: Source, data: Mapping[str, Any]) -> Seat:
    """Invite somebody to a seat, or with `immediate_claim` put them on it.

    `data` names the person (email, customer_id, external_customer_id, member_id,
    external_member_id) and may hold `metadata`. Sends customer_seat.assigned, or customer_seat
    .claimed and the grants. A seat that was revoked is used again: the same id. Raises
    SeatNotAvailable, SeatAlreadyAssigned, and what finding the person raises.
    """
    with business_transaction():
        source.refresh_from_db()
        _check_available(source)
        member = seat_targets.find_or_add_member(source.customer, data)
        if source.seat_rows.filter(member=member, status__in=TAKEN).exists():
            raise SeatAlreadyAssigned(f"Seat already assigned to customer: {member.email}")
        values: dict[str, Any] = {
            "status": "pending",
            "customer": source.customer,
            "member": member,
            "email": member.email,
            "seat_metadata": dict(data.get("metadata") or {}),
        }
        if data.get("immediate_claim"):
            seat = _put(source, **{**values, **_claimed()})
            _announce_claimed(seat)
        else:
            seat = _put(source, **values, **_invited())
            emit_seat("assigned", seat)
        return seat


def _check_available(source: Source) -> None:
    is_over = isinstance(source, Subscription) and source.status not in BILLABLE_STATUSES
    if is_over or taken_count(source) >= (source.seats or 0):
        raise SeatNotAvailable(f"No available seats for source {source.id}")


def _put(source: Source, **values: Any) -> Seat:
    free = source.seat_rows.filter(status="revoked").order_by("created_at").first()
    if free is not None:
        return rows.change(free, **{"claimed_at": None, "revoked_at": None, **values})
    name = "subscription" if isinstance(source, Subscription) else "order"
    return rows.create(Seat, **{name: source}, **values)


def _invited() -> dict[str, Any]:
    return {
        "invitation_token": tokens.make_token(tokens.INVITATION),
        "invitation_token_expires_at": clock.tick() + INVITATION_LIFETIME,
    }


def _claimed() -> dict[str, Any]:
    return {"status": "claimed", "claimed_at": clock.tick(), "invitation_token": None}


def _announce_claimed(seat: Seat) -> None:
    """Sends customer_seat.claimed; then the grants of the seat follow."""
    emit_seat("claimed", seat)
    with business_transaction() as work:
        if seat.subscription_id is not None:
            work.later(partial(grants.sync_subscription, seat.subscription_id))
        elif seat.order_id is not None:
            work.later(partial(grants.sync_order, seat.order_id))


def make_team(customer: Customer) -> None:
    """Who buys seats becomes a team, before the order. Sends customer.updated from a job."""
    with business_transaction() as work:
        if customer.type != "team":
            rows.change(customer, type="team")
            work.later(partial(emit_customer, "updated", customer.id))


def open_seats(source: Source) -> None:
    """Right after the purchase: the buyer sits on the first seat.

    Sends customer_seat.claimed; nothing for other products.
    """
    if source.seats is None or source.seat_rows.exists():
        return
    customer = source.customer
    owner = customer.members.filter(role="owner", deleted_at=None).first()
    with business_transaction():
        if owner is not None:
            values = {"customer": customer, "member": owner, "email": owner.email}
            _announce_claimed(_put(source, **values, seat_metadata={}, **_claimed()))


def find_invitation(token: str) -> Seat | None:
    """The seat that waits behind a token, whether the token is still good or not. One query."""
    seats = Seat.objects.select_related(
        "customer", "member", "subscription__product", "order__product"
    )
    return seats.filter(invitation_token=token).first()


def can_claim(seat: Seat) -> bool:
    """Whether its invitation stands."""
    expires_at = seat.invitation_token_expires_at
    return seat.status == "pending" and expires_at is not None and expires_at > clock.now()


def claim_seat(token: str, *, base_url: str = "") -> ClaimedSeat:
    """By the invited person. Sends customer_seat.claimed; then the grants.

    Returns the seat and a portal token of the member. Raises InvalidInvitationToken,
    InvitationTokenExpired.
    """
    with business_transaction():
        seat = find_invitation(token)
        if seat is None or seat.status != "pending" or seat.customer is None:
            raise InvalidInvitationToken(f"Invalid or expired invitation token: {token}")
        if not can_claim(seat):
            raise InvitationTokenExpired
        rows.change(seat, **_claimed())
        _announce_claimed(seat)
        session = sessions.open_session(
            seat.customer, member=seat.member, prefix=tokens.MEMBER_SESSION, base_url=base_url
        )
        return ClaimedSeat(seat, session.token)


def resend_invitation(seat: Seat) -> Seat:
    """A new token, good for another day. Raises SeatNotPending. Sends nothing but the mail."""
    with business_transaction():
        seat.refresh_from_db()
        if seat.status != "pending":
            raise SeatNotPending
        return rows.change(seat, **_invited())


def revoke_seat(seat: Seat) -> Seat:
    """Take the seat from its holder. Sends customer_seat.revoked, in which the holder is gone.

    The grants of the seat follow. Nothing where it is revoked already.
    """
    with business_transaction() as work:
        seat.refresh_from_db()
        if seat.status == "revoked":
            return seat
        held = _grants_of(seat, seat.member)
        rows.change(
            seat,
            status="revoked",
            revoked_at=clock.tick(),
            customer=None,
            member=None,
            email=None,
            invitation_token=None,
            invitation_token_expires_at=None,
            seat_metadata=None,
        )
        emit_seat("revoked", seat)
        for grant_id in held:
            work.later(partial(grants.revoke_grant, grant_id))
        return seat


def _grants_of(seat: Seat, member: Member | None) -> list[UUID]:
    if member is None:
        return []
    mine = Q(subscription=seat.subscription) if seat.subscription_id else Q(order=seat.order)
    held = member.grants.filter(mine, granted_at__isnull=False).order_by("created_at")
    return list(held.values_list("pk", flat=True))


def revoke_seats_of_subscription(subscription: Subscription) -> None:
    """All of them, before the subscription itself ends at once. Sends customer_seat.revoked each.

    Their grants go with the subscription.
    """
    for seat in seats_of(subscription).filter(status__in=TAKEN):
        revoke_seat(seat)


def revoke_seats_of_member(member: Member) -> None:
    """Every seat of a member who is deleted. Sends customer_seat.revoked each."""
    for seat in member.seats.filter(status__in=TAKEN).order_by("created_at"):
        revoke_seat(seat)
