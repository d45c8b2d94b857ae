"""Acting the recorded story on the sandbox: the same requests, and the same blows of fate."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.test import override_settings

from polar_django.sandbox import clock, delivery
from polar_django.sandbox.cards import find_card
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import payment_methods, schedule
from polar_django.sandbox.models import (
    Checkout,
    Customer,
    Order,
    PaymentMethod,
    Seat,
    Subscription,
    WebhookEvent,
)
from tests.sandbox.recordings.corpus import Event, Step
from tests.sandbox.recordings.likeness import Likeness
from tests.sandbox.recordings.unrecorded import UNRECORDED
from tests.sandbox_fixtures import BASE_URL, DECLINES, PAYS

__all__ = ["ONE_ATTEMPT", "UNHEARD", "Unreachable", "before", "new_events", "receiver", "send"]

# The tokens that the recorder paid with.
CARDS = {"ctoken_ok": PAYS, "ctoken_decline": DECLINES}
# What the token of a scenario was allowed to do, where that was not everything.
NARROW = {"error.403_scope": "products:read"}
# Sent by mail, so that no answer told it.
INVITATION = "lLnb8GvBjkP4F2KT5Ef0JeCWv7cckTqQGRpw9BuIFOA"
# Read in the log of deliveries: the oldest that the endpoint had refused for good.
REFUSED = "b57a88e6-a7ac-4800-b468-49f63309336f"
NOBODY = "11111111-1111-4111-8111-111111111111"


class Unreachable(Exception):
    """The request names an object that nothing in the recordings made."""


def receiver() -> httpx.Client:
    """The recorder's webhook endpoint: `/status/500` answers 500, everything else 204."""

    def answer(request: httpx.Request) -> httpx.Response:
        head, _, status = request.url.path.rpartition("/")
        return httpx.Response(int(status) if head == "/status" else 204)

    return httpx.Client(transport=httpx.MockTransport(answer))


def send(api: httpx.Client, step: Step, likeness: Likeness, portal_token: str) -> httpx.Response:
    """The recorded request with our ids. Raises Unreachable."""
    path, unknown = likeness.translate(step.path.replace(REFUSED, _refused()))
    text = step.body if isinstance(step.body, str) else json.dumps(step.body)
    for name, card in CARDS.items():
        text = text.replace(f'"{name}"', f'"{card}"')
    body, more = likeness.translate(text)
    if missing := [each for each in (*unknown, *more) if each not in (NOBODY, _refused())]:
        raise Unreachable(missing[0])
    path, body = (each.replace(INVITATION, _invitation()) for each in (path, body))
    headers = {**dict(step.headers), "Authorization": _credentials(step, portal_token)}
    with _scopes(step.scenario):
        return api.request(
            step.method,
            f"{BASE_URL}{path}",
            content=None if step.body is None else body.encode(),
            headers={name: value for name, value in headers.items() if value},
            follow_redirects=step.method == "GET",
        )


def _scopes(scenario: str) -> AbstractContextManager[object]:
    """The recorder had another token for some scenarios; ours may do more or less at a time."""
    if scenario not in NARROW:
        return nullcontext()
    return override_settings(POLAR_SANDBOX={**settings.POLAR_SANDBOX, "SCOPES": NARROW[scenario]})


def _invitation() -> str:
    """The token in the newest invitation."""
    seat = Seat.objects.filter(invitation_token__isnull=False).order_by("-modified_at").first()
    return seat.invitation_token or "" if seat else INVITATION


def _refused() -> str:
    """The oldest event that was refused for good."""
    event = WebhookEvent.objects.filter(succeeded=False).order_by("created_at").first()
    return str(event.pk) if event else REFUSED


def _credentials(step: Step, portal_token: str) -> str:
    """Tokens are not in the recordings: what was sent follows from what was answered."""
    if step.status == 401:
        is_unknown = isinstance(step.answer, dict) and step.answer["error"] == "invalid_token"
        return "Bearer polar_oat_wrong" if is_unknown else ""
    if urlsplit(step.path).path.startswith("/v1/customer-portal/") and portal_token:
        return f"Bearer {portal_token}"
    return f"Bearer {get_settings().access_token}"


def new_events(seen: set[Any], url: str, scenario: str) -> list[Event]:
    """What the recorder's endpoint was told since the last time, oldest first."""
    rows = WebhookEvent.objects.filter(endpoint__url=url).order_by("created_at")
    new = [row for row in rows if row.pk not in seen]
    seen |= {row.pk for row in new}
    delivery.flush()
    return [Event(scenario, row.type, json.loads(row.body or "{}")) for row in new]


def _period_ends(external_id: str) -> None:
    """The recorder set the period's end to now in the database; so do we."""
    of_customer = Subscription.objects.filter(customer__external_id=external_id)
    of_customer.update(current_period_end=clock.now())
    of_customer.filter(ends_at__isnull=False).update(ends_at=clock.now())
    schedule.run_due()


def _renewal_succeeds() -> None:
    _period_ends("user-300")


def _renewal_fails() -> None:
    PaymentMethod.objects.filter(customer__external_id="user-300").update(behaviour="declines")
    _period_ends("user-300")


def _recovers() -> None:
    """Between two recorded scenarios the card was good again; that part is not in the selection."""
    customer = Customer.objects.get(external_id="user-300")
    payment_methods.replace_card(customer, find_card(PAYS))
    assert not Order.objects.filter(customer=customer, status="pending").exists()


def _checkout_expires() -> None:
    newest = Checkout.objects.order_by("-created_at").first()
    assert newest is not None
    newest.expires_at = clock.now() - timedelta(hours=1)
    newest.save()
    schedule.run_due()


# By scenario and the position of the step in it: what the recorder did without a request.
FATE: Mapping[tuple[str, int], Callable[[], None]] = {
    ("renewal.cycle_success", 0): _renewal_succeeds,
    ("renewal.payment_failed_past_due", 0): _renewal_fails,
    ("cancel_then_period_end.cancel", 0): _recovers,
    ("cancel_then_period_end.end", 0): lambda: _period_ends("user-300"),
    ("pause.apply", 0): lambda: _period_ends("user-301"),
    ("metered.after", 0): lambda: _period_ends("user-303"),
    ("checkout.expire", 1): _checkout_expires,
    **UNRECORDED,
}


# What these made known belongs to no scenario.
UNHEARD = {("cancel_then_period_end.cancel", 0), ("metered.after", 0), *UNRECORDED}
# There the recorder's server gave an event up after one attempt, so as not to wait for hours.
ONE_ATTEMPT = {"webhook.auto_disable", "webhook.reenable_redeliver"}


def before(scenario: str, position: int) -> Callable[[], None] | None:
    """What happens before that step, apart from the request."""
    return FATE.get((scenario, position))
