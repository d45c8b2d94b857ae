"""Subscriptions and their seats."""

from typing import Any

from django.contrib.admin import display, register
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import money, tag
from polar_django.admin.filters import ProviderFilter, choice_filter
from polar_django.admin.forms import CancelForm
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import Seat, Subscription

__all__ = ["SeatAdmin", "SubscriptionAdmin"]

_STATUSES = (
    "active",
    "trialing",
    "past_due",
    "paused",
    "canceled",
    "unpaid",
    "incomplete",
    "incomplete_expired",
)


def _is_running(row: Any) -> bool:
    return not row.has_ended


CANCEL = StaffAction(
    name="cancel",
    label=_("Cancel at period end"),
    permission="polar_django.cancel_subscription",
    question=ngettext_lazy(
        "Cancel this subscription?", "Cancel these %(count)s subscriptions?", "count"
    ),
    explanation=_(
        "It will not renew. Access lasts to the end of the paid period, and until then it can be "
        "taken back."
    ),
    done=ngettext_lazy(
        "%(count)s subscription will not renew.",
        "%(count)s subscriptions will not renew.",
        "count",
    ),
    work="polar_django.admin.work.cancel",
    form=CancelForm,
    fits=lambda row: _is_running(row) and not row.cancel_at_period_end,
)
UNCANCEL = StaffAction(
    name="uncancel",
    label=_("Take the cancellation back"),
    permission="polar_django.cancel_subscription",
    question=ngettext_lazy(
        "Let this subscription renew again?",
        "Let these %(count)s subscriptions renew again?",
        "count",
    ),
    explanation=_("It goes on and will be charged when the period ends."),
    done=ngettext_lazy(
        "%(count)s subscription renews again.", "%(count)s subscriptions renew again.", "count"
    ),
    work="polar_django.admin.work.uncancel",
    fits=lambda row: _is_running(row) and row.cancel_at_period_end,
)
REVOKE = StaffAction(
    name="revoke",
    label=_("End now"),
    permission="polar_django.revoke_subscription",
    question=ngettext_lazy(
        "End this subscription now?", "End these %(count)s subscriptions now?", "count"
    ),
    explanation=_(
        "It ends at once, and with it the access it gives. This cannot be taken back, and nothing "
        "is refunded by it."
    ),
    done=ngettext_lazy(
        "%(count)s subscription has ended.", "%(count)s subscriptions have ended.", "count"
    ),
    work="polar_django.admin.work.revoke",
    fits=_is_running,
    is_grave=True,
)


@register(Subscription)
class SubscriptionAdmin(ActingAdmin, ReadOnlyAdmin):
    """The list of subscriptions, newest first."""

    list_display = (
        "id",
        "customer",
        "subscriber",
        "product",
        "shown_status",
        "price",
        "current_period_end",
        "cancel_at_period_end",
    )
    list_filter = (choice_filter("status", _STATUSES), ProviderFilter)
    ordering = ("-provider", "-started_at")
    joined = ("customer", "subscriber", "product")
    staff_actions = (CANCEL, UNCANCEL, REVOKE)

    @display(description=_("status"))
    def shown_status(self, row: Subscription) -> SafeString:
        return tag(row.status)

    @display(description=_("price"))
    def price(self, row: Subscription) -> str:
        return money(row.amount, row.currency)


@register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    """Places in team purchases."""

    list_display = ("id", "email", "member", "subscription", "order", "shown_status", "claimed_at")
    list_filter = (choice_filter("status", ("pending", "claimed", "revoked")), ProviderFilter)
    ordering = ("-provider", "-created_at")
    personal = frozenset({"email", "last_email"})
    joined = ("member", "subscription", "order")

    @display(description=_("status"))
    def shown_status(self, row: Seat) -> SafeString:
        return tag(row.status)
