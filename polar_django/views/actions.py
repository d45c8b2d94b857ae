"""`manage/<id>/…`: cancel, take that back, pause, resume, end a pause for good, keep the plan."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from polar_django.billing import (
    cancel_subscription,
    clear_pending_update,
    pause_subscription,
    resume_subscription,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.models import Subscription
from polar_django.views.buyers import see_other
from polar_django.views.manage import manage_page
from polar_django.views.owned import Problem, attempt, managers_only, own_or_404
from polar_django.views.situations import day_text, situations_of

__all__ = ["cancel", "end", "keep", "pause", "resume", "uncancel"]

_ROWS = Subscription.objects.select_related("product")


class CancelForm(forms.Form):
    """Why, if they want to say. The words are Polar's."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you cancel? You need not say."),
        required=False,
        choices=[
            ("", gettext_lazy("I would rather not say")),
            ("too_expensive", gettext_lazy("It is too expensive")),
            ("missing_features", gettext_lazy("It lacks something I need")),
            ("switched_service", gettext_lazy("I use something else now")),
            ("unused", gettext_lazy("I do not use it enough")),
            ("too_complex", gettext_lazy("It is too complicated")),
            ("low_quality", gettext_lazy("It is not good enough")),
            ("customer_service", gettext_lazy("I was not helped well")),
            ("other", gettext_lazy("Something else")),
        ],
    )
    comment = forms.CharField(
        label=gettext_lazy("Would you tell us more?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class PauseForm(forms.Form):
    """Until when; without a day until somebody resumes it. `begins` is when the pause does."""

    until = forms.DateField(
        label=gettext_lazy("It goes on on this day (leave it empty to decide later)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, begins: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begins = max(begins or timezone.now(), timezone.now())

    def clean_until(self) -> Any:
        day = self.cleaned_data["until"]
        if day is not None and day <= timezone.localdate(self._begins):
            raise forms.ValidationError(
                _("Choose a day after %(day)s.") % {"day": day_text(self._begins)}
            )
        return day


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
def cancel(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """GET: a page that says what happens, and asks why. POST: it will not renew."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    text = _("You keep what you have paid for until %(day)s. Nothing is charged after that.") % {
        "day": day_text(row.current_period_end)
    }
    if not form.is_bound or not form.is_valid():
        return _ask(request, row, form, _("Cancel"), text, _("Cancel it"))
    problem = attempt(lambda: cancel_subscription(row, **form.cleaned_data))
    if problem is not None:
        return _ask(request, row, form, _("Cancel"), text, _("Cancel it"), problem)
    return _done(request, _("It is canceled."))


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
def pause(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """GET: a page that says what happens, and asks until when. POST: it rests."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    given = request.POST if request.method == "POST" else None
    form = PauseForm(given, begins=row.current_period_end)
    text = _("It pauses on %(day)s. From then on nothing is charged, and what it gives rests.") % {
        "day": day_text(row.current_period_end)
    }
    if not form.is_bound or not form.is_valid():
        return _ask(request, row, form, _("Pause"), text, _("Pause it"))
    day = form.cleaned_data["until"]
    until = timezone.make_aware(datetime.combine(day, time())) if day is not None else None
    problem = attempt(lambda: pause_subscription(row, until=until))
    if problem is not None:
        return _ask(request, row, form, _("Pause"), text, _("Pause it"), problem)
    return _done(request, _("It pauses when the paid period ends."))


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
def end(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """GET: a page that says what happens. POST: what is paused ends now. 409 for what is not."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    if row.has_ended:
        return see_other(reverse("polar:manage"))  # the second of two clicks
    if row.status != "paused":
        # Nobody loses here what they have paid for.
        text = _("It is not paused: cancel it, and it lasts as long as it is paid for.")
        return manage_page(request, subscriber, Problem(text, 409))
    form = forms.Form(request.POST if request.method == "POST" else None)
    text = _("It ends at once and does not go on. Nothing more is charged.")
    if not form.is_bound:
        return _ask(request, row, form, _("End"), text, _("End it"))
    problem = attempt(lambda: revoke_subscription(row))
    if problem is not None:
        return _ask(request, row, form, _("End"), text, _("End it"), problem)
    return _done(request, _("It has ended."))


@require_POST
@managers_only
def uncancel(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """Take a cancellation back."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    return _act(request, subscriber, lambda: uncancel_subscription(row), _("It renews again."))


@require_POST
@managers_only
def resume(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """End a pause, or take one back that has not begun."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    return _act(request, subscriber, lambda: resume_subscription(row), _("It goes on."))


@require_POST
@managers_only
def keep(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """Drop the change that waits for the next period."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    return _act(request, subscriber, lambda: clear_pending_update(row), _("It stays as it is."))


def _act(request: HttpRequest, subscriber: Any, verb: Callable[[], Any], done: str) -> HttpResponse:
    problem = attempt(verb)
    if problem is not None:
        return manage_page(request, subscriber, problem)
    return _done(request, done)


def _done(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text, fail_silently=True)
    return see_other(reverse("polar:manage"))


def _ask(
    request: HttpRequest,
    row: Subscription,
    form: forms.Form,
    title: str,
    text: str,
    button: str,
    problem: Problem | None = None,
) -> HttpResponse:
    [situation] = situations_of([row])
    context = {
        "situation": situation,
        "form": form,
        "page_title": f"{title}: {situation.title}",
        "text": text,
        "button": button,
        "problem": problem,
    }
    status = problem.status if problem is not None else 400 if form.errors else 200
    return render(request, "polar/manage_form.html", context, status=status)
