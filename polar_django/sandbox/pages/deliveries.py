"""The delivery log, and one delivery with its body and every attempt."""

import json
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.pages.dashboard import events_in_order
from polar_django.sandbox.pages.page import page, show

__all__ = ["deliveries", "delivery"]

ROWS = 50


@page("GET")
def deliveries(request: HttpRequest) -> HttpResponse:
    """All events, newest first. Five queries."""
    rows = Paginator(events_in_order(), ROWS).get_page(request.GET.get("page"))
    return show(request, "deliveries", {"rows": rows})


@page("GET")
def delivery(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """One event. Three queries."""
    event = events_in_order().filter(pk=event_id).first()
    if event is None:
        raise ResourceNotFound
    context = {
        "event": event,
        "attempts": event.attempts.order_by("-created_at"),
        "body": _readable(event.body),
        "is_redelivered": request.GET.get("done") == "redelivered",
    }
    return show(request, "delivery", context)


def _readable(body: str | None) -> str:
    """The body with line breaks; sent it was on one line."""
    return "" if body is None else json.dumps(json.loads(body), indent=2, ensure_ascii=False)
