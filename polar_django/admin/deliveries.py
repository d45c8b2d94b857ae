"""The inbox: what providers sent, and what became of it."""

from typing import Any

from django.contrib.admin import display, register
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import tag
from polar_django.admin.filters import ProviderFilter, choice_filter
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.admin.redaction import may_view_personal_data, pretty
from polar_django.exceptions import MalformedPayload
from polar_django.models import WebhookDelivery
from polar_django.providers.body import read_json
from polar_django.providers.registry import known_providers

__all__ = ["WebhookDeliveryAdmin"]

# Types have no index; they are looked for among so many of the latest deliveries.
_LATEST = 20_000

REPLAY = StaffAction(
    name="replay",
    label=_("Process again"),
    permission="polar_django.replay_webhookdelivery",
    question=ngettext_lazy(
        "Process this delivery again?", "Process these %(count)s deliveries again?", "count"
    ),
    explanation=_(
        "The mirror is not changed by what it already knows, but handlers of the event type hear "
        "of it again."
    ),
    done=ngettext_lazy(
        "%(count)s delivery is processed again.",
        "%(count)s deliveries are processed again.",
        "count",
    ),
    work="polar_django.admin.work.replay_deliveries",
    fits=lambda row: row.state != WebhookDelivery.State.PENDING,
    # With the rest of the form within Django's DATA_UPLOAD_MAX_NUMBER_FIELDS.
    most=900,
)


@register(WebhookDelivery)
class WebhookDeliveryAdmin(ActingAdmin, ReadOnlyAdmin):
    """The latest deliveries first."""

    list_display = (
        "shown_type",
        "shown_state",
        "received_at",
        "attempts",
        "error",
        "provider",
        "delivery_id",
    )
    list_filter = (choice_filter("state", WebhookDelivery.State.values), ProviderFilter)
    ordering = ("-pk",)
    search_fields = ("delivery_id", "type")
    search_help_text = _("A whole webhook id, or an event type among the latest deliveries.")
    big = ("body",)
    staff_actions = (REPLAY,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        newest = WebhookDelivery.objects.aggregate(pk=Max("pk"))["pk"] or 0
        named = Q(provider__in=known_providers(), delivery_id=term)
        return queryset.filter(named | Q(type=term, pk__gt=newest - _LATEST)), False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the body, redacted."""
        see = may_view_personal_data(request)

        def body(row: WebhookDelivery) -> Any:
            return _readable(row, see)

        body.short_description = _("body")  # type: ignore[attr-defined]  # Django's way
        return [*super().get_fieldsets(request, obj), (None, {"fields": [body]})]

    @display(description=_("type"))
    def shown_type(self, row: WebhookDelivery) -> str:
        return row.type or str(_("unreadable"))

    @display(description=_("state"))
    def shown_state(self, row: WebhookDelivery) -> SafeString:
        return tag(row.state)


def _readable(row: WebhookDelivery, see: bool) -> Any:
    body = bytes(row.body)
    if not body:
        return _("The body was purged; the delivery cannot be processed again.")
    try:
        return pretty(read_json(body), personal=see)
    except (MalformedPayload, RecursionError):
        return _("%(count)s bytes that are no JSON.") % {"count": len(body)}
