"""Tables of the customer's page: what was bought, what is used, and by whom."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.db.models import Model, Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from polar_django.admin.columns import link_to, money, tag
from polar_django.admin.panels import Panel, table, when
from polar_django.admin.redaction import masked, named
from polar_django.models import (
    CheckoutSession,
    Customer,
    CustomerMeter,
    LicenseKey,
    Member,
    Order,
    Refund,
    Seat,
    Subscription,
)

__all__ = [
    "MOST",
    "all_of",
    "checkout_panel",
    "license_key_panel",
    "member_panel",
    "meter_panel",
    "order_panel",
    "orders_of",
    "refund_panel",
    "seat_panel",
    "subscription_panel",
    "subscriptions_of",
]

# The newest of each kind.
MOST = 25


def subscriptions_of(customer: Customer) -> list[Subscription]:
    """The latest, with their products. One query."""
    found = Subscription.objects.filter(customer=customer).select_related("product")
    return list(found.defer("raw", "product__raw").order_by("-started_at", "pk")[:MOST])


def orders_of(customer: Customer) -> list[Order]:
    """The latest, with their products. One query."""
    found = Order.objects.filter(customer=customer).select_related("product")
    return list(found.defer("raw", "product__raw").order_by("-created_at", "pk")[:MOST])


def subscription_panel(customer: Customer, site: AdminSite, found: Sequence[Subscription]) -> Panel:
    """The subscriptions of `subscriptions_of`. No query."""
    rows = (
        (
            link_to(row, site, str(row.product or row.product_id or row.pk)),
            tag(row.status),
            money(row.amount, row.currency),
            _period(row),
            row.seats or "",
        )
        for row in found
    )
    heads = (_("Product"), _("Status"), _("Price"), _("What comes next"), _("Seats"))
    return _newest(customer, site, "subscriptions", _("Subscriptions"), heads, rows, Subscription)


def order_panel(customer: Customer, site: AdminSite, found: Sequence[Order]) -> Panel:
    """The orders of `orders_of`. No query."""
    rows = (
        (
            link_to(row, site),
            when(row.created_at),
            tag(row.status),
            money(row.total_amount, row.currency),
            money(row.refunded_amount, row.currency) if row.refunded_amount else "",
            str(row.product or row.product_id or row.description),
        )
        for row in found
    )
    heads = (_("Invoice"), _("When"), _("Status"), _("Total"), _("Refunded"), _("For"))
    return _newest(customer, site, "orders", _("Orders"), heads, rows, Order)


def refund_panel(customer: Customer, site: AdminSite) -> Panel | None:
    """Money given back; None where nothing was. One query."""
    found = Refund.objects.filter(customer=customer).select_related("order")
    refunds = found.defer("raw", "order__raw").order_by("-created_at", "pk")[:MOST]
    rows = [
        (
            link_to(row, site, when(row.created_at) or row.pk),
            link_to(row.order, site),
            tag(row.status),
            money(row.amount, row.currency),
            row.reason.replace("_", " "),
        )
        for row in refunds
    ]
    heads = (_("When"), _("Order"), _("Status"), _("Net amount"), _("Reason"))
    return _unless_none(_newest(customer, site, "refunds", _("Refunds"), heads, rows, Refund))


def meter_panel(customer: Customer, site: AdminSite) -> Panel | None:
    """What was used; None without meters. One query."""
    found = CustomerMeter.objects.filter(customer=customer).select_related("meter")
    rows = [
        (
            str(row.meter.name or row.meter.key or row.meter_id) if row.meter else row.meter_id,
            f"{row.consumed_units:g}",
            row.credited_units,
            f"{row.balance:g}",
        )
        for row in found.defer("raw", "meter__raw").order_by("pk")[:MOST]
    ]
    heads = (_("Meter"), _("Used"), _("Credited"), _("Balance"))
    return _unless_none(_newest(customer, site, "meters", _("Usage"), heads, rows, CustomerMeter))


def license_key_panel(customer: Customer, site: AdminSite) -> Panel | None:
    """License keys; None without any. One query."""
    found = LicenseKey.objects.filter(customer=customer).select_related("benefit")
    rows = [
        (
            link_to(row, site, row.display_key or row.pk),
            tag(row.status),
            str(row.benefit or row.benefit_id or ""),
            row.validations,
            when(row.expires_at),
        )
        for row in found.defer("raw", "benefit__raw").order_by("-created_at", "pk")[:MOST]
    ]
    heads = (_("Key"), _("Status"), _("Benefit"), _("Validations"), _("Expires"))
    title = _("License keys")
    return _unless_none(_newest(customer, site, "keys", title, heads, rows, LicenseKey))


def member_panel(customer: Customer, site: AdminSite, *, personal: bool) -> Panel | None:
    """The people of a team; an individual is its own one member. One query."""
    if customer.type != "team":
        return None
    found = Member.objects.filter(customer=customer).select_related("user")
    rows = (
        (
            link_to(row, site, masked(row.email, personal=personal) or row.pk),
            row.role,
            _user(row, site, personal),
            when(row.deleted_at),
        )
        for row in found.defer("raw").order_by("deleted_at", "pk")[:MOST]
    )
    heads = (_("Member"), _("Role"), _("User"), _("Removed"))
    return _newest(customer, site, "members", _("Members"), heads, rows, Member)


def seat_panel(
    customer: Customer, site: AdminSite, bought: Sequence[Subscription | Order], *, personal: bool
) -> Panel | None:
    """The seats of these purchases; None without any. One query."""
    held = Q(customer=customer)
    keys = [row.pk for row in bought if row.seats]
    held |= Q(subscription__in=keys) | Q(order__in=keys)
    found = Seat.objects.filter(held).select_related("member__user").defer("raw", "member__raw")
    rows = [
        (
            link_to(row, site, masked(row.email or row.last_email, personal=personal)),
            tag(row.status),
            _user(row.member, site, personal),
            when(row.claimed_at),
        )
        for row in found.order_by("status", "pk")[:MOST]
    ]
    heads = (_("Seat of"), _("Status"), _("User"), _("Claimed"))
    return _unless_none(_newest(customer, site, "seats", _("Seats"), heads, rows, Seat))


def checkout_panel(customer: Customer, site: AdminSite) -> Panel | None:
    """Pay pages that were opened; None without any. One query."""
    found = CheckoutSession.objects.filter(customer=customer).select_related("product")
    newest = found.defer("raw", "product__raw").order_by("-created_at", "pk")[:MOST]
    rows = [
        (
            link_to(row, site, when(row.created_at) or row.pk),
            tag(row.status),
            row.plan or str(row.product or ""),
            money(row.total_amount, row.currency),
        )
        for row in newest
    ]
    heads = (_("When"), _("Status"), _("Plan"), _("Total"))
    title = _("Checkouts")
    return _unless_none(_newest(customer, site, "checkouts", title, heads, rows, CheckoutSession))


def all_of(model: type[Model], customer: Customer, site: AdminSite) -> str:
    """The address of the list of all of this model that are the customer's."""
    url = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    query = urlencode({"customer__id__exact": customer.pk})
    return f"{reverse(url, current_app=site.name)}?{query}"


