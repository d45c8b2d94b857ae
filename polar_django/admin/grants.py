"""Who holds which benefit, and license keys."""

from typing import Any

from django.contrib.admin import display, register
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import tag
from polar_django.admin.filters import GrantFilter, ProviderFilter, choice_filter
from polar_django.admin.forms import GiveForm
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.admin.reasons import EXPLAINED, how_it_ended, state_of, why_held
from polar_django.mirror.local_grants import LOCAL
from polar_django.models import BenefitGrant, LicenseKey

__all__ = ["BenefitGrantAdmin", "LicenseKeyAdmin", "give_url"]

GIVE = StaffAction(
    name="give",
    label=_("Give a benefit"),
    permission="polar_django.give_benefit",
    question=ngettext_lazy("Give a benefit by hand?", "Give a benefit by hand?", "count"),
    explanation=_(
        "The subscriber holds it at once, without paying. There is one of a kind: given again, it "
        "has the new end and reason."
    ),
    done=ngettext_lazy("The benefit is given.", "%(count)s benefits are given.", "count"),
    work="polar_django.admin.work.give_benefit",
    form=GiveForm,
    without_rows=True,
)
END = StaffAction(
    name="revoke",
    label=_("Take back"),
    permission="polar_django.revoke_given_benefit",
    question=ngettext_lazy(
        "Take this benefit back?", "Take these %(count)s benefits back?", "count"
    ),
    explanation=_(
        "Only what was given by hand: it ends now. What is paid for ends with its subscription."
    ),
    done=ngettext_lazy(
        "%(count)s benefit was taken back.", "%(count)s benefits were taken back.", "count"
    ),
    work="polar_django.admin.work.end_benefit",
    fits=lambda row: row.provider == LOCAL and row.is_live(),
    most=100,
    is_grave=True,
)


def give_url(request: HttpRequest, subscriber_key: Any, site: AdminSite) -> str:
    """Where this member of staff gives that subscriber a benefit; "" where they may not."""
    if subscriber_key is None or not request.user.has_perm(GIVE.permission):
        return ""
    url = reverse("admin:polar_django_benefitgrant_do", args=[GIVE.name], current_app=site.name)
    return f"{url}?{urlencode({'subscriber': subscriber_key})}"


@register(BenefitGrant)
class BenefitGrantAdmin(ActingAdmin, ReadOnlyAdmin):
    """The list of grants with their reasons, newest first."""

    list_display = ("shown_benefit", "subscriber", "customer", "state", "why", "end")
    list_filter = (GrantFilter, ProviderFilter)
    ordering = ("-provider", "-created_at")
    joined = ("subscriber", *EXPLAINED)
    staff_actions = (GIVE, END)
    change_list_template = "admin/polar_django/change_list.html"

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """The reason first."""
        boxes = super().get_fieldsets(request, obj)
        (title, said), *others = boxes
        fields = ["state", "why", "end", *said["fields"]]
        return [(title, {**said, "fields": fields}), *others]

    @display(description=_("benefit"))
    def shown_benefit(self, row: BenefitGrant) -> str:
        return str(row.benefit) if row.benefit else str(row.benefit_id)

    @display(description=_("state"))
    def state(self, row: BenefitGrant) -> Any:
        return tag(state_of(row))

    @display(description=_("why"))
    def why(self, row: BenefitGrant) -> Any:
        return why_held(row, self.admin_site)

    @display(description=_("end"))
    def end(self, row: BenefitGrant) -> str:
        return how_it_ended(row)


@register(LicenseKey)
class LicenseKeyAdmin(ReadOnlyAdmin):
    """License keys, by the part of them that may be shown."""

    list_display = ("display_key", "customer", "benefit", "shown_status", "validations")
    list_filter = (choice_filter("status", ("granted", "revoked", "disabled")), ProviderFilter)
    ordering = ("-provider", "-created_at")
    joined = ("customer", "benefit")

    @display(description=_("status"))
    def shown_status(self, row: LicenseKey) -> Any:
        return tag(row.status)
