"""The portal's buttons: each one reads its form, calls the engine once, and goes back."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest

from polar_django.sandbox.engine import pauses, pending, plan_changes, seats, subscriptions
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import CustomerSession, Seat
from polar_django.sandbox.pages.portal import REASONS
from polar_django.sandbox.pages.portal_door import button
from polar_django.sandbox.pages.portal_forms import (
    behavior_of,
    own_subscription,
    product_of,
    seats_wanted,
)

__all__ = [
    "assign_seat",
    "cancel",
    "change_plan",
    "change_seats",
    "keep_plan",
    "pause",
    "resend_seat",
    "resume",
    "revoke_seat",
    "uncancel",
    "unpause",
]


@button
def cancel(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Cancel at the end of the period, with an optional `reason` and `comment`."""
    reason = request.POST.get("reason", "")
    subscriptions.cancel_at_period_end(
        own_subscription(session, subscription_id),
        reason=reason if reason in REASONS else None,
        comment=request.POST.get("comment", "").strip() or None,
    )
    return "canceled"


@button
def uncancel(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Take a scheduled end back."""
    subscriptions.uncancel(own_subscription(session, subscription_id))
    return "uncanceled"


@button
def change_plan(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """`product_id` of the new plan, and `behavior` of `BEHAVIORS`."""
    row = own_subscription(session, subscription_id)
    product_id = product_of(request.POST)
    plan_changes.change_product(row, product_id, behavior_of(request.POST))
    return "changed"


@button
def keep_plan(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Drop the change that waits for the next period."""
    pending.clear_pending(own_subscription(session, subscription_id))
    return "kept"


@button
def pause(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Pause at the end of the period."""
    pauses.schedule_pause(own_subscription(session, subscription_id))
    return "pausing"


@button
def unpause(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Take a scheduled pause back."""
    pauses.unschedule_pause(own_subscription(session, subscription_id))
    return "unpaused"


@button
def resume(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """End a pause now."""
    pauses.resume_now(own_subscription(session, subscription_id))
    return "resumed"


@button
def change_seats(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """How many `seats` there shall be, and `behavior` of `BEHAVIORS`."""
    plan_changes.change_seats(
        own_subscription(session, subscription_id),
        seats_wanted(request.POST),
        behavior_of(request.POST),
    )
    return "seats"


@button
def assign_seat(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Give a free seat to an `email`; with `immediate_claim` it is taken at once."""
    email = request.POST.get("email", "").strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise invalid("Give the e-mail address of the person.", "email", value=email) from error
    data = {"email": email, "immediate_claim": "immediate_claim" in request.POST}
    source = seats.find_source(subscription_id=own_subscription(session, subscription_id).id)
    seats.assign_seat(source, data)
    return "invited"


@button
def resend_seat(request: HttpRequest, session: CustomerSession, seat_id: UUID) -> str:
    """A new invitation."""
    seats.resend_invitation(_own_seat(session, seat_id))
    return "resent"


@button
def revoke_seat(request: HttpRequest, session: CustomerSession, seat_id: UUID) -> str:
    """Take a seat back from who holds it."""
    seats.revoke_seat(_own_seat(session, seat_id))
    return "seat-revoked"


def _own_seat(session: CustomerSession, seat_id: UUID) -> Seat:
    found = (
        Seat.objects.filter(pk=seat_id, subscription__customer=session.customer)
        .select_related("customer", "member", "subscription", "order")
        .first()
    )
    if found is None:
        raise ResourceNotFound
    return found