def _newest(
    customer: Customer,
    site: AdminSite,
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    model: type[Model],
) -> Panel:
    """A panel that leads to all, where it may not show all."""
    listed = list(rows)
    more = all_of(model, customer, site) if len(listed) >= MOST else ""
    return table(name, title, heads, listed, more=more)


def _user(member: Member | None, site: AdminSite, personal: bool) -> str:
    """Who a member is here; "" where that is not known."""
    user = member.user if member is not None else None
    return link_to(user, site, named(user, personal=personal)) if user is not None else ""


def _unless_none(panel: Panel) -> Panel | None:
    return panel if panel.rows else None


def _period(row: Subscription) -> str:
    """What happens to a subscription next, in words."""
    if row.ended_at is not None:
        return _("Ended on %(when)s") % {"when": when(row.ended_at)}
    if row.cancel_at_period_end:
        ends = row.ends_at or row.current_period_end
        return _("Ends on %(when)s") % {"when": when(ends)}
    if row.status == "past_due":
        return _("Unpaid since %(when)s") % {"when": when(row.past_due_at)}
    if row.status == "paused":
        return _("Paused since %(when)s") % {"when": when(row.paused_at)}
    if row.status == "trialing":
        return _("In trial until %(when)s") % {"when": when(row.trial_end)}
    return _("Renews on %(when)s") % {"when": when(row.current_period_end)}
