"""The outbox: what the project was told, and which of its receivers have heard it."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin import display, register
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import link_to, tag
from polar_django.admin.filters import choice_filter
from polar_django.admin.forms import RetellForm
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.admin.searching import customers_called
from polar_django.models import BenefitGrant, Customer, Order, Subscription, Transition
from polar_django.outbox.receivers import receivers_of

__all__ = ["TransitionAdmin"]

RETELL = StaffAction(
    name="retell",
    label=gettext_lazy("Tell again"),
    permission="polar_django.replay_transition",
    question=ngettext_lazy("Tell this again?", "Tell these %(count)s again?", "count"),
    explanation=gettext_lazy(
        "The receivers that failed are called once more, with the object as it is now."
    ),
    done=ngettext_lazy(
        "%(count)s is on its way again.", "%(count)s are on their way again.", "count"
    ),
    work="polar_django.admin.work.retell",
    form=RetellForm,
    fits=lambda row: row.state != Transition.State.PENDING,
    # With the rest of the form within Django's DATA_UPLOAD_MAX_NUMBER_FIELDS.
    most=900,
)


@register(Transition)
class TransitionAdmin(ActingAdmin, ReadOnlyAdmin):
    """The latest news first."""

    list_display = ("name", "shown_state", "happened_at", "object_type", "attempts", "error")
    list_filter = (choice_filter("state", Transition.State.values),)
    ordering = ("-pk",)
    search_fields = ("customer_id", "object_id")
    search_help_text = gettext_lazy(
        "A customer (id, e-mail address, external id), or a whole id of what it is about."
    )
    big = ()
    joined = ("delivery",)
    staff_actions = (RETELL,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("delivery__body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By customer: that has an index. An object is looked for among its customer's news."""
        term = search_term.strip()
        if not term:
            return queryset, False
        owners = {
            owner
            for model in (Subscription, Order, BenefitGrant)
            for owner in model.objects.filter(pk=term).values_list("customer_id", flat=True)
        }
        named = Q(customer_id__in=customers_called(term))
        return queryset.filter(named | Q(customer_id__in=owners, object_id=term)), False

    def first_fields(self, request: HttpRequest, obj: Any) -> Iterable[Any]:
        return ["about", "whose", "receivers"]

    @display(description=gettext_lazy("state"))
    def shown_state(self, row: Transition) -> SafeString:
        return tag(row.state)

    @display(description=gettext_lazy("about"))
    def about(self, row: Transition) -> Any:
        """What it is about, as it is now."""
        try:
            model: Any = apps.get_model("polar_django", row.object_type)
        except LookupError:
            model = None
        found = model._default_manager.filter(pk=row.object_id).first() if model else None
        return link_to(found, self.admin_site) or f"{row.object_type} {row.object_id}"

    @display(description=gettext_lazy("customer"))
    def whose(self, row: Transition) -> Any:
        customer = Customer.objects.filter(pk=row.customer_id or "").defer("raw").first()
        return link_to(customer, self.admin_site) or row.customer_id or "-"

    @display(description=gettext_lazy("receivers"))
    def receivers(self, row: Transition) -> Any:
        """Those that listen now, and whether each has heard it."""
        done = set(row.receivers_done)
        names = [receiver.name for receiver in receivers_of(row)]
        gone = [name for name in row.receivers_done if name not in names]
        if not names and not gone:
            return _("Nobody listens to this.")
        lines = [(name, _heard(row, name in done)) for name in names]
        lines += [(name, _("succeeded; no longer there")) for name in gone]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))


def _heard(row: Transition, is_done: bool) -> Any:
    if is_done:
        return tag("succeeded")
    words = {"pending": "waiting", "sent": "not called", "failed": "failed", "dead": "dead"}
    return tag(words.get(row.state, row.state))
