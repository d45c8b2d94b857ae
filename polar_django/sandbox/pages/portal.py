"""The customer portal: one customer's subscriptions, orders and benefits, by a portal token."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from polar_django.sandbox.engine import subscriptions
from polar_django.sandbox.engine.sessions import find_session
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import BILLABLE_STATUSES, CustomerSession, Subscription
from polar_django.sandbox.pages.page import SeeOther, page, show

__all__ = ["cancel", "invoice", "portal", "uncancel"]

TOKEN = "customer_session_token"
ADDRESS_LINES = ("line1", "line2", "postal_code", "city", "state", "country")

# Polar's own list, with what its portal asks.
REASONS = {
    "too_expensive": "Too expensive",
    "missing_features": "Missing features",
    "switched_service": "Switched to another service",
    "unused": "I do not use it",
    "customer_service": "Customer service",
    "low_quality": "Low quality",
    "too_complex": "Too complex",
    "other": "Another reason",
}
# What the page says after a POST, by the name in its address.
NEWS = {
    "canceled": "Canceled. You keep access until the end of the period.",
    "uncanceled": "Welcome back. Your subscription renews as before.",
}


@page("GET", by_secret=True)
def portal(request: HttpRequest) -> HttpResponse:
    """Everything one customer holds."""
    session = find_session(request.GET.get(TOKEN, ""))
    if session is None:
        return _over(request)
    customer = session.customer
    bought = customer.subscriptions.select_related("product").order_by("-created_at")
    grants = customer.grants.filter(granted_at__isnull=False, revoked_at=None)
    return _show(
        request,
        session,
        "portal",
        {
            "subscriptions": bought,
            "billable": BILLABLE_STATUSES,
            "orders": customer.orders.select_related("product").order_by("-created_at"),
            "grants": grants.select_related("benefit").order_by("created_at"),
            "reasons": REASONS,
            "news": NEWS.get(request.GET.get("done", "")),
        },
    )


@page("GET", by_secret=True)
def invoice(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order, to read or to print. 404 for another customer's."""
    session = find_session(request.GET.get(TOKEN, ""))
    if session is None:
        return _over(request)
    orders = session.customer.orders.select_related("product", "customer")
    order = orders.filter(pk=order_id).first()
    if order is None:
        raise ResourceNotFound
    address = order.billing_address or {}
    lines = [address[name] for name in ADDRESS_LINES if address.get(name)]
    context = {"order": order, "items": order.items.order_by("created_at"), "address": lines}
    return _show(request, session, "invoice", context)


@page("POST", by_secret=True)
def cancel(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Cancel at the end of the period, with an optional `reason` and `comment`."""
    session = find_session(request.POST.get(TOKEN, ""))
    if session is None:
        return _over(request)
    reason = request.POST.get("reason", "")
    subscriptions.cancel_at_period_end(
        _own_subscription(session, subscription_id),
        reason=reason if reason in REASONS else None,
        comment=request.POST.get("comment", "").strip() or None,
    )
    return _back(session, "canceled")


@page("POST", by_secret=True)
def uncancel(request: HttpRequest, subscription_id: UUID) -> HttpResponse:
    """Take a scheduled end back."""
    session = find_session(request.POST.get(TOKEN, ""))
    if session is None:
        return _over(request)
    subscriptions.uncancel(_own_subscription(session, subscription_id))
    return _back(session, "uncanceled")


def _own_subscription(session: CustomerSession, subscription_id: UUID) -> Subscription:
    found = session.customer.subscriptions.filter(pk=subscription_id).first()
    if found is None:
        raise ResourceNotFound
    return subscriptions.get(found.id)


def _back(session: CustomerSession, done: str) -> HttpResponse:
    query = urlencode({TOKEN: session.token, "done": done})
    return SeeOther(f"{reverse('polar_sandbox:portal')}?{query}")


def _over(request: HttpRequest) -> HttpResponse:
    return show(request, "portal_over", {}, status=401)


def _show(
    request: HttpRequest, session: CustomerSession, template: str, context: dict[str, Any]
) -> HttpResponse:
    shared = {"session": session, "customer": session.customer, "token_name": TOKEN}
    return show(request, template, {**shared, **context})
