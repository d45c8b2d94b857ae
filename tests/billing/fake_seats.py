"""Seats at the fake provider, by Polar's rules: bounds, one a person, revoked ones used again."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from polar_django.exceptions import ActionRefused, ObjectNotFound
from polar_django.providers.base import SeatInvitation, SeatRequest
from polar_django.snapshots import BenefitGrantSnapshot, MemberSnapshot, SeatSnapshot


def assign(service: Any, request: SeatRequest) -> SeatSnapshot:
    purchase = service.objects.get(request.subscription_id or request.order_id)
    if purchase is None:
        raise ObjectNotFound("Not found.", status=404)
    of_this = [
        seat
        for seat in service.all(SeatSnapshot)
        if (seat.subscription_id or seat.order_id) == purchase.id
    ]
    taken = [seat for seat in of_this if seat.status != "revoked"]
    member = _member(service, purchase.customer_id, request)
    if any(seat.member_id == member.id for seat in taken):
        raise ActionRefused("Already.", status=400, code="SeatAlreadyAssigned")
    if len(taken) >= (purchase.seats or 0):
        raise ActionRefused("None is free.", status=400, code="SeatNotAvailable")
    now = timezone.now()
    free = next((seat for seat in of_this if seat.status == "revoked"), None)
    seat = service.put(
        SeatSnapshot(
            id=free.id if free else f"seat-{uuid.uuid4()}",
            subscription_id=request.subscription_id or None,
            order_id=request.order_id or None,
            customer_id=purchase.customer_id,
            member_id=member.id,
            email=member.email,
            status="pending",
            created_at=now,
            invitation_token_expires_at=now + timedelta(days=1),
        )
    )
    if request.immediate_claim:
        return _claim(service, seat)
    service.invitations[f"token-{member.email}"] = seat.id
    return seat


def _member(service: Any, customer_id: str, request: SeatRequest) -> MemberSnapshot:
    members = [item for item in service.all(MemberSnapshot) if item.customer_id == customer_id]
    if request.member_id:
        return next(item for item in members if item.id == request.member_id)
    known = next((item for item in members if item.email == request.email), None)
    if known is None:
        return service.put(
            MemberSnapshot(
                id=f"member-{uuid.uuid4()}",
                customer_id=customer_id,
                email=request.email,
                external_id=request.external_member_id or None,
            )
        )
    if request.external_member_id not in ("", known.external_id):
        raise ActionRefused("Mismatch.", status=400, code="InvalidSeatAssignmentRequest")
    return known


def revoke(service: Any, seat_id: str) -> SeatSnapshot:
    seat = _seat(service, seat_id)
    for grant in service.all(BenefitGrantSnapshot):
        if grant.member_id and grant.member_id == seat.member_id:
            service.change(grant.id, is_granted=False, is_revoked=True, revoked_at=timezone.now())
    return service.change(
        seat_id,
        status="revoked",
        revoked_at=timezone.now(),
        customer_id=None,
        member_id=None,
        email=None,
    )


def resend(service: Any, seat_id: str) -> SeatSnapshot:
    seat = _seat(service, seat_id)
    if seat.status != "pending":
        raise ActionRefused("Not pending.", status=400, code="SeatNotPending")
    service.invitations = {f"again-{seat.email}": seat.id}
    return service.change(seat_id, invitation_token_expires_at=timezone.now() + timedelta(days=1))


def invitation(service: Any, token: str) -> SeatInvitation:
    seat = _invited(service, token)
    return SeatInvitation(
        product_name="Team", organization_name="Inkwell", email=seat.email or "", can_claim=True
    )


def claim(service: Any, token: str) -> SeatSnapshot:
    seat = _invited(service, token)
    del service.invitations[token]
    return _claim(service, seat)


def _claim(service: Any, seat: SeatSnapshot) -> SeatSnapshot:
    purchase = service.objects[seat.subscription_id or seat.order_id]
    product = service.objects[purchase.product_id]
    now = timezone.now()
    for benefit_id in product.benefit_ids:
        service.put(
            BenefitGrantSnapshot(
                id=f"grant-{seat.id}-{seat.member_id}-{benefit_id}",
                customer_id=seat.customer_id,
                member_id=seat.member_id,
                benefit_id=benefit_id,
                subscription_id=seat.subscription_id,
                order_id=seat.order_id,
                is_granted=True,
                # Lists are read with a key of a second ago: what is granted later than that stays.
                granted_at=now - timedelta(seconds=5),
                for_team=True,
            )
        )
    return service.put(replace(seat, status="claimed", claimed_at=now))


def _invited(service: Any, token: str) -> SeatSnapshot:
    if token not in service.invitations:
        raise ActionRefused("Unknown.", status=400, code="InvalidInvitationToken")
    return service.objects[service.invitations[token]]


def _seat(service: Any, seat_id: str) -> SeatSnapshot:
    if seat_id not in service.objects:
        raise ObjectNotFound("Not found.", status=404)
    return service.objects[seat_id]
