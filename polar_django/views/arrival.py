"""`return/` and `status/`: where the buyer lands, and what became of the purchase.

The pay page adds a token to the address that opens the buyer's portal. It is taken off at once, by
a redirect, and is never stored or logged here.
"""

import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from polar_django.billing.confirm import confirm_checkout
from polar_django.billing.guests import checkouts_of_browser, claim_purchases
from polar_django.billing.ids import may_be_an_id
from polar_django.conf import get_settings
from polar_django.exceptions import PolarDjangoError, UnknownPlan
from polar_django.gating.addresses import safe_next
from polar_django.models import CheckoutSession
from polar_django.models.databases import primary
from polar_django.subscribers import resolve_subscriber
from polar_django.views.buyers import (
    address_set_as,
    buyers_only,
    guests_too,
    keep_private,
    see_other,
    sign_in_page,
    stay_address,
)
from polar_django.views.refusals import refusal_page
from polar_django.views.transactions import outside_transactions

logger = logging.getLogger(__name__)


@login_not_required
@outside_transactions
@require_safe
def arrive(request: HttpRequest) -> HttpResponse:
    """303 onwards when the purchase is active, else a page that waits or says what went wrong.

    Everything but the checkout's id is taken off the address first, before signing in. 404 for a
    checkout that is not this subscriber's, whether or not it exists.
    """
    if set(request.GET) - {"checkout_id"}:
        query = urlencode({"checkout_id": request.GET.get("checkout_id", "")})
        response: HttpResponse = see_other(f"{request.path}?{query}")
    else:
        response = _show_outcome(request)
    response["Referrer-Policy"] = "no-referrer"
    return keep_private(response)


@login_not_required
@outside_transactions
@require_safe
def tell_status(request: HttpRequest) -> HttpResponse:
    """`{"state": "pending" | "active" | "failed"}` of the subscriber's own checkout, else 404.

    503 with "pending" where we cannot ask: a setting is wrong, and the purchase is not lost.
    """
    try:
        state = confirm_checkout(_own_checkout(request, resolve_subscriber(request)))
    except PolarDjangoError as error:
        logger.error("A checkout's status cannot be told: %s: %s", type(error).__name__, error)
        return keep_private(JsonResponse({"state": "pending"}, status=503))
    return keep_private(JsonResponse({"state": state}))


def _show_outcome(request: HttpRequest) -> HttpResponse:
    is_guests = request.GET.get("checkout_id") in checkouts_of_browser(request)
    return (guests_too if is_guests else buyers_only)(_told)(request)


def _told(request: HttpRequest, subscriber: Any) -> HttpResponse:
    try:
        return _outcome(request, subscriber)
    except PolarDjangoError as error:
        return refusal_page(request, error, again=stay_address(request), may_have_paid=True)


def _outcome(request: HttpRequest, subscriber: Any) -> HttpResponse:
    checkout = _own_checkout(request, subscriber)
    state = confirm_checkout(checkout)
    if state == "active" and checkout.subscriber_id is None and subscriber is not None:
        claim_purchases(subscriber)
        checkout.refresh_from_db(using=primary())
    if state == "active" and (subscriber is None or checkout.subscriber_id != subscriber.pk):
        return _thank(request, checkout, subscriber)
    if state == "active":
        target = safe_next(request, checkout.next_url)
        return see_other(target or address_set_as("success_url"))
    query = urlencode({"checkout_id": checkout.pk})
    context = {
        "checkout": checkout,
        "status_url": f"{reverse('polar:status')}?{query}",
        "again_url": _again(request, checkout),
    }
    return render(request, f"polar/checkout_{state}.html", context)


def _again(request: HttpRequest, checkout: CheckoutSession) -> str:
    """The page that sells the plan, with the way back that this checkout had; `UPGRADE_URL` for a
    plan of the project's code, which no page sells."""
    if not checkout.plan:
        return ""
    try:
        get_settings().plan(checkout.plan, request)
    except UnknownPlan:
        return address_set_as("upgrade_url")
    address = reverse("polar:checkout", args=[checkout.plan])
    back = safe_next(request, checkout.next_url)
    return f"{address}?{urlencode({'next': back})}" if back else address


def _thank(request: HttpRequest, checkout: CheckoutSession, subscriber: Any) -> HttpResponse:
    """A guest has paid, and the purchase waits for the account of the address it was paid with."""
    sign_in = "" if subscriber is not None else sign_in_page(request)["Location"]
    context = {"checkout": checkout, "sign_in_url": sign_in}
    return render(request, "polar/checkout_thanks.html", context)


def _own_checkout(request: HttpRequest, subscriber: Any) -> CheckoutSession:
    """The subscriber's, or one that this very browser has made as a guest."""
    checkout_id = request.GET.get("checkout_id", "")
    found = CheckoutSession.objects.filter(pk=checkout_id)
    if checkout_id not in checkouts_of_browser(request):
        if subscriber is None:
            raise Http404("There is no such checkout.")
        found = found.filter(subscriber=subscriber)
    checkout = found.first() if may_be_an_id(checkout_id) else None
    if checkout is None:
        raise Http404("There is no such checkout.")
    return checkout
