"""The portal's buttons: each one reads its form, calls the engine once, and goes back."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from polar_django.sandbox.cards import UnknownCard, find_card
from polar_django.sandbox.engine import pauses, pending, plan_changes, seats, subscriptions
from polar_django.sandbox.engine.payment_methods import replace_card
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import CustomerSession, Seat, Subscription
from polar_django.sandbox.pages.page import SeeOther, page
from polar_django.sandbox.pages.plan_choices import BEHAVIORS
from polar_django.sandbox.pages.portal import REASONS
from polar_django.sandbox.pages.portal_door import TOKEN, may_manage, over, session_of

__all__ = [
    "assign_seat",
    "cancel",
    "change_plan",
    "change_seats",
    "keep_plan",
    "pause",
    "replace_payment_method",
    "resend_seat",
    "resume",
    "revoke_seat",
    "uncancel",
    "unpause",
]

Act = Callable[..., str]


def _button(act: Act) -> Callable[..., HttpResponse]:
    """A POST by whom the token lets in; `act` gets the session, and says what the page tells."""

    @page("POST", by_secret=True)
    @wraps(act)
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        session = session_of(request)
        if session is None:
            return over(request)
        if not may_manage(session):
            raise ResourceNotFound
        done = act(request, session, **named)
        query = urlencode({TOKEN: session.token, "done": done})
        return SeeOther(f"{reverse('polar_sandbox:portal')}?{query}")

    return view


def _own(session: CustomerSession, subscription_id: UUID) -> Subscription:
    found = session.customer.subscriptions.filter(pk=subscription_id).first()
    if found is None:
        raise ResourceNotFound
    return subscriptions.get(found.id)


@_button
def cancel(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Cancel at the end of the period, with an optional `reason` and `comment`."""
    reason = request.POST.get("reason", "")
    subscriptions.cancel_at_period_end(
        _own(session, subscription_id),
        reason=reason if reason in REASONS else None,
        comment=request.POST.get("comment", "").strip() or None,
    )
    return "canceled"


@_button
def uncancel(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Take a scheduled end back."""
    subscriptions.uncancel(_own(session, subscription_id))
    return "uncanceled"


@_button
def change_plan(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """`product_id` of the new plan, and `behavior` of `BEHAVIORS`."""
    row = _own(session, subscription_id)
    product_id = _uuid(request, "product_id")
    plan_changes.change_product(row, product_id, _behavior(request))
    return "changed"


@_button
def keep_plan(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Drop the change that waits for the next period."""
    pending.clear_pending(_own(session, subscription_id))
    return "kept"


@_button
def pause(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Pause at the end of the period."""
    pauses.schedule_pause(_own(session, subscription_id))
    return "pausing"


@_button
def unpause(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Take a scheduled pause back."""
    pauses.unschedule_pause(_own(session, subscription_id))
    return "unpaused"


@_button
def resume(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """End a pause now."""
    pauses.resume_now(_own(session, subscription_id))
    return "resumed"


@_button
def change_seats(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """How many `seats` there shall be, and `behavior` of `BEHAVIORS`."""
    text = request.POST.get("seats", "")
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 10_000:
        raise invalid("Give a number of seats from 1 to 10000.", "seats", value=text)
    plan_changes.change_seats(_own(session, subscription_id), int(text), _behavior(request))
    return "seats"


@_button
def assign_seat(request: HttpRequest, session: CustomerSession, subscription_id: UUID) -> str:
    """Give a free seat to an `email`; with `immediate_claim` it is taken at once."""
    email = request.POST.get("email", "").strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise invalid("Give the e-mail address of the person.", "email", value=email) from error
    data = {"email": email, "immediate_claim": "immediate_claim" in request.POST}
    source = seats.find_source(subscription_id=_own(session, subscription_id).id)
    seats.assign_seat(source, data)
    return "invited"


@_button
def resend_seat(request: HttpRequest, session: CustomerSession, seat_id: UUID) -> str:
    """A new invitation."""
    seats.resend_invitation(_own_seat(session, seat_id))
    return "resent"


@_button
def revoke_seat(request: HttpRequest, session: CustomerSession, seat_id: UUID) -> str:
    """Take a seat back from who holds it."""
    seats.revoke_seat(_own_seat(session, seat_id))
    return "seat-revoked"


@_button
def replace_payment_method(request: HttpRequest, session: CustomerSession) -> str:
    """Another test `card`; what could not be charged is tried at once."""
    try:
        card = find_card(request.POST.get("card", ""))
    except UnknownCard as error:
        raise invalid(str(error), "card") from error
    replace_card(session.customer, card)
    return "card"


def _own_seat(session: CustomerSession, seat_id: UUID) -> Seat:
    found = (
        Seat.objects.filter(pk=seat_id, subscription__customer=session.customer)
        .select_related("customer", "member", "subscription", "order")
        .first()
    )
    if found is None:
        raise ResourceNotFound
    return found


def _uuid(request: HttpRequest, name: str) -> UUID:
    text = request.POST.get(name, "")
    try:
        return UUID(text)
    except ValueError as error:
        raise invalid("Choose one of the plans.", name, value=text) from error


def _behavior(request: HttpRequest) -> str | None:
    """How the difference is billed; None leaves it to the organization."""
    given = request.POST.get("behavior")
    return given if given in BEHAVIORS else None
