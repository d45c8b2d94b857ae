"""The pages of actions: asked on a list or a row's page, confirmed here, done, logged, reported.

These are views of their own because Django's change view is a transaction, and no provider is
called inside one. Whoever confirms is asked for the permission again.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.admin.actions import NoteForm, Outcome, StaffAction
from polar_django.admin.columns import link_to
from polar_django.views.transactions import outside_transactions

__all__ = ["ActingAdmin"]

# So many rows are named on the page that asks.
_NAMED = 20


class ActingAdmin(ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Beside `ReadOnlyAdmin`: offers `staff_actions` to whoever has their permission."""

    staff_actions: ClassVar[Sequence[StaffAction]] = ()

    def get_urls(self) -> list[Any]:
        """Before Django's own, whose last one takes any address for the id of a row."""
        view = outside_transactions(self.admin_site.admin_view(self.act))
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        return [
            path("do/<slug:action_name>/", view, name=name),
            path("<path:object_id>/do/<slug:action_name>/", view, name=f"{name}_one"),
            *super().get_urls(),
        ]

    def allowed_actions(self, request: HttpRequest) -> list[StaffAction]:
        """Those that this member of staff may do."""
        return [action for action in self.staff_actions if request.user.has_perm(action.permission)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The allowed ones as actions of the list, which lead to the page that asks."""
        actions: dict[str, Any] = super().get_actions(request)
        if IS_POPUP_VAR in request.GET:
            return actions
        for action in self.allowed_actions(request):
            if not action.alone and not action.without_rows:
                actions[action.name] = (_asking(action), action.name, str(action.label))
        return actions

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        offered = {"action_url_name": f"admin:{self._url_name}_one"}
        return super().change_view(
            request, object_id, form_url, {**offered, **(extra_context or {})}
        )

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **named: Any
    ) -> Any:
        row = named.get("obj")
        context["staff_actions"] = [
            (action, self._address(action, row))
            for action in self.allowed_actions(request)
            if row is not None and not action.without_rows and action.fits(row)
        ]
        return super().render_change_form(request, context, *args, **named)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        offered = {
            "staff_actions": [
                (action, self._address(action))
                for action in self.allowed_actions(request)
                if action.without_rows
            ]
        }
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    def act(
        self, request: HttpRequest, action_name: str, object_id: str | None = None
    ) -> HttpResponseBase:
        """Ask, or, once confirmed, do it. PermissionDenied and 404 as everywhere in the admin."""
        action = next((item for item in self.staff_actions if item.name == action_name), None)
        if action is None:
            raise Http404
        if not self.has_view_permission(request) or not request.user.has_perm(action.permission):
            raise PermissionDenied
        rows = self._rows(request, action, object_id)
        if not rows and not action.without_rows:
            raise Http404
        is_confirmed = request.method == "POST" and "confirmed" in request.POST
        if not is_confirmed or len(rows) > action.most:
            return self.ask(request, action, rows)
        form = action.form(request.POST)
        form.offer(request, self.admin_site, rows)
        if not form.is_valid():
            return self.ask(request, action, rows, form)
        return self._do(request, action, rows, form)

    def ask(
        self,
        request: HttpRequest,
        action: StaffAction,
        rows: Sequence[Any],
        form: NoteForm | None = None,
    ) -> HttpResponse:
        """The page with the question, its form, and the way back."""
        if len(rows) > action.most:
            text = _("At most %(most)s at once: choose fewer.") % {"most": action.most}
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(self._back(rows))
        if form is None:
            form = action.form(initial=request.GET.dict())
            form.offer(request, self.admin_site, rows)
        context = {
            **self.admin_site.each_context(request),
            "title": action.label,
            "question": action.question % {"count": len(rows)},
            "action": action,
            "rows": [link_to(row, self.admin_site) for row in rows[:_NAMED]],
            "further": max(len(rows) - _NAMED, 0),
            "keys": [row.pk for row in rows],
            "key_name": ACTION_CHECKBOX_NAME,
            "address": self._address(action, rows[0] if len(rows) == 1 else None),
            "back": self._back(rows),
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        request.current_app = self.admin_site.name
        template = "admin/polar_django/confirm.html"
        return TemplateResponse(request, template, context)

    def _do(
        self, request: HttpRequest, action: StaffAction, rows: Sequence[Any], form: NoteForm
    ) -> HttpResponseBase:
        done: list[Outcome] = []
        refused: dict[str, int] = {}
        for outcome in action.run(rows, form.cleaned_data):
            self._log(request, action, form, outcome)
            if outcome.error:
                refused[outcome.error] = refused.get(outcome.error, 0) + 1
            else:
                done.append(outcome)
        for error, count in refused.items():
            text = ngettext(
                "%(count)s was refused: %(error)s", "%(count)s were refused: %(error)s", count
            )
            self.message_user(request, text % {"count": count, "error": error}, messages.ERROR)
        if redirect := next((outcome.redirect for outcome in done if outcome.redirect), ""):
            answer = HttpResponseRedirect(redirect)
            answer["Referrer-Policy"] = "no-referrer"
            answer["Cache-Control"] = "no-store"
            return answer
        if done or not refused:
            text = action.done % {"count": len(done)}
            details = " ".join(sorted({outcome.detail for outcome in done if outcome.detail}))
            is_partial = any(outcome.is_partial for outcome in done)
            level = messages.WARNING if is_partial else messages.SUCCESS
            self.message_user(request, f"{text} {details}".strip(), level)
        return HttpResponseRedirect(self._back(rows or [outcome.row for outcome in done]))

    def _log(
        self, request: HttpRequest, action: StaffAction, form: NoteForm, outcome: Outcome
    ) -> None:
        """One line of the admin's log for each row, also for what was refused."""
        refusal = f"refused: {outcome.error}" if outcome.error else ""
        parts = (f"{action.label}.", form.log_text(), refusal, outcome.detail)
        note = form.cleaned_data.get("note")
        text = " ".join(part for part in (*parts, f"Note: {note}" if note else "") if part)
        LogEntry.objects.log_actions(
            user_id=request.user.pk,  # type: ignore[arg-type]  # staff is signed in
            queryset=[outcome.row],
            action_flag=ADDITION if action.without_rows else CHANGE,
            change_message=text,
        )

    def _rows(self, request: HttpRequest, action: StaffAction, object_id: str | None) -> list[Any]:
        if action.without_rows:
            return []
        several = [] if action.alone else request.POST.getlist(ACTION_CHECKBOX_NAME)
        given = [unquote(object_id)] if object_id else several
        try:
            found = self.get_queryset(request).filter(pk__in=given[: action.most + 1])
            return list(found.order_by("pk"))
        except (DataError, OverflowError, ValidationError, ValueError):
            # What is no key of this model names none of its rows.
            return []

    @property
    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_do"

    def _address(self, action: StaffAction, row: Any = None) -> str:
        site = self.admin_site.name
        if row is None:
            return reverse(f"admin:{self._url_name}", args=[action.name], current_app=site)
        args = [quote(row.pk), action.name]
        return reverse(f"admin:{self._url_name}_one", args=args, current_app=site)

    def _back(self, rows: Sequence[Any]) -> str:
        """The row's page where it was one, else the list."""
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if len(rows) == 1:
            args = [quote(rows[0].pk)]
            return reverse(f"{page}_change", args=args, current_app=self.admin_site.name)
        return reverse(f"{page}_changelist", current_app=self.admin_site.name)


def _asking(action: StaffAction) -> Any:
    """The action as Django calls it from a list: it only asks."""

    def ask(admin: ActingAdmin, request: HttpRequest, rows: Any) -> HttpResponse:
        return admin.ask(request, action, list(rows[: action.most + 1]))

    return ask
