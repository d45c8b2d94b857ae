"""What works behind: usage that waits to be sent, walks through lists, signs of life."""

from django.contrib.admin import display, register
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from polar_django.admin.acting import ActingAdmin
from polar_django.admin.actions import StaffAction
from polar_django.admin.columns import tag
from polar_django.admin.filters import choice_filter
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import Heartbeat, UsageEvent, Walk

__all__ = ["HeartbeatAdmin", "UsageEventAdmin", "WalkAdmin"]


RESEND = StaffAction(
    name="resend",
    label=_("Send again"),
    # Django's own for this model, which nothing else here asks for: what is changed is its state.
    permission="polar_django.change_usageevent",
    question=ngettext_lazy(
        "Send this usage event again?", "Send these %(count)s usage events again?", "count"
    ),
    explanation=_(
        "For events that were given up, once what the provider missed is there. The provider "
        "counts each once, however often it is sent."
    ),
    done=ngettext_lazy(
        "%(count)s usage event is due again.", "%(count)s usage events are due again.", "count"
    ),
    work="polar_django.admin.work.resend",
    fits=lambda row: row.state == UsageEvent.State.DEAD,
    # With the rest of the form within Django's DATA_UPLOAD_MAX_NUMBER_FIELDS.
    most=900,
)


@register(UsageEvent)
class UsageEventAdmin(ActingAdmin, ReadOnlyAdmin):
    """The latest facts first."""

    list_display = ("name", "subscriber", "shown_state", "timestamp", "attempts", "error")
    list_filter = (choice_filter("state", UsageEvent.State.values),)
    ordering = ("-pk",)
    search_fields = ("external_id",)
    search_help_text = _("A whole external id, or the subscriber's key or user name.")
    big = ()
    joined = ("subscriber",)
    staff_actions = (RESEND,)

    @display(description=_("state"))
    def shown_state(self, row: UsageEvent) -> SafeString:
        return tag(row.state)


@register(Walk)
class WalkAdmin(ReadOnlyAdmin):
    """How far the first copy and the last reconcile have come, and what they found."""

    list_display = ("__str__", "kind", "page", "started_at", "finished_at")
    search_help_text = None
    search_fields = ()
    big = ()
    ordering = ("pk",)


@register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When the periodic tasks last ran."""

    list_display = ("name", "beat_at")
    search_help_text = None
    search_fields = ()
    big = ()
    ordering = ("name",)
