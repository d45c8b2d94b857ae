"""The table of the clock: what falls due, in which order, and what ends with time alone."""

from datetime import timedelta
from itertools import pairwise

from polar_django.sandbox import clock, delivery
from polar_django.sandbox.engine import endpoints, schedule
from polar_django.sandbox.models import (
    Checkout,
    Order,
    Subscription,
    WebhookEndpoint,
    WebhookEvent,
)
from tests.sandbox.conftest import Ears, Shop
from tests.sandbox.receiving import Receiver, endpoint, make_events, receiver
from tests.sandbox_fixtures import SandboxInTests

__all__ = ["endpoint", "receiver"]


def test_what_falls_due_together_happens_in_the_order_of_the_table(
    shop: Shop, failing: Subscription, ears: Ears
) -> None:
    """Sessions, then periods, then payments."""
    shop.roll_to(failing.current_period_end)
    other = shop.buy(shop.free, customer_email="bob@example.com").checkout
    open_one = shop.open(shop.ebook)
    hour = Order.objects.get(next_payment_attempt_at__isnull=False).next_payment_attempt_at
    assert hour is not None
    hour = hour.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    Order.objects.filter(next_payment_attempt_at__isnull=False).update(next_payment_attempt_at=hour)
    Checkout.objects.filter(pk=open_one.pk).update(expires_at=hour)
    Subscription.objects.filter(checkout=other).update(current_period_end=hour)
    # A decline says nothing: it is the last attempt that can be heard.
    Order.objects.filter(next_payment_attempt_at=hour).update(failed_payment_attempts=4)
    ears.events()

    assert schedule.move_to(hour) == 3

    heard = ears.types()
    told = ("checkout.expired", "subscription.cycled", "subscription.revoked")
    assert [name for name in heard if name in told] == list(told)


def test_each_thing_has_the_time_at_which_it_fell_due(
    shop: Shop, subscription: Subscription
) -> None:
    shop.open(shop.ebook)
    schedule.advance(days=100)

    expired = WebhookEvent.objects.get(type="checkout.expired").created_at
    assert expired.minute % 15 == 0
    cycles = WebhookEvent.objects.filter(type="subscription.cycled").order_by("created_at")
    assert len(cycles) == 3
    gaps = [later.created_at - each.created_at for each, later in pairwise(cycles)]
    assert all(timedelta(days=28) <= gap <= timedelta(days=31, hours=1) for gap in gaps)
    assert all(each.created_at < clock.now() - timedelta(days=5) for each in cycles)


def test_a_portal_token_is_unknown_after_an_hour(sandbox: SandboxInTests) -> None:
    body = {"email": "ada@example.com", "external_id": "u-1"}
    sandbox.api.post("/v1/customers/", json=body)
    session = sandbox.api.post("/v1/customer-sessions/", json={"external_customer_id": "u-1"})
    headers = {"Authorization": f"Bearer {session.json()['token']}"}
    me = "/v1/customer-portal/customers/me"
    assert sandbox.api.get(me, headers=headers).status_code == 200

    schedule.advance(minutes=61)

    answer = sandbox.api.get(me, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_retries_are_sent_at_their_own_time_while_the_clock_moves(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    (event_id,) = make_events()
    receiver.answers(500)
    delivery.deliver_due()
    due_at = WebhookEvent.objects.get().next_attempt_at
    receiver.answers(202)

    schedule.advance(hours=1, deliver=True)

    assert set(receiver.ids) == {event_id}
    sent_at = WebhookEvent.objects.get().attempts.get(succeeded=True).created_at
    assert due_at is not None
    assert due_at <= sent_at < clock.now() - timedelta(minutes=30)


def test_bodies_are_put_away_at_midnight(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    make_events()
    delivery.flush()
    made = WebhookEvent.objects.get().created_at

    # Ninety days later to the minute, and up to the last minute before the next midnight.
    schedule.move_to((made + timedelta(days=90)).replace(hour=23, minute=58))
    assert not WebhookEvent.objects.get().is_archived
    schedule.advance(minutes=3)

    event = WebhookEvent.objects.get()
    assert event.is_archived
    assert event.succeeded is True
    assert endpoints.list_endpoints()
