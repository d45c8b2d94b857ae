"""The dashboard's buttons: each one reads its form, calls one function, and goes back."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from polar_django.sandbox import chaos, clock, delivery, reset
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import schedule
from polar_django.sandbox.engine.endpoints import redeliver
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.pages.page import SeeOther, page, show
from polar_django.sandbox.periods import add_interval
from polar_django.sandbox.trigger import trigger

__all__ = ["break_things", "flush", "move_clock", "send_again", "start_over", "trigger_event"]

JUMPS = ("day", "week", "month", "year")


@page("POST")
def move_clock(request: HttpRequest) -> HttpResponse:
    """`jump` names an interval of `JUMPS`; otherwise `to` is a UTC time from the date field."""
    schedule.move_to(_target(request), deliver=get_settings().auto_deliver)
    return _back("clock")


def _target(request: HttpRequest) -> datetime:
    jump = request.POST.get("jump")
    if jump in JUMPS:
        now = clock.now()
        return add_interval(now, jump, 1, anchor_day=now.day)
    text = request.POST.get("to", "")
    try:
        time = parse_datetime(text)
    except ValueError:
        time = None
    if time is None:
        raise invalid("Give a date and a time to move the clock to.", "to", value=text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@page("POST")
def flush(request: HttpRequest) -> HttpResponse:
    """Send everything that is due."""
    schedule.run_due()
    delivery.flush()
    return _back("flush")


@page("POST")
def break_things(request: HttpRequest) -> HttpResponse:
    """The switches as the form shows them; what is not ticked goes off."""
    chaos.switch(
        {
            "duplicate": _share(request, "duplicate"),
            "drop": _share(request, "drop"),
            **{name: name in request.POST for name in chaos.SWITCHES},
        }
    )
    return _back("chaos")


def _share(request: HttpRequest, name: str) -> float:
    """Percent in the form, a share from 0 to 1 in here. Raises InvalidRequest."""
    text = request.POST.get(name) or "0"
    try:
        return float(text) / 100
    except ValueError as error:
        raise invalid("A share must be a number from 0 to 100.", name, value=text) from error


@page("POST")
def trigger_event(request: HttpRequest) -> HttpResponse:
    """Send one event of the chosen `type` for the newest object that fits; nothing else changes."""
    trigger(request.POST.get("type", ""))
    if not get_settings().auto_deliver:
        delivery.flush()
    return _back("trigger")


@page("GET", "POST")
def start_over(request: HttpRequest) -> HttpResponse:
    """GET asks whether; POST deletes everything."""
    if request.method == "GET":
        return show(request, "reset", {})
    reset.reset()
    return _back("reset")


@page("POST")
def send_again(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Redeliver one event. Where nothing is sent by itself, everything due goes out at once."""
    redeliver(event_id)
    if not get_settings().auto_deliver:
        delivery.flush()
    return SeeOther(reverse("polar_sandbox:delivery", args=[event_id]) + "?done=redelivered")


def _back(done: str) -> HttpResponse:
    return SeeOther(f"{reverse('polar_sandbox:dashboard')}?done={done}")
