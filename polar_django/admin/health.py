"""How the installation stands, on one page; and failed deliveries processed again by their cause.

The views are no transactions: the page asks the provider, and a replay commits as it goes.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import register
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.admin.actions import NoteForm, Outcome
from polar_django.admin.columns import change_url, link_to
from polar_django.admin.deliveries import REPLAY
from polar_django.admin.health_panels import health_panels
from polar_django.admin.reading import ReadOnlyAdmin
from polar_django.admin.redaction import may_view_personal_data, redacted_text
from polar_django.health import measure_health
from polar_django.health.advice import advice_on
from polar_django.health.causes import failure_causes
from polar_django.health.figures import Cause
from polar_django.models import WebhookDelivery
from polar_django.models.webhooks import Health
from polar_django.views.transactions import outside_transactions

__all__ = ["HealthAdmin"]

# So many deliveries are named on the page that asks, and so many are made pending at once.
_NAMED = 10
_BATCH = 500


@register(Health)
class HealthAdmin(ReadOnlyAdmin):
    """One page in place of a list."""

    big = ("body",)

    def get_urls(self) -> list[Any]:
        see = outside_transactions(self.admin_site.admin_view(self.see))
        replay = outside_transactions(self.admin_site.admin_view(self.replay))
        return [
            path("", see, name="polar_django_health_changelist"),
            path("causes/<slug:key>/replay/", replay, name="polar_django_health_replay"),
            *super().get_urls(),
        ]

    def see(self, request: HttpRequest) -> HttpResponse:
        """The page. Thirteen queries or fourteen, and a call to the provider once a minute."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        health = measure_health(ask_provider=True)
        panels = health_panels(
            health,
            self.admin_site,
            replay_url=self._replay_url if request.user.has_perm(REPLAY.permission) else None,
            personal=may_view_personal_data(request),
        )
        return self._page(request, "health.html", {"title": _("Health"), "page": panels})

    def replay(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask, or, once confirmed, process all deliveries of a cause again."""
        if not self.has_view_permission(request) or not request.user.has_perm(REPLAY.permission):
            raise PermissionDenied
        cause = next((one for one in failure_causes().found if one.key == key), None)
        if cause is None:
            text = _("No delivery is left that failed for this cause.")
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(self._health_url)
        form = NoteForm(request.POST if "confirmed" in request.POST else None)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, cause, form)
        self._replay(request, cause, form.cleaned_data["note"])
        return HttpResponseRedirect(self._health_url)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A row of this name is a delivery, which has a page of its own."""
        if not object_id.isdecimal():
            raise Http404
        url = change_url(WebhookDelivery(pk=int(object_id)), self.admin_site)
        return HttpResponseRedirect(url or self._health_url)

    def _ask(self, request: HttpRequest, cause: Cause, form: NoteForm) -> HttpResponse:
        error = redacted_text(cause.error, personal=may_view_personal_data(request))
        explanation = format_html(
            "{}: {}<br>{}<br>{}", cause.name, error, advice_on(cause.error_type), REPLAY.explanation
        )
        rows = WebhookDelivery.objects.defer("body").filter(pk__in=cause.pks[:_NAMED])
        context = {
            "title": REPLAY.label,
            "question": REPLAY.question % {"count": cause.count},
            "action": dataclasses.replace(REPLAY, explanation=explanation),
            "rows": [link_to(row, self.admin_site) for row in rows.order_by("pk")],
            "further": max(cause.count - _NAMED, 0),
            "address": request.path,
            "back": self._health_url,
            "form": form,
        }
        return self._page(request, "confirm.html", context, form.media)

    def _replay(self, request: HttpRequest, cause: Cause, note: str) -> None:
        """In batches, each committed and logged, so that nothing is done of which no log tells."""
        done = refused = 0
        for start in range(0, cause.count, _BATCH):
            pks = cause.pks[start : start + _BATCH]
            rows = list(WebhookDelivery.objects.defer("body").filter(pk__in=pks).order_by("pk"))
            outcomes = list(REPLAY.run(rows, {}))
            again = [one for one in outcomes if not one.error]
            self._log(request, cause, again, note)
            done += len(again)
            refused += len(outcomes) - len(again)
        if refused:
            text = ngettext(
                "%(count)s was left alone: a worker has it just now, or its body was purged.",
                "%(count)s were left alone: a worker has them just now, or their bodies were "
                "purged.",
                refused,
            )
            self.message_user(request, text % {"count": refused}, messages.WARNING)
        if done:
            self.message_user(request, REPLAY.done % {"count": done}, messages.SUCCESS)

    def _log(
        self, request: HttpRequest, cause: Cause, outcomes: Sequence[Outcome], note: str
    ) -> None:
        """One line of the admin's log for each delivery, written at once."""
        if outcomes:
            text = f"{REPLAY.label}. Cause: {cause.name}."
            LogEntry.objects.log_actions(
                user_id=request.user.pk,  # type: ignore[arg-type]  # staff is signed in
                queryset=[outcome.row for outcome in outcomes],
                action_flag=CHANGE,
                change_message=f"{text} Note: {note}" if note else text,
            )

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any], media: Any = None
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + media if media else self.media,
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/polar_django/{template}", whole)

    def _replay_url(self, cause: Cause) -> str:
        return self._url("replay", cause.key)

    @property
    def _health_url(self) -> str:
        return self._url("changelist")

    def _url(self, name: str, *args: str) -> str:
        site = self.admin_site.name
        return reverse(f"admin:polar_django_health_{name}", args=args, current_app=site)
