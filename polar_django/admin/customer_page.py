"""One customer whole: who they are, what they hold and why, what they paid, and what happened.

What the colleague with an angry customer on the phone needs on one page. Some twenty queries,
however much there is: each panel shows the newest, and leads to the list of all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.admin.columns import dashboard_url, link_to, money, tag
from polar_django.admin.deliveries_of import troubled_deliveries
from polar_django.admin.grant_panels import grant_panel
from polar_django.admin.panels import Fact, Panel, table, when
from polar_django.admin.reasons import benefit_name, explained
from polar_django.admin.redaction import masked, may_view_personal_data
from polar_django.admin.timeline import news_of, staff_actions_on, timeline
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    CustomerMeter,
    LicenseKey,
    Member,
    Order,
    Refund,
    Seat,
    Subscription,
    WebhookDelivery,
)

__all__ = ["CustomerPage"]

# The newest of each kind; live grants are what is asked about most.
_MOST = 25
_MOST_LIVE = 100


@dataclass
class CustomerPage:
    """What the page shows of one customer to this member of staff."""

    customer: Customer
    request: HttpRequest = field(repr=False)
    site: AdminSite = field(repr=False)

    @cached_property
    def personal(self) -> bool:
        """Whether names and addresses may be shown."""
        return may_view_personal_data(self.request)

    @property
    def notices(self) -> Iterator[str]:
        """What to know before anything else."""
        if self.customer.deleted_at is not None:
            day = when(self.customer.deleted_at)
            yield _("Deleted at the provider on %(day)s.") % {"day": day}
        if self.customer.subscriber is None:
            yield _(
                "Unclaimed: nobody here is this customer, so that what was bought opens nothing. "
                "Link it to a subscriber."
            )
        if count := len(self._troubled):
            yield ngettext(
                "%(count)s delivery about this customer could not be processed: see below.",
                "%(count)s deliveries about this customer could not be processed: see below.",
                count,
            ) % {"count": count}

    @property
    def facts(self) -> list[Fact]:
        """Who this is."""
        row = self.customer
        url = dashboard_url(row)
        link = format_html('<a href="{}" rel="noreferrer" target="_blank">{} ↗</a>', url, row.pk)
        seen = when(row.as_of) or _("never whole, only within other objects")
        return [
            Fact(label=_("Subscriber"), value=link_to(row.subscriber, self.site) or "-"),
            Fact(label=_("Name"), value=masked(row.name, personal=self.personal) or "-"),
            Fact(label=_("E-mail"), value=masked(row.email, personal=self.personal) or "-"),
            Fact(label=_("At %(name)s") % {"name": row.provider}, value=link if url else row.pk),
            Fact(label=_("External id"), value=row.external_id or "-"),
            Fact(label=_("Kind"), value=row.type),
            Fact(label=_("Customer since"), value=when(row.created_at) or "-"),
            Fact(label=_("As the provider said on"), value=seen),
        ]

    @property
    def panels(self) -> list[Panel]:
        """All there is to see, what is asked for most first."""
        found = [
            self._subscription_panel(),
            grant_panel("live", _("Benefits held now"), self._live_grants, self.site),
            self._past_grants(),
            self._order_panel(),
            self._refund_panel(),
            self._meter_panel(),
            self._license_keys(),
            self._member_panel(),
            self._seat_panel(),
            self._checkout_panel(),
            self._delivery_panel(),
            self._timeline_panel(),
        ]
        return [panel for panel in found if panel is not None]

    @cached_property
    def _held(self) -> Q:
        """The customer's grants, and what its subscriber was given by hand."""
        held = Q(customer=self.customer)
        if self.customer.subscriber_id is not None:
            held |= Q(subscriber_id=self.customer.subscriber_id, provider=LOCAL)
        return held

    @cached_property
    def _live_grants(self) -> list[BenefitGrant]:
        return explained(BenefitGrant.objects.active().filter(self._held), _MOST_LIVE)

    @cached_property
    def _other_grants(self) -> list[BenefitGrant]:
        shown = [grant.pk for grant in self._live_grants]
        return explained(BenefitGrant.objects.filter(self._held).exclude(pk__in=shown), _MOST)

    @cached_property
    def _subscriptions(self) -> list[Subscription]:
        found = Subscription.objects.filter(customer=self.customer)
        found = found.select_related("product", "discount")
        newest = found.defer("raw", "product__raw", "discount__raw").order_by("-started_at", "pk")
        return list(newest[:_MOST])

    @cached_property
    def _orders(self) -> list[Order]:
        found = Order.objects.filter(customer=self.customer).select_related("product")
        return list(found.defer("raw", "product__raw").order_by("-created_at", "pk")[:_MOST])

    @cached_property
    def _troubled(self) -> list[WebhookDelivery]:
        return troubled_deliveries(self.customer)

    def _subscription_panel(self) -> Panel:
        rows = (
            (
                link_to(row, self.site, str(row.product or row.product_id or row.pk)),
                tag(row.status),
                money(row.amount, row.currency),
                _period(row),
                row.seats or "",
            )
            for row in self._subscriptions
        )
        heads = (_("Product"), _("Status"), _("Price"), _("What comes next"), _("Seats"))
        return self._table("subscriptions", _("Subscriptions"), heads, rows, model=Subscription)

    def _past_grants(self) -> Panel:
        more = self._all(BenefitGrant)
        return grant_panel("past", _("Benefits held before"), self._other_grants, self.site, more)

    def _order_panel(self) -> Panel:
        rows = (
            (
                link_to(row, self.site),
                when(row.created_at),
                tag(row.status),
                money(row.total_amount, row.currency),
                money(row.refunded_amount, row.currency) if row.refunded_amount else "",
                str(row.product or row.product_id or row.description),
            )
            for row in self._orders
        )
        heads = (_("Invoice"), _("When"), _("Status"), _("Total"), _("Refunded"), _("For"))
        return self._table("orders", _("Orders"), heads, rows, model=Order)

    def _refund_panel(self) -> Panel | None:
        found = Refund.objects.filter(customer=self.customer).select_related("order")
        refunds = found.defer("raw", "order__raw").order_by("-created_at", "pk")[:_MOST]
        rows = [
            (
                link_to(row, self.site, when(row.created_at) or row.pk),
                link_to(row.order, self.site),
                tag(row.status),
                money(row.amount, row.currency),
                row.reason.replace("_", " "),
            )
            for row in refunds
        ]
        heads = (_("When"), _("Order"), _("Status"), _("Net amount"), _("Reason"))
        return self._table("refunds", _("Refunds"), heads, rows, model=Refund) if rows else None

    def _meter_panel(self) -> Panel | None:
        found = CustomerMeter.objects.filter(customer=self.customer).select_related("meter")
        rows = [
            (
                str(row.meter.name or row.meter.key or row.meter_id) if row.meter else row.meter_id,
                f"{row.consumed_units:g}",
                row.credited_units,
                f"{row.balance:g}",
            )
            for row in found.defer("raw", "meter__raw").order_by("pk")[:_MOST]
        ]
        heads = (_("Meter"), _("Used"), _("Credited"), _("Balance"))
        return self._table("meters", _("Usage"), heads, rows, model=CustomerMeter) if rows else None

    def _license_keys(self) -> Panel | None:
        found = LicenseKey.objects.filter(customer=self.customer).select_related("benefit")
        rows = [
            (
                link_to(row, self.site, row.display_key or row.pk),
                tag(row.status),
                str(row.benefit or row.benefit_id or ""),
                row.validations,
                when(row.expires_at),
            )
            for row in found.defer("raw", "benefit__raw").order_by("-created_at", "pk")[:_MOST]
        ]
        heads = (_("Key"), _("Status"), _("Benefit"), _("Validations"), _("Expires"))
        title = _("License keys")
        return self._table("keys", title, heads, rows, model=LicenseKey) if rows else None

    def _member_panel(self) -> Panel | None:
        """Only of teams: an individual is its own one member."""
        if self.customer.type != "team":
            return None
        found = Member.objects.filter(customer=self.customer).select_related("user")
        rows = (
            (
                link_to(row, self.site, masked(row.email, personal=self.personal) or row.pk),
                row.role,
                link_to(row.user, self.site),
                when(row.deleted_at),
            )
            for row in found.defer("raw").order_by("deleted_at", "pk")[:_MOST]
        )
        heads = (_("Member"), _("Role"), _("User"), _("Removed"))
        return self._table("members", _("Members"), heads, rows, model=Member)

    def _seat_panel(self) -> Panel | None:
        held = Q(customer=self.customer)
        held |= Q(subscription__in=[row.pk for row in self._subscriptions if row.seats])
        held |= Q(order__in=[row.pk for row in self._orders if row.seats])
        found = Seat.objects.filter(held).select_related("member__user").defer("raw", "member__raw")
        rows = [
            (
                link_to(
                    row, self.site, masked(row.email or row.last_email, personal=self.personal)
                ),
                tag(row.status),
                link_to(row.member.user if row.member else None, self.site),
                when(row.claimed_at),
            )
            for row in found.order_by("status", "pk")[:_MOST]
        ]
        heads = (_("Seat of"), _("Status"), _("User"), _("Claimed"))
        return self._table("seats", _("Seats"), heads, rows) if rows else None

    def _checkout_panel(self) -> Panel | None:
        found = CheckoutSession.objects.filter(customer=self.customer).select_related("product")
        newest = found.defer("raw", "product__raw").order_by("-created_at", "pk")[:_MOST]
        rows = [
            (
                link_to(row, self.site, when(row.created_at) or row.pk),
                tag(row.status),
                row.plan or str(row.product or ""),
                money(row.total_amount, row.currency),
            )
            for row in newest
        ]
        heads = (_("When"), _("Status"), _("Plan"), _("Total"))
        title = _("Checkouts")
        return self._table("checkouts", title, heads, rows, model=CheckoutSession) if rows else None

    @cached_property
    def _news(self) -> list[Any]:
        return news_of(self.customer.pk)

    def _delivery_panel(self) -> Panel:
        """Those that changed something, and those that could not: a delivery names no customer."""
        changed = {item.delivery_id: item.delivery for item in self._news if item.delivery}
        troubled = {row.pk: row for row in self._troubled}
        deliveries = sorted(
            {**changed, **troubled}.values(), key=lambda row: row.received_at, reverse=True
        )
        rows = (
            (link_to(row, self.site, row.type), when(row.received_at), tag(row.state), row.error)
            for row in deliveries[:_MOST]
        )
        heads = (_("Delivery"), _("Received"), _("State"), _("Error"))
        note = _("Those that changed something, and those that failed and name this customer.")
        return table("deliveries", _("Recent deliveries"), heads, list(rows), note=note)

    @property
    def _names(self) -> dict[str, str]:
        """What is on the page, by id, for the timeline."""
        grants = (*self._live_grants, *self._other_grants)
        bought = (*self._subscriptions, *self._orders)
        return {
            **{row.pk: benefit_name(row) for row in grants},
            **{row.pk: str(row.product or "") for row in bought},
        }

    def _timeline_panel(self) -> Panel:
        given = [
            grant for grant in (*self._live_grants, *self._other_grants) if grant.provider == LOCAL
        ]
        acted_on = [self.customer, *self._subscriptions, *self._orders, *given]
        moments = timeline(
            self._news,
            self._names,
            given,
            staff_actions_on(acted_on),
            self.site,
            personal=self.personal,
        )
        rows = ((when(moment.at), moment.what, moment.how) for moment in moments)
        heads = (_("When"), _("What"), _("How"))
        return table("timeline", _("Timeline"), heads, list(rows), empty=_("Nothing yet."))

    def _table(
        self, name: str, title: str, heads: Sequence[str], rows: Any, *, model: Any = None
    ) -> Panel:
        listed = list(rows)
        more = self._all(model) if model is not None and len(listed) >= _MOST else ""
        return table(name, title, heads, listed, more=more)

    def _all(self, model: Any) -> str:
        """The list of all of this model that are the customer's."""
        url = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        query = urlencode({"customer__id__exact": self.customer.pk})
        return f"{reverse(url, current_app=self.site.name)}?{query}"


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
