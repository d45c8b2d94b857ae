"""What a member of staff does in the admin, as a browser sends it."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


def page(model: type[Model], name: str = "changelist", *args: Any) -> str:
    """The address of a model's page in the admin."""
    quoted = [quote(item) for item in args]
    return reverse(f"admin:polar_django_{model._meta.model_name}_{name}", args=quoted)


def confirm(client: Client, row: Model, action: str, **values: Any) -> HttpResponse:
    """Press the button of the page that asks whether to do this to that row."""
    address = page(type(row), "do_one", row.pk, action)
    return client.post(address, {"confirmed": "yes", **values})


def choose(client: Client, rows: list[Model], action: str) -> HttpResponse:
    """Tick rows in the list, and choose an action."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(page(type(rows[0])), chosen)


def messages_of(response: HttpResponse) -> list[str]:
    """What this request has to say, on whichever page is next."""
    return [str(message) for message in response.wsgi_request._messages._queued_messages]


def logged() -> list[str]:
    """The admin's log, oldest first."""
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
