"""The one view of the API: versions, old addresses, the two slash spellings, scopes, limits.

It finds the route itself instead of leaving that to Django, because Polar answers an unknown
route, a wrong slash and a wrong token in ways of its own.
"""

from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLResolver
from django.urls.exceptions import Resolver404
from django.urls.resolvers import RegexPattern, ResolverMatch
from django.views.decorators.csrf import csrf_exempt

from polar_django.sandbox import clock, shapes
from polar_django.sandbox.api.access import bearer_token, has_access_token, is_known_token
from polar_django.sandbox.api.addresses import other_spelling
from polar_django.sandbox.api.cors import allow_other_sites, answer_preflight
from polar_django.sandbox.api.rate_limits import refuse_too_many
from polar_django.sandbox.api.refusals import (
    insufficient_scope,
    invalid_token,
    method_not_allowed,
    no_such_object,
    no_such_route,
)
from polar_django.sandbox.api.routes import urlpatterns as routes
from polar_django.sandbox.api.scopes import is_allowed, scopes_for
from polar_django.sandbox.engine import schedule

__all__ = ["answer"]

# All that the SDKs in use ask for; one superset of JSON serves them all.
VERSIONS = ("2026-04", "2026-10", "2027-01")
CURRENT_VERSION = "2026-10"
# Undocumented at Polar, but alive: what the first documentation of checkouts said.
OLD_CHECKOUTS = "checkouts/custom/"


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
def answer(request: HttpRequest, rest: str) -> HttpResponseBase:
    """Answer `/v1/<rest>` or `/api/v1/<rest>`."""
    rest = _modern(rest)
    preflight = answer_preflight(request, rest)
    if preflight is not None:
        return preflight
    answered = _answer_in_version(request, rest)
    allow_other_sites(request, rest, answered)
    return _with_time(answered)


def _modern(rest: str) -> str:
    if rest.startswith(OLD_CHECKOUTS):
        return f"checkouts/{rest.removeprefix(OLD_CHECKOUTS)}"
    return rest


def _answer_in_version(request: HttpRequest, rest: str) -> HttpResponseBase:
    version = request.headers.get("Polar-Version", CURRENT_VERSION)
    if version not in VERSIONS:
        return no_such_route()
    answered = refuse_too_many(request, rest) or _answer(request, rest)
    answered["Polar-Version"] = version
    answered.headers.setdefault("Cache-Control", "private, no-store")
    return answered


def _answer(request: HttpRequest, rest: str) -> HttpResponseBase:
    token = bearer_token(request)
    if token is not None and not is_known_token(token):
        return invalid_token()
    if "\x00" in rest:
        # No text for PostgreSQL; nothing has such a name.
        return no_such_object()
    match = _find_route(rest)
    if match is None:
        other = rest.removesuffix("/") if rest.endswith("/") else f"{rest}/"
        if _find_route(other) is None:
            return no_such_route()
        return HttpResponse(status=307, headers={"Location": other_spelling(request)})
    needed = scopes_for(str(request.method), rest)
    if has_access_token(request) and not is_allowed(needed):
        return insufficient_scope(needed)
    schedule.catch_up()
    answered: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if answered.status_code == 405:
        return method_not_allowed([name.strip() for name in answered["Allow"].split(",")])
    return answered


def _with_time(answered: HttpResponseBase) -> HttpResponseBase:
    """Virtual time to the microsecond, which no server overwrites as it does `Date`. One query."""
    answered["X-Polar-Sandbox"] = "1"
    answered["X-Polar-Sandbox-Time"] = shapes.moment(clock.now())
    return answered


@cache
def _resolver() -> URLResolver:
    return URLResolver(RegexPattern(r"^"), routes)


def _find_route(rest: str) -> ResolverMatch | None:
    try:
        return _resolver().resolve(rest)
    except Resolver404:
        return None
