"""One customer whole: who they are, what they hold and why, what they paid, and what happened.

What the colleague with an angry customer on the phone needs on one page. Some twenty queries,
however much there is: each panel shows the newest, and leads to the list of all. Of what they may
not view in a list of its own, nothing is asked for and nothing shown.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.admin.columns import dashboard_url, link_to, tag
from polar_django.admin.customer_panels import (
    MOST,
    all_of,
    checkout_panel,
    license_key_panel,
    member_panel,
    meter_panel,
    order_panel,
    orders_of,
    refund_panel,
    seat_panel,
    subscription_panel,
    subscriptions_of,
)
from polar_django.admin.deliveries_of import troubled_deliveries
from polar_django.admin.grant_panels import grant_panel
from polar_django.admin.panels import Fact, Panel, table, when
from polar_django.admin.reasons import benefit_name, explained
from polar_django.admin.redaction import (
    masked,
    may_view,
    may_view_personal_data,
    named,
    redacted_text,
)
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
    Transition,
    WebhookDelivery,
)

__all__ = ["CustomerPage"]

# Live grants are what is asked about most.
_LIVE = 100


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

    def _sees(self, model: type[Model]) -> bool:
        return may_view(self.request, model)

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
        external_id = redacted_text(row.external_id or "", personal=self.personal)
        return [
            Fact(label=_("Subscriber"), value=self._subscriber or "-"),
            Fact(label=_("Name"), value=masked(row.name, personal=self.personal) or "-"),
            Fact(label=_("E-mail"), value=masked(row.email, personal=self.personal) or "-"),
            Fact(label=_("At %(name)s") % {"name": row.provider}, value=link if url else row.pk),
            Fact(label=_("External id"), value=external_id or "-"),
            Fact(label=_("Kind"), value=row.type),
            Fact(label=_("Customer since"), value=when(row.created_at) or "-"),
            Fact(label=_("As the provider said on"), value=seen),
        ]

    @property
    def _subscriber(self) -> str:
        owner = self.customer.subscriber
        return link_to(owner, self.site, named(owner, personal=self.personal)) if owner else ""

    @property
    def panels(self) -> list[Panel]:
        """All that this member of staff may see, what is asked for most first."""
        row, site = self.customer, self.site
        makers: list[tuple[type[Model], Callable[[], Panel | None]]] = [
            (Subscription, lambda: subscription_panel(row, site, self._subscriptions)),
            (BenefitGrant, self._live_panel),
            (BenefitGrant, self._past_panel),
            (Order, lambda: order_panel(row, site, self._orders)),
            (Refund, lambda: refund_panel(row, site)),
            (CustomerMeter, lambda: meter_panel(row, site)),
            (LicenseKey, lambda: license_key_panel(row, site)),
            (Member, lambda: member_panel(row, site, personal=self.personal)),
            (Seat, self._seat_panel),
            (CheckoutSession, lambda: checkout_panel(row, site)),
            (WebhookDelivery, self._delivery_panel),
            (Customer, self._timeline_panel),
        ]
        made = [make() for model, make in makers if self._sees(model)]
        return [panel for panel in made if panel is not None]

    @cached_property
    def _held(self) -> Q:
        """The customer's grants, and what its subscriber was given by hand."""
        held = Q(customer=self.customer)
        if self.customer.subscriber_id is not None:
            held |= Q(subscriber_id=self.customer.subscriber_id, provider=LOCAL)
        return held

    @cached_property
    def _live_grants(self) -> list[BenefitGrant]:
        if not self._sees(BenefitGrant):
            return []
        return explained(BenefitGrant.objects.active().filter(self._held), _LIVE)

    @cached_property
    def _other_grants(self) -> list[BenefitGrant]:
        if not self._sees(BenefitGrant):
            return []
        shown = [grant.pk for grant in self._live_grants]
        return explained(BenefitGrant.objects.filter(self._held).exclude(pk__in=shown), MOST)

    @cached_property
    def _subscriptions(self) -> list[Subscription]:
        return subscriptions_of(self.customer)

    @cached_property
    def _orders(self) -> list[Order]:
        return orders_of(self.customer)

    @cached_property
    def _troubled(self) -> list[WebhookDelivery]:
        return troubled_deliveries(self.customer) if self._sees(WebhookDelivery) else []

    def _live_panel(self) -> Panel:
        title = _("Benefits held now")
        return grant_panel("live", title, self._live_grants, self.site, personal=self.personal)

    def _past_panel(self) -> Panel:
        return grant_panel(
            "past",
            _("Benefits held before"),
            self._other_grants,
            self.site,
            all_of(BenefitGrant, self.customer, self.site),
            personal=self.personal,
        )

    def _seat_panel(self) -> Panel | None:
        bought: list[Subscription | Order] = [*self._subscriptions, *self._orders]
        return seat_panel(self.customer, self.site, bought, personal=self.personal)

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
            (
                link_to(row, self.site, row.type),
                when(row.received_at),
                tag(row.state),
                redacted_text(row.error, personal=self.personal),
            )
            for row in deliveries[:MOST]
        )
        heads = (_("Delivery"), _("Received"), _("State"), _("Error"))
        note = _("Those that changed something, and those that failed and name this customer.")
        return table("deliveries", _("Recent deliveries"), heads, list(rows), note=note)

    def _timeline_panel(self) -> Panel:
        """What happened to what is on the page."""
        grants = [*self._live_grants, *self._other_grants]
        bought: list[Subscription | Order] = [
            *(self._subscriptions if self._sees(Subscription) else ()),
            *(self._orders if self._sees(Order) else ()),
        ]
        names = {row.pk: benefit_name(row) for row in grants}
        names |= {row.pk: str(row.product or "") for row in bought}
        given = [grant for grant in grants if grant.provider == LOCAL]
        acted_on: list[Model] = [self.customer, *bought, *given]
        moments = timeline(
            self._news if self._sees(Transition) else (),
            names,
            given,
            staff_actions_on(acted_on),
            self.site,
            personal=self.personal,
        )
        rows = ((when(moment.at), moment.what, moment.how) for moment in moments)
        heads = (_("When"), _("What"), _("How"))
        return table("timeline", _("Timeline"), heads, list(rows), empty=_("Nothing yet."))
