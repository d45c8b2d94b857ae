"""Customers, members and what they used."""

from typing import Any

from django.contrib.admin import display, register
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import tag
from polar_django.admin.customer_page import CustomerPage
from polar_django.admin.filters import CustomerFilter, ProviderFilter
from polar_django.admin.forms import LinkForm
from polar_django.admin.grants import give_url
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import Customer, CustomerMeter, Member

__all__ = ["CustomerAdmin", "CustomerMeterAdmin", "MemberAdmin"]

RESYNC = StaffAction(
    name="resync",
    label=_("Read again"),
    permission="polar_django.resync_customer",
    question=ngettext_lazy(
        "Read this customer again from the provider?",
        "Read these %(count)s customers again from the provider?",
        "count",
    ),
    explanation=_(
        "Everything of theirs is read from the provider and compared, and what differs is written "
        "here. Nothing is changed at the provider."
    ),
    done=ngettext_lazy("%(count)s customer was read.", "%(count)s customers were read.", "count"),
    work="polar_django.admin.work.resync",
    most=5,
)
LINK = StaffAction(
    name="link",
    label=_("Link to a subscriber"),
    permission="polar_django.link_customer",
    question=ngettext_lazy(
        "Whose is this customer?", "Whose are these %(count)s customers?", "count"
    ),
    explanation=_(
        "The subscriber gets what the customer has bought, and what it will buy. Make sure that "
        "they are the same person: whoever is linked passes the gates."
    ),
    done=ngettext_lazy("%(count)s customer is linked.", "%(count)s customers are linked.", "count"),
    work="polar_django.admin.work.link",
    form=LinkForm,
)
UNLINK = StaffAction(
    name="unlink",
    label=_("Unlink"),
    permission="polar_django.link_customer",
    question=ngettext_lazy(
        "Take this customer from its subscriber?",
        "Take these %(count)s customers from their subscribers?",
        "count",
    ),
    explanation=_(
        "The subscriber loses what the customer has bought; it is kept, and nobody's. Nothing "
        "changes at the provider, who goes on charging."
    ),
    done=ngettext_lazy(
        "%(count)s customer is unclaimed now.", "%(count)s customers are unclaimed now.", "count"
    ),
    work="polar_django.admin.work.unlink",
    fits=lambda row: row.subscriber_id is not None,
    is_grave=True,
)
OPEN_PORTAL = StaffAction(
    name="portal",
    label=_("Open their portal"),
    permission="polar_django.open_customer_portal",
    question=ngettext_lazy("Open this customer's portal?", "Open their portals?", "count"),
    explanation=_(
        "You will be on the provider's page as this customer: what you do there, they did. That "
        "you opened it is kept in the log."
    ),
    done=ngettext_lazy("The portal was opened.", "The portals were opened.", "count"),
    work="polar_django.admin.work.open_portal",
    fits=lambda row: row.deleted_at is None,
    alone=True,
)


@register(Customer)
class CustomerAdmin(ActingAdmin, ReadOnlyAdmin):
    """The list of customers; a customer's page shows everything of theirs."""

    list_display = ("id", "email", "name", "subscriber", "external_id", "state", "created_at")
    list_filter = (CustomerFilter, ProviderFilter)
    ordering = ("-provider", "-created_at")
    search_fields = ("pk", "external_id", "email")
    personal = frozenset({"email", "name"})
    joined = ("subscriber",)
    staff_actions = (RESYNC, LINK, UNLINK, OPEN_PORTAL)
    change_form_template = "admin/polar_django/customer.html"

    @display(description=_("state"))
    def state(self, row: Customer) -> SafeString:
        if row.deleted_at is not None:
            return tag("deleted")
        return tag("unclaimed" if row.subscriber_id is None else "linked")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the page above does not say stands below it, closed."""
        boxes = super().get_fieldsets(request, obj)
        closed = {"classes": ["collapse"]}
        return [(title or _("Columns"), {**box, **closed}) for title, box in boxes]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **named: Any
    ) -> Any:
        row = named.get("obj")
        if row is not None:
            context["page"] = CustomerPage(row, request, self.admin_site)
            context["give_url"] = give_url(request, row.subscriber_id, self.admin_site)
        return super().render_change_form(request, context, *args, **named)


@register(Member)
class MemberAdmin(ReadOnlyAdmin):
    """People in customers."""

    list_display = ("id", "email", "name", "customer", "user", "role", "deleted_at")
    list_filter = (ProviderFilter,)
    ordering = ("-provider", "-created_at")
    search_fields = ("pk", "email")
    personal = frozenset({"email", "name"})
    joined = ("customer", "user")


@register(CustomerMeter)
class CustomerMeterAdmin(ReadOnlyAdmin):
    """How much of a meter a customer has used."""

    list_display = ("id", "customer", "meter", "consumed_units", "credited_units", "balance")
    ordering = ("-pk",)
    joined = ("customer", "meter")
