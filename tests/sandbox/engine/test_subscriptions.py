from datetime import timedelta

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import schedule, subscriptions
from polar_django.sandbox.models import BenefitGrant, Subscription
from tests.sandbox.conftest import Ears
from tests.sandbox.engine.sequences import ENDED


def test_canceling_at_period_end_leaves_the_access(subscription: Subscription, ears: Ears) -> None:
    ears.events()

    subscriptions.cancel_at_period_end(subscription, reason="too_expensive", comment="Sorry")

    events = ears.events()
    assert [name for name, _ in events] == [
        "subscription.updated",
        "subscription.canceled",
        "customer.state_changed",
    ]
    data = events[0][1]
    assert (data["status"], data["cancel_at_period_end"]) == ("active", True)
    assert data["ends_at"] == data["current_period_end"]
    assert data["customer_cancellation_reason"] == "too_expensive"
    assert BenefitGrant.objects.filter(granted_at__isnull=False).count() == 2


def test_canceling_twice_is_refused(subscription: Subscription) -> None:
    subscriptions.cancel_at_period_end(subscription)

    with pytest.raises(errors.AlreadyCanceledSubscription):
        subscriptions.cancel_at_period_end(subscription)


def test_uncanceling_takes_everything_back(subscription: Subscription, ears: Ears) -> None:
    subscriptions.cancel_at_period_end(subscription, reason="other")
    ears.events()

    subscriptions.uncancel(subscription)

    assert ears.types() == [
        "subscription.updated",
        "subscription.uncanceled",
        "customer.state_changed",
    ]
    row = Subscription.objects.get()
    assert (row.cancel_at_period_end, row.canceled_at, row.ends_at) == (False, None, None)
    assert row.customer_cancellation_reason is None


def test_uncanceling_needs_a_cancelation_that_has_not_happened(subscription: Subscription) -> None:
    with pytest.raises(errors.BadRequest):
        subscriptions.uncancel(subscription)
    subscriptions.revoke(subscription)
    with pytest.raises(errors.ResourceUnavailable):
        subscriptions.uncancel(subscription)


def test_revoking_ends_access_at_once(subscription: Subscription, ears: Ears) -> None:
    ears.events()

    subscriptions.revoke(subscription)

    assert ears.types() == ENDED
    row = Subscription.objects.get()
    assert row.status == "canceled"
    assert row.ended_at == row.ends_at == row.canceled_at
    assert not BenefitGrant.objects.filter(granted_at__isnull=False).exists()
    with pytest.raises(errors.AlreadyCanceledSubscription):
        subscriptions.revoke(subscription)


def test_a_scheduled_end_can_still_be_revoked_now(subscription: Subscription) -> None:
    subscriptions.cancel_at_period_end(subscription)

    subscriptions.revoke(subscription)

    assert Subscription.objects.get().status == "canceled"


def test_at_the_planned_end_canceled_is_sent_a_second_time(
    subscription: Subscription, ears: Ears
) -> None:
    subscriptions.cancel_at_period_end(subscription)
    planned = subscription.ends_at
    ears.events()

    schedule.advance(days=32)

    assert ears.types() == ENDED
    row = Subscription.objects.get()
    assert (row.ends_at, row.cancel_at_period_end) == (planned, True)
    assert row.ended_at is not None
    assert planned is not None
    assert planned <= row.ended_at < planned + timedelta(minutes=1)
    schedule.advance(days=60)
    assert ears.types() == []
