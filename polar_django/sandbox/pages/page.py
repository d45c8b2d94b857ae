"""What all pages share: who may open them, the time they show, and how they refuse."""

from collections.abc import Callable, Mapping
from datetime import UTC
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from polar_django.sandbox import clock
from polar_django.sandbox.engine import schedule
from polar_django.sandbox.errors import BadRequest, ResourceNotFound, SandboxError

__all__ = ["SeeOther", "describe", "nothing_here", "page", "show"]

View = Callable[..., HttpResponse]


class SeeOther(HttpResponseRedirect):
    """303: after a POST, look there with a GET."""

    status_code = 303


def page(*methods: str, by_secret: bool = False) -> Callable[[View], View]:
    """Make a view a page of the sandbox: nobody signs in, English, UTC, never cached.

    `by_secret`: what the visitor may do hangs on a secret that the request itself carries, not on
    a cookie, so there is nothing that another site could forge and no CSRF token is asked for.
    An engine's refusal becomes a page with its status.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with timezone.override(UTC), translation.override("en"):
                try:
                    _refuse_nul(request)
                    schedule.catch_up()
                    return view(request, *args, **kwargs)
                except SandboxError as error:
                    # A buyer's page leads nowhere: the dashboard is not theirs.
                    context = {**describe(error), "is_house": not by_secret}
                    return show(request, "problem", context, status=error.status)

        guarded = require_http_methods(list(methods))(never_cache(inner))
        guarded = csrf_exempt(guarded) if by_secret else csrf_protect(guarded)
        # The engine keeps its own transactions: a page must not undo them, nor hold them open.
        return login_not_required(transaction.non_atomic_requests(guarded))

    return decorate


def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """404 with the way to the dashboard, for an address that leads nowhere."""
    context = {**describe(ResourceNotFound()), "is_house": True}
    return show(request, "problem", context, status=404)


def describe(error: SandboxError) -> dict[str, str]:
    """A refusal as `title` and `detail` of a page."""
    if isinstance(error, ResourceNotFound):
        text = "The link is not complete, or what it led to is not there any more."
        return {"title": "Not found", "detail": text}
    return {"title": "That did not work", "detail": error.detail}


def _refuse_nul(request: HttpRequest) -> None:
    """PostgreSQL takes no NUL, not even to look for it. Raises BadRequest."""
    lists = [*request.GET.lists(), *request.POST.lists()]
    given = [str(text) for _, texts in lists for text in texts]
    if any("\x00" in text for text in (request.path, *given)):
        raise BadRequest


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `polar_sandbox/<template>.html`. One query, for the time in here."""
    return render(
        request,
        f"polar_sandbox/{template}.html",
        {"sandbox_time": clock.now(), **context},
        status=status,
    )
