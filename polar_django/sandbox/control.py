"""`_control/`: moving the clock, breaking things, sending, looking. For development only.

The app refuses to load where DEBUG is off, so these addresses ask for no token. But a developer's
browser also opens other sites: what one of those sends here is refused.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from polar_django.sandbox import chaos, clock, delivery, reset, shapes
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import schedule
from polar_django.sandbox.errors import OtherSite, SandboxError, invalid
from polar_django.sandbox.models import EmailChange, Seat, WebhookEvent

__all__ = [
    "break_things",
    "flush",
    "list_deliveries",
    "list_invitations",
    "list_mails",
    "move_clock",
    "start_over",
]

View = Callable[[HttpRequest], HttpResponse]

SPANS = ("days", "hours", "minutes", "seconds")
MOST_DELIVERIES = 1000


def _control(answer: Callable[[HttpRequest], Any]) -> View:
    """A JSON view: no login, no CSRF token, no transaction of its own; errors as in the API."""

    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            _refuse_other_sites(request)
            return JsonResponse(answer(request), safe=False)
        except SandboxError as error:
            return JsonResponse(error.body(), status=error.status)

    wrapped: View = csrf_exempt(login_not_required(transaction.non_atomic_requests(view)))
    return wrapped


def _refuse_other_sites(request: HttpRequest) -> None:
    """Browsers name the page that sends a POST, scripts and tests name none. Raises OtherSite."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.get_host():
        raise OtherSite


@require_POST
@_control
def move_clock(request: HttpRequest) -> dict[str, Any]:
    """`{"advance_days": 31}` (also hours, minutes, seconds) or `{"to": "2027-01-01T00:00:00Z"}`.

    Answers `{"now", "steps"}`: virtual time, and how many things fell due. Where webhooks are sent
    by themselves (AUTO_DELIVER) they are sent between the steps, and retried on time.
    """
    data = _read(request)
    deliver = get_settings().auto_deliver
    if "to" in data:
        steps = schedule.move_to(_time(data["to"]), deliver=deliver)
    else:
        steps = schedule.advance(**_span(data), deliver=deliver)
    return {"now": shapes.moment(clock.now()), "steps": steps}


def _time(text: object) -> datetime:
    try:
        time = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise invalid("Give an ISO 8601 time with its zone.", "to", value=text)
    return time


def _span(data: dict[str, Any]) -> dict[str, float]:
    known = {f"advance_{span}": span for span in SPANS}
    if not data or any(name not in known for name in data):
        raise invalid(f"Give `to`, or one of {', '.join(known)}.", value=data)
    for name, value in data.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise invalid("The clock moves forward by a number.", name, value=value)
    return {known[name]: value for name, value in data.items()}


@require_POST
@_control
def break_things(request: HttpRequest) -> dict[str, Any]:
    """`{"duplicate": 0.3, "reorder": true, "drop": 0.1, "legacy_signature": true}`; {} ends it.

    `"rate_limits": true` makes the API answer 429 as often as Polar's own sandbox does.
    Answers every switch as it is now.
    """
    return asdict(chaos.switch(_read(request)))


@require_POST
@_control
def flush(request: HttpRequest) -> dict[str, int]:
    """Do what fell due by itself, send everything that is due now. Answers attempts by result."""
    schedule.run_due()
    counts = delivery.flush()
    return {
        "delivered": counts.delivered,
        "failed": counts.failed,
        "skipped": counts.skipped,
    }


@require_POST
@_control
def start_over(request: HttpRequest) -> dict[str, str]:
    """Delete everything. Answers the time, which is real time again."""
    reset.reset()
    return {"now": shapes.moment(clock.now())}


@require_GET
@_control
def list_deliveries(request: HttpRequest) -> list[dict[str, Any]]:
    """`?limit=` events, newest first (100, at most 1000). Two queries."""
    text = request.GET.get("limit", "100")
    if not text.isdecimal() or int(text) < 1:
        raise invalid("The limit must be a number from 1.", "limit", value=text)
    rows = WebhookEvent.objects.order_by("-created_at").prefetch_related("attempts")
    return [shapes.delivery_log_entry(each) for each in rows[: min(int(text), MOST_DELIVERIES)]]


@require_GET
@_control
def list_invitations(request: HttpRequest) -> list[dict[str, Any]]:
    """The mails that Polar would have sent: seats that wait to be claimed, newest first. One query.

    `token` is what `POST /v1/customer-seats/claim` takes.
    """
    return [
        {
            "seat_id": str(seat.id),
            "email": seat.email,
            "token": seat.invitation_token,
            "expires_at": shapes.moment_or_none(seat.invitation_token_expires_at),
        }
        for seat in _invited().order_by("-created_at")
    ]


def _invited() -> QuerySet[Seat]:
    return Seat.objects.filter(status="pending", invitation_token__isnull=False)


def _read(request: HttpRequest) -> dict[str, Any]:
    """The body as an object; an empty body is an empty object."""
    try:
        data = json.loads(request.body or b"{}")
    except ValueError as error:
        raise invalid("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise invalid("The body must be an object.")
    return data


@require_GET
@_control
def list_mails(request: HttpRequest) -> list[dict[str, Any]]:
    """All mails that Polar would have sent and whose link still waits, newest first. Three queries.

    `kind` is `seat_invitation` (its token goes to `POST /v1/customer-seats/claim`) or
    `email_change` (to `POST /v1/customer-portal/customers/me/email-update/verify`).
    """
    changes = EmailChange.objects.filter(used_at=None, expires_at__gt=clock.now())
    mails = [
        *(
            (seat.created_at, "seat_invitation", seat.email, seat.invitation_token)
            for seat in _invited()
        ),
        *((change.created_at, "email_change", change.email, change.token) for change in changes),
    ]
    return [
        {"sent_at": shapes.moment(sent_at), "kind": kind, "to": to, "token": token}
        for sent_at, kind, to, token in sorted(mails, key=lambda mail: mail[0], reverse=True)
    ]
