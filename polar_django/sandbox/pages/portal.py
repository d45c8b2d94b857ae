"""The customer portal: one customer's subscriptions, orders and benefits, by a portal token."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from polar_django.sandbox.cards import CARDS
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    BenefitGrant,
    CustomerMeter,
    CustomerSession,
    LicenseKey,
    PaymentMethod,
)
from polar_django.sandbox.pages.plan_choices import PlanCard, plan_cards
from polar_django.sandbox.pages.portal_door import inside, may_manage, require_manager, show_inside
from polar_django.sandbox.pages.portal_files import held_files

__all__ = ["NEWS", "REASONS", "invoice", "portal"]

ADDRESS_LINES = ("line1", "line2", "postal_code", "city", "state")

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
    "changed": "Your plan is changed.",
    "kept": "Your plan stays as it is.",
    "pausing": "Your subscription pauses at the end of the period.",
    "unpaused": "Your subscription does not pause.",
    "resumed": "Your subscription goes on.",
    "seats": "The number of seats is changed.",
    "invited": "The seat is given away. An invitation would be on its way by mail.",
    "resent": "The invitation has a new token.",
    "seat-revoked": "The seat is free again.",
    "card": "Your card is replaced.",
    "card-added": "The card is kept.",
    "card-chosen": "Renewals are charged to that card from now on.",
    "card-removed": "The card is forgotten.",
    "paid": "Paid. Your subscription goes on.",
    "deactivated": "The activation is gone.",
    "mail": "A mail with a link would be on its way to your new address.",
    "email": "Your new e-mail address counts from now on.",
}


@inside("GET")
def portal(request: HttpRequest, session: CustomerSession) -> HttpResponse:
    """Everything one customer holds; to a member who does not manage it, what that member holds."""
    manages = may_manage(session)
    settings = get_organization().settings["customer_portal_settings"]
    customer = session.customer
    return show_inside(
        request,
        session,
        "portal",
        {
            "manages": manages,
            "visitor": customer if manages else session.member,
            "plans": _plans(session, settings["subscription"]) if manages else [],
            "billable": BILLABLE_STATUSES,
            "orders": customer.orders.select_related("product").order_by("-created_at")
            if manages
            else [],
            "grants": _grants(session),
            "license_keys": _license_keys(session),
            "files": held_files(session),
            "meters": _meters(session) if settings["usage"]["show"] else [],
            "reasons": REASONS,
            "held_cards": _cards(session) if manages else [],
            "cards": CARDS,
            "may_change_email": manages and settings.get("customer", {}).get("allow_email_change"),
            "news": NEWS.get(request.GET.get("done", "")),
        },
    )


def _plans(session: CustomerSession, allowed: dict[str, Any]) -> list[PlanCard]:
    return plan_cards(
        session.customer,
        may_change_plan=bool(allowed["update_plan"]),
        may_change_seats=bool(allowed["update_seats"]),
    )


def _grants(session: CustomerSession) -> list[BenefitGrant]:
    """One for each benefit, whatever it was bought with and however many members hold it."""
    found = session.customer.grants.filter(granted_at__isnull=False, revoked_at=None)
    if not may_manage(session):
        found = found.filter(member=session.member)
    by_benefit: dict[UUID, BenefitGrant] = {}
    for grant in found.select_related("benefit").order_by("created_at"):
        by_benefit.setdefault(grant.benefit_id, grant)
    return list(by_benefit.values())


def _license_keys(session: CustomerSession) -> QuerySet[LicenseKey]:
    found = session.customer.license_keys.exclude(status="revoked")
    if not may_manage(session):
        found = found.filter(member=session.member)
    return found.select_related("benefit").prefetch_related("activations").order_by("created_at")


def _cards(session: CustomerSession) -> QuerySet[PaymentMethod]:
    return session.customer.payment_methods.filter(deleted_at=None).order_by("-created_at")


def _meters(session: CustomerSession) -> QuerySet[CustomerMeter]:
    return session.customer.meters.select_related("meter").order_by("created_at")


@inside("GET")
def invoice(request: HttpRequest, session: CustomerSession, order_id: UUID) -> HttpResponse:
    """One order, to read or to print. 404 for another customer's."""
    require_manager(session)
    order = session.customer.orders.select_related("product").filter(pk=order_id).first()
    if order is None:
        raise ResourceNotFound
    address = order.billing_address or {}
    lines = [address[name] for name in ADDRESS_LINES if address.get(name)]
    context = {"order": order, "items": order.items.order_by("created_at"), "address": lines}
    return show_inside(request, session, "invoice", context)
