"""What happened to a customer, one line per event."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from polar_django.sandbox.models import Customer, WebhookEvent
from polar_django.sandbox.pages.wording import money

__all__ = ["Moment", "timeline"]

MOST = 200

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: its type, what it is about in a few words, and where its delivery stands."""

    event_id: UUID
    at: datetime
    type: str
    about: str
    state: str


def timeline(customer: Customer) -> list[Moment]:
    """The latest 200 events of a customer, newest first. One query.

    An event that went to several endpoints is one line, with the first endpoint's delivery.
    """
    events = WebhookEvent.objects.filter(customer_id=customer.pk).select_related("endpoint")
    moments: dict[tuple[datetime, str], Moment] = {}
    for event in events.order_by("-created_at", "endpoint__created_at")[:MOST]:
        moment = Moment(event.id, event.created_at, event.type, _about(event), event.state)
        moments.setdefault((event.created_at, event.type), moment)
    return list(moments.values())


def _about(event: WebhookEvent) -> str:
    describe = DESCRIPTIONS.get(event.type.partition(".")[0])
    if describe is None or event.body is None:
        return ""
    return describe(json.loads(event.body)["data"])


def _checkout(data: Data) -> str:
    return f"{data['status']}, {money(data['total_amount'], data['currency'])}"


def _order(data: Data) -> str:
    reason = data["billing_reason"].replace("_", " ")
    return f"{data['status']}, {money(data['total_amount'], data['currency'])}, {reason}"


def _subscription(data: Data) -> str:
    ending = ", ends with the period" if data["cancel_at_period_end"] else ""
    return f"{data['product']['name']}: {data['status'].replace('_', ' ')}{ending}"


def _grant(data: Data) -> str:
    return str(data["benefit"]["description"])


def _person(data: Data) -> str:
    return str(data.get("email") or data.get("name") or "")


DESCRIPTIONS: Mapping[str, Callable[[Data], str]] = {
    "benefit_grant": _grant,
    "checkout": _checkout,
    "customer": _person,
    "member": _person,
    "order": _order,
    "subscription": _subscription,
}
