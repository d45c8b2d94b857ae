"""`seats/`: who sits where in a team's purchases, and the page on which an invitation is taken."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from polar_django.billing.ids import LONGEST_ID, may_be_an_id
from polar_django.billing.seating import purchases_with_seats, seats_of
from polar_django.billing.seats import (
    VOID_INVITATION,
    assign_seat,
    claim_seat,
    find_claimed_seat,
    get_seat_invitation,
    resend_seat_invitation,
    revoke_seat,
)
from polar_django.exceptions import (
    ActionRefused,
    CustomerConflict,
    InvalidRequest,
    PolarDjangoError,
)
from polar_django.models import Seat
from polar_django.providers.base import SeatInvitation
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import (
    address_set_as,
    buyers_only,
    keep_private,
    see_other,
    sign_in_page,
    stay_address,
)
from polar_django.views.refusals import not_allowed_page, refusal_page
from polar_django.views.transactions import outside_transactions

_NOT_ASSIGNED: dict[str, Any] = {
    "SeatNotAvailable": gettext_lazy("All seats are taken."),
    "SeatAlreadyAssigned": gettext_lazy("This person has a seat already."),
    "SeatNotPending": gettext_lazy("This seat is taken, or was revoked."),
}


class SeatForm(forms.Form):
    """Whom to invite, and into which purchase."""

    purchase = forms.CharField(max_length=LONGEST_ID)
    email = forms.EmailField(max_length=320, label=gettext_lazy("E-mail address"))


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_only
def manage(request: HttpRequest, subscriber: Any) -> HttpResponse:
    """GET: the seats of the subscriber's purchases. POST: invite an address to one."""
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    if request.method != "POST":
        return _page(request, subscriber)
    form = SeatForm(request.POST)
    if not form.is_valid():
        return _page(request, subscriber, form, status=400)
    wanted = form.cleaned_data["purchase"]
    purchase = next((row for row in purchases_with_seats(subscriber) if row.pk == wanted), None)
    if purchase is None:
        raise Http404("There is no such purchase.")
    return _act(
        request,
        lambda: assign_seat(purchase, email=form.cleaned_data["email"]),
        _("The invitation is on its way."),
    )


@require_POST
@buyers_only
def revoke(request: HttpRequest, subscriber: Any, seat_id: str) -> HttpResponse:
    """Take a seat back; 404 for another's."""
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    seat = _own_seat(subscriber, seat_id)
    return _act(request, lambda: revoke_seat(seat), _("The seat is free again."))


@require_POST
@buyers_only
def resend(request: HttpRequest, subscriber: Any, seat_id: str) -> HttpResponse:
    """Send an invitation again; 404 for another's."""
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    seat = _own_seat(subscriber, seat_id)
    return _act(request, lambda: resend_seat_invitation(seat), _("The invitation was sent again."))


@outside_transactions
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, token: str) -> HttpResponse:
    """GET: what the invitation offers, and a button. POST: takes the seat, 303 onwards.

    For whoever is signed in and has the token, subscriber or not; 404 for one that is void, but
    onwards too where this user has taken the seat with it.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return keep_private(sign_in_page(request))
    try:
        if request.method == "POST":
            claim_seat(token, user)
            return _seated(request)
        invitation = _invitation(token, user)
        if invitation is None:
            return _seated(request)
    except VOID_INVITATION:
        raise Http404("There is no such invitation.") from None
    except CustomerConflict:
        page = render(request, "polar/seat_claim.html", {"invitation": None}, status=409)
        return keep_private(page)
    except PolarDjangoError as error:
        return keep_private(refusal_page(request, error, again=stay_address(request)))
    if not invitation.can_claim:
        raise Http404("There is no such invitation.")
    return keep_private(render(request, "polar/seat_claim.html", {"invitation": invitation}))


def _invitation(token: str, user: Any) -> SeatInvitation | None:
    """None where this user has the seat already. Raises one of VOID_INVITATION."""
    try:
        return get_seat_invitation(token)
    except VOID_INVITATION:
        if find_claimed_seat(token, user) is None:
            raise
        return None


def _seated(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("The seat is yours."), fail_silently=True)
    return keep_private(see_other(address_set_as("success_url")))


def _act(request: HttpRequest, verb: Callable[[], Any], done: str) -> HttpResponse:
    """Do it, and go back to the list with a message of what became of it."""
    try:
        verb()
    except ActionRefused as refusal:
        if refusal.code not in _NOT_ASSIGNED:
            raise
        messages.error(request, _NOT_ASSIGNED[refusal.code], fail_silently=True)
    except InvalidRequest:
        messages.error(request, _("This address cannot be invited."), fail_silently=True)
    else:
        messages.success(request, done, fail_silently=True)
    return see_other(reverse("polar:seats"))


def _own_seat(subscriber: Any, seat_id: str) -> Seat:
    found = seats_of(subscriber).filter(pk=seat_id).first() if may_be_an_id(seat_id) else None
    if found is None:
        raise Http404("There is no such seat.")
    return found


def _page(
    request: HttpRequest, subscriber: Any, form: SeatForm | None = None, *, status: int = 200
) -> HttpResponse:
    purchases = purchases_with_seats(subscriber)
    seats = list(seats_of(subscriber).exclude(status="revoked"))
    rows = []
    for purchase in purchases:
        held = [seat for seat in seats if purchase.pk in (seat.subscription_id, seat.order_id)]
        free = max(0, (purchase.seats or 0) - len(held))
        rows.append({"purchase": purchase, "seats": held, "free": free})
    context = {"rows": rows, "form": form or SeatForm()}
    return render(request, "polar/seats.html", context, status=status)
