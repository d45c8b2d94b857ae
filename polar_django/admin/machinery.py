"""What works behind: usage that waits to be sent, walks through lists, signs of life."""

from django.contrib.admin import display, register
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from polar_django.admin.columns import tag
from polar_django.admin.filters import choice_filter
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.models import Heartbeat, UsageEvent, Walk

__all__ = ["HeartbeatAdmin", "UsageEventAdmin", "WalkAdmin"]


@register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin):
    """The latest facts first."""

    list_display = ("name", "subscriber", "shown_state", "timestamp", "attempts", "error")
    list_filter = (choice_filter("state", UsageEvent.State.values),)
    ordering = ("-pk",)
    search_fields = ("external_id",)
    search_help_text = _("A whole external id, or the subscriber's key or user name.")
    big = ()
    joined = ("subscriber",)

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
