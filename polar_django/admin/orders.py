"""What was bought: checkouts, orders, refunds."""

from django.contrib.admin import display, register
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import money, tag
from polar_django.admin.filters import ProviderFilter, choice_filter
from polar_django.admin.forms import RefundForm
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import CheckoutSession, Order, Refund

__all__ = ["CheckoutSessionAdmin", "OrderAdmin", "RefundAdmin"]

REFUND = StaffAction(
    name="refund",
    label=_("Refund"),
    permission="polar_django.refund_order",
    question=ngettext_lazy("Give money back for this order?", "Refund these orders?", "count"),
    explanation=_("The provider sends the money back the way it came. This cannot be taken back."),
    done=ngettext_lazy("The refund is on its way.", "The refunds are on their way.", "count"),
    work="polar_django.admin.work.refund",
    form=RefundForm,
    fits=lambda row: row.refundable_amount > 0,
    alone=True,
    is_grave=True,
)


@register(Order)
class OrderAdmin(ActingAdmin, ReadOnlyAdmin):
    """The list of orders, newest first."""

    list_display = (
        "__str__",
        "created_at",
        "customer",
        "subscriber",
        "product",
        "shown_status",
        "total",
        "refunded",
    )
    list_filter = (
        choice_filter("status", ("paid", "pending", "refunded", "partially_refunded", "void")),
        ProviderFilter,
    )
    ordering = ("-provider", "-created_at")
    search_fields = ("pk", "invoice_number")
    joined = ("customer", "subscriber", "product")
    staff_actions = (REFUND,)

    @display(description=_("status"))
    def shown_status(self, row: Order) -> SafeString:
        return tag(row.status)

    @display(description=_("total"))
    def total(self, row: Order) -> str:
        return money(row.total_amount, row.currency)

    @display(description=_("refunded"))
    def refunded(self, row: Order) -> str:
        return money(row.refunded_amount, row.currency) if row.refunded_amount else ""


@register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    """Money given back."""

    list_display = ("id", "created_at", "order", "customer", "shown_status", "net", "reason")
    list_filter = (
        choice_filter("status", ("pending", "succeeded", "failed", "canceled")),
        ProviderFilter,
    )
    ordering = ("-provider", "-created_at")
    joined = ("order", "customer")

    @display(description=_("status"))
    def shown_status(self, row: Refund) -> SafeString:
        return tag(row.status)

    @display(description=_("net amount"))
    def net(self, row: Refund) -> str:
        return money(row.amount, row.currency)


@register(CheckoutSession)
class CheckoutSessionAdmin(ReadOnlyAdmin):
    """Pay pages that were opened. Their addresses hold a secret and are not shown."""

    list_display = ("id", "created_at", "subscriber", "customer", "plan", "product", "shown_status")
    list_filter = (
        choice_filter("status", ("open", "expired", "confirmed", "succeeded", "failed")),
        ProviderFilter,
    )
    ordering = ("-provider", "-created_at")
    secret = frozenset({"url"})
    joined = ("subscriber", "customer", "product")

    @display(description=_("status"))
    def shown_status(self, row: CheckoutSession) -> SafeString:
        return tag(row.status)
