"""Billing in the project's own admin of its users or teams.

class UserAdmin(BaseUserAdmin):
    inlines = [CustomerInline]
"""

from typing import Any

from django.contrib.admin import StackedInline
from django.contrib.admin.sites import AdminSite
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from polar_django.admin.columns import link_to, money, tag
from polar_django.admin.grant_panels import grant_panel
from polar_django.admin.grants import give_url
from polar_django.admin.panels import Panel, table, when
from polar_django.admin.reasons import explained
from polar_django.admin.redaction import may_view, may_view_personal_data
from polar_django.models import BenefitGrant, Customer, Subscription

__all__ = ["CustomerInline"]

_MOST = 25


class CustomerInline(StackedInline):  # type: ignore[type-arg]  # not generic at run time
    """The subscriber's customers, subscriptions and benefits with their reasons, read-only.

    Shown to staff who may view customers; subscriptions and benefits to those who may view them,
    too. Four queries. It is no form, and saving the user changes nothing of it.
    """

    model = Customer
    fk_name = "subscriber"
    verbose_name_plural = gettext_lazy("billing")
    template = "admin/polar_django/customer_inline.html"
    extra = 0
    max_num = 0
    can_delete = False

    class Media:
        css = {"all": ["polar/admin.css"]}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """No rows for Django's formset: what is shown is `shown`."""
        return super().get_queryset(request).none()

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        self._request, self._subscriber = request, obj
        return super().get_formset(request, obj, **options)

    @cached_property
    def shown(self) -> dict[str, Any]:
        """What the template shows; asked for once, while Django makes the formset twice."""
        if self._subscriber is None:
            return {}
        return _shown(self._subscriber, self._request, self.admin_site)


def _shown(subscriber: Any, request: HttpRequest, site: AdminSite) -> dict[str, Any]:
    panels = [_customer_panel(subscriber, site)]
    if may_view(request, Subscription):
        panels.append(_subscription_panel(subscriber, site))
    if may_view(request, BenefitGrant):
        panels.append(_grant_panel(subscriber, site, personal=may_view_personal_data(request)))
    return {"panels": panels, "give_url": give_url(request, subscriber.pk, site)}


def _customer_panel(subscriber: Any, site: AdminSite) -> Panel:
    found = Customer.objects.filter(subscriber=subscriber).defer("raw").order_by("pk")[:_MOST]
    return table(
        "customers",
        _("Customers"),
        (_("Customer"), _("Provider"), _("Since")),
        [(link_to(row, site, row.pk), row.provider, when(row.created_at)) for row in found],
        empty=_("Has never been a customer."),
    )


def _subscription_panel(subscriber: Any, site: AdminSite) -> Panel:
    found = (
        Subscription.objects.filter(subscriber=subscriber)
        .select_related("product")
        .defer("raw", "product__raw")
        .order_by("-started_at", "pk")[:_MOST]
    )
    rows = [
        (
            link_to(row, site, str(row.product or row.product_id or row.pk)),
            tag(row.status),
            money(row.amount, row.currency),
            when(row.current_period_end),
        )
        for row in found
    ]
    heads = (_("Product"), _("Status"), _("Price"), _("Period ends"))
    return table("subscriptions", _("Subscriptions"), heads, rows)


def _grant_panel(subscriber: Any, site: AdminSite, *, personal: bool) -> Panel:
    held = Q(subscriber=subscriber)
    if isinstance(subscriber, get_user_model()):
        held |= Q(user=subscriber, is_seat=True)
    live = explained(BenefitGrant.objects.active().filter(held), _MOST)
    return grant_panel("live", _("Benefits held now"), live, site, personal=personal)
