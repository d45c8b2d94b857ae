"""What can be switched on of Polar's slowness and of its older ways, and what is put away."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from polar_django.sandbox import chaos, clock, delivery
from polar_django.sandbox.engine import archive, customers, endpoints, schedule, subscriptions
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import Customer, Subscription, WebhookEvent
from tests.sandbox.conftest import Ears, Shop

STATE = "customer.state_changed"


@pytest.fixture
def still() -> Iterator[None]:
    """Only the test moves the clock, however slow the machine is."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def states() -> list[datetime]:
    rows = WebhookEvent.objects.filter(type=STATE, waits_since__isnull=False)
    return [row.created_at for row in rows.order_by("created_at")]


@pytest.mark.usefixtures("still")
def test_a_state_can_wait_until_nothing_has_changed_for_a_while(
    shop: Shop, subscription: Subscription
) -> None:
    chaos.switch({"delay_states": True})
    began = clock.now()

    for _ in range(3):
        subscriptions.cancel_at_period_end(subscription)
        subscriptions.uncancel(subscription)
        schedule.advance(seconds=5)

    (at,) = states()
    assert began + timedelta(seconds=25) < at < began + timedelta(seconds=30)
    body = json.loads(WebhookEvent.objects.get(type=STATE, created_at=at).body or "")
    assert body["timestamp"].startswith(f"{at:%Y-%m-%dT%H:%M:%S}")


@pytest.mark.usefixtures("still")
def test_it_never_waits_longer_than_a_quarter_of_an_hour(
    shop: Shop, subscription: Subscription
) -> None:
    chaos.switch({"delay_states": True})
    began = clock.now()

    for _ in range(90):
        subscriptions.cancel_at_period_end(subscription)
        subscriptions.uncancel(subscription)
        schedule.advance(seconds=10)

    assert min(states()) < began + timedelta(minutes=15, seconds=1)


def test_a_state_that_follows_a_customer_does_not_wait(
    shop: Shop, subscription: Subscription, ears: Ears
) -> None:
    chaos.switch({"delay_states": True})
    subscriptions.cancel_at_period_end(subscription)
    ears.events()

    customers.update_customer(Customer.objects.get(), {"name": "Ada"})

    assert ears.types() == ["customer.updated", STATE]
    assert states() == []


def test_envelopes_may_be_those_of_before_september(shop: Shop, ears: Ears) -> None:
    chaos.switch({"omit_api_version": True})

    shop.product("Older", 100)

    body = json.loads(WebhookEvent.objects.latest("created_at").body or "")
    assert list(body) == ["type", "timestamp", "data"]


def test_a_canceled_subscription_may_end_without_being_canceled_again(
    shop: Shop, subscription: Subscription, ears: Ears
) -> None:
    subscriptions.cancel_at_period_end(subscription)
    chaos.switch({"single_canceled": True})
    ears.events()

    shop.roll_to(subscription.current_period_end)

    assert ears.types()[:2] == ["subscription.updated", "subscription.revoked"]


def test_after_ninety_days_a_body_is_gone_at_midnight(shop: Shop) -> None:
    old = WebhookEvent.objects.latest("created_at")
    WebhookEvent.objects.update(next_attempt_at=None, succeeded=True)

    schedule.advance(days=89)
    old.refresh_from_db()
    assert not old.is_archived
    schedule.advance(days=2)

    old.refresh_from_db()
    assert old.is_archived
    assert not archive.kept().exists()
    with pytest.raises(ResourceNotFound):
        endpoints.redeliver(old.pk)


def test_what_was_never_sent_is_kept(shop: Shop) -> None:
    waiting = WebhookEvent.objects.filter(next_attempt_at__isnull=False).count()

    schedule.advance(days=200)

    assert waiting
    assert not WebhookEvent.objects.filter(body=None).exists()
    assert delivery.next_due_at() is not None
