"""`health/` and `health/metrics/`: how the installation stands, for monitors and for staff.

The provider is asked with `?provider=1` only, and once a minute at most: whoever restarts a site
because of this answer must not do so because the provider is away.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from polar_django.conf import get_settings
from polar_django.health import Health, measure_health, metrics_text
from polar_django.health.prometheus import CONTENT_TYPE
from polar_django.health.report import report_of
from polar_django.queues.retries import describe
from polar_django.views.transactions import outside_transactions

__all__ = ["show_health", "show_metrics"]

logger = logging.getLogger(__name__)

_ASK = "provider"
View = Callable[[HttpRequest], HttpResponse]


def _monitors_only(view: View) -> View:
    """For `HEALTH_TOKEN` or staff with `view_health`; 401 for others, 503 without the database."""

    @login_not_required
    @outside_transactions
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            response = view(request) if _may_ask(request) else _refusal()
        except Error as error:
            logger.error("The health could not be measured: %s", describe(error))
            response = _without_database()
        response["Cache-Control"] = "no-store"
        return response

    return answer


@_monitors_only
def show_health(request: HttpRequest) -> HttpResponse:
    """JSON; 200 where nothing grave is wrong, else 503. Thirteen queries or fourteen."""
    health = _measured(request)
    status = HTTPStatus.OK if health.is_well else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(report_of(health), status=status)


@_monitors_only
def show_metrics(request: HttpRequest) -> HttpResponse:
    """The same in Prometheus' text format; always 200, for `polar_healthy` says it. As many."""
    return HttpResponse(metrics_text(_measured(request)), content_type=CONTENT_TYPE)


def _measured(request: HttpRequest) -> Health:
    return measure_health(ask_provider=request.GET.get(_ASK) == "1")


def _may_ask(request: HttpRequest) -> bool:
    """The token is looked at first: it works while the sessions' database does not."""
    wanted, given = get_settings().health_token, _given_token(request)
    if wanted and given:
        return constant_time_compare(given, wanted)
    user: Any = getattr(request, "user", None)
    # A project's own user need not know of staff or permissions.
    if not all(getattr(user, name, False) for name in ("is_active", "is_staff", "has_perm")):
        return False
    return bool(user.has_perm("polar_django.view_health"))


def _given_token(request: HttpRequest) -> str:
    """From `Authorization`: a bearer, or the password beside any name. Never from the address,
    which is written into logs."""
    scheme, _space, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _refusal() -> HttpResponse:
    detail = "Send HEALTH_TOKEN as `Authorization: Bearer …`, or sign in as staff who may view it."
    headers = {"WWW-Authenticate": 'Bearer realm="health"'}
    return JsonResponse({"detail": detail}, status=HTTPStatus.UNAUTHORIZED, headers=headers)


def _without_database() -> HttpResponse:
    fault = {
        "code": "database-unreachable",
        "what": "The database does not answer.",
        "fix": "See the log, and that it runs.",
        "grave": True,
    }
    body = {"healthy": False, "faults": [fault]}
    return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
