"""What happened to a customer: steps, each with the events that it sent."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from polar_django.sandbox.models import Customer, WebhookEvent
from polar_django.sandbox.pages.wording import money

__all__ = ["MOST", "Moment", "Step", "timeline"]

# So many events are read, the latest.
MOST = 400
# Events no further apart belong to one step.
PAUSE = timedelta(seconds=1)

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """One event: its type, what it is about in a few words, and where its delivery stands."""

    event_id: UUID
    at: datetime
    type: str
    about: str
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """What a customer, a seller or the clock did: the events that followed, newest first."""

    moments: Sequence[Moment]

    @property
    def at(self) -> datetime:
        return self.moments[-1].at

    @property
    def chief(self) -> Moment:
        """The event that says most about the step; of several, what it became in the end."""
        return min(self.moments, key=lambda moment: RANKS.get(moment.type, len(RANKS)))

    @property
    def title(self) -> str:
        plain = self.chief.type.replace(".", " ").replace("_", " ").capitalize()
        return TITLES.get(self.chief.type, plain)

    @property
    def undelivered(self) -> int:
        return sum(moment.state not in ("delivered", "skipped") for moment in self.moments)


def timeline(customer: Customer) -> list[Step]:
    """What the latest 400 events of a customer tell, newest first. One query.

    An event that went to several endpoints is one line, with the first endpoint's delivery.
    """
    events = WebhookEvent.objects.filter(customer_id=customer.pk).select_related("endpoint")
    moments: dict[tuple[datetime, str], Moment] = {}
    for event in events.order_by("-created_at", "endpoint__created_at")[:MOST]:
        moment = Moment(event.id, event.created_at, event.type, _about(event), event.state)
        moments.setdefault((event.created_at, event.type), moment)
    return _steps(list(moments.values()))


def _steps(moments: Sequence[Moment]) -> list[Step]:
    groups: list[list[Moment]] = []
    for moment in moments:
        if groups and groups[-1][-1].at - moment.at <= PAUSE:
            groups[-1].append(moment)
        else:
            groups.append([moment])
    return [Step(group) for group in groups]


def _about(event: WebhookEvent) -> str:
    describe = DESCRIPTIONS.get(event.type.partition(".")[0])
    if describe is None or event.body is None:
        return ""
    return describe(json.loads(event.body)["data"])


def _checkout(data: Data) -> str:
    return f"{data['status']}, {money(data['total_amount'], data['currency'])}"


def _order(data: Data) -> str:
    reason = data["billing_reason"].replace("_", " ")
    status = data["status"].replace("_", " ")
    return f"{status}, {money(data['total_amount'], data['currency'])}, {reason}"


def _refund(data: Data) -> str:
    return f"{data['status']}, {money(data['amount'], data['currency'])}"


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
    "customer_seat": _person,
    "member": _person,
    "order": _order,
    "refund": _refund,
    "subscription": _subscription,
}
# What a step is called, by its chief event: the first of these that it sent.
TITLES: Mapping[str, str] = {
    "customer.deleted": "Deleted",
    "subscription.revoked": "Subscription ended",
    "subscription.past_due": "Payment failed",
    "subscription.paused": "Subscription paused",
    "subscription.resumed": "Subscription resumed",
    "subscription.uncanceled": "Cancellation taken back",
    "subscription.canceled": "Subscription canceled",
    "subscription.created": "Subscribed",
    "subscription.cycled": "Subscription renewed",
    "subscription.active": "Late payment came in",
    "order.refunded": "Refunded",
    "refund.created": "Refund asked for",
    "refund.updated": "Refund changed",
    "order.paid": "Paid",
    "order.created": "Order made",
    "order.updated": "Order changed",
    "subscription.updated": "Subscription changed",
    "customer_seat.claimed": "Seat taken",
    "customer_seat.assigned": "Seat given",
    "customer_seat.revoked": "Seat taken back",
    "benefit_grant.created": "Benefit given",
    "benefit_grant.revoked": "Benefit taken back",
    "benefit_grant.updated": "Benefit changed",
    "benefit_grant.cycled": "Benefit renewed",
    "checkout.expired": "Pay page expired",
    "checkout.created": "Pay page opened",
    "checkout.updated": "Pay page changed",
    "customer.created": "Became a customer",
    "member.created": "Member added",
    "member.updated": "Member changed",
    "member.deleted": "Member removed",
    "customer.updated": "Details changed",
    "customer.state_changed": "State changed",
}
RANKS: Mapping[str, int] = {name: rank for rank, name in enumerate(TITLES)}
