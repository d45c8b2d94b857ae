from datetime import timedelta

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import pauses, schedule, subscriptions
from polar_django.sandbox.models import BenefitGrant, Order, PaymentMethod, Subscription
from tests.sandbox.conftest import Ears
from tests.sandbox.engine.sequences import ENDED, PAUSED, RENEWED, RESUMED


@pytest.fixture
def paused(subscription: Subscription, ears: Ears) -> Subscription:
    pauses.schedule_pause(subscription)
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    ears.events()
    return Subscription.objects.get()


def test_a_pause_waits_for_the_end_of_the_period(subscription: Subscription, ears: Ears) -> None:
    ears.events()

    pauses.schedule_pause(subscription)

    events = ears.events()
    assert [name for name, _ in events] == ["subscription.updated", "customer.state_changed"]
    assert (events[0][1]["status"], events[0][1]["pause_at_period_end"]) == ("active", True)
    assert BenefitGrant.objects.filter(granted_at__isnull=False).count() == 2


def test_at_the_end_of_the_period_nothing_is_charged_and_the_benefits_go(
    subscription: Subscription, ears: Ears
) -> None:
    pauses.schedule_pause(subscription)
    ears.events()
    period = (subscription.current_period_start, subscription.current_period_end)

    schedule.advance(days=32)

    events = ears.events()
    assert [name for name, _ in events] == PAUSED
    data = events[1][1]
    assert (data["status"], data["pause_at_period_end"]) == ("paused", False)
    assert data["paused_at"] is not None
    row = Subscription.objects.get()
    assert (row.current_period_start, row.current_period_end) == period
    assert Order.objects.count() == 1
    schedule.advance(days=90)
    assert ears.types() == []


def test_resuming_begins_a_period_now_and_charges_it(paused: Subscription, ears: Ears) -> None:
    schedule.advance(days=10)
    before = set(BenefitGrant.objects.values_list("pk", flat=True))

    pauses.resume_now(paused)

    events = ears.events()
    assert [name for name, _ in events] == RESUMED
    data = dict(events)["subscription.resumed"]
    assert (data["status"], data["paused_at"], data["resumes_at"]) == ("active", None, None)
    assert data["current_period_start"] > data["created_at"]
    order = dict(events)["order.paid"]
    assert (order["billing_reason"], order["total_amount"]) == ("subscription_cycle", 1_000)
    assert set(BenefitGrant.objects.values_list("pk", flat=True)) == before
    row = Subscription.objects.get()
    assert row.anchor_day == row.current_period_start.day
    schedule.move_to(row.current_period_end + timedelta(minutes=1))
    assert ears.types() == RENEWED


def test_a_pause_with_an_end_resumes_by_itself(subscription: Subscription, ears: Ears) -> None:
    resumes_at = subscription.current_period_end + timedelta(days=20)
    pauses.schedule_pause(subscription, resumes_at=resumes_at)
    schedule.move_to(subscription.current_period_end + timedelta(days=19))
    ears.events()

    schedule.advance(days=2)

    assert ears.types() == RESUMED
    start = Subscription.objects.get().current_period_start
    assert timedelta(0) <= start - resumes_at < timedelta(minutes=1)


def test_resuming_with_a_card_that_fails_is_past_due(paused: Subscription, ears: Ears) -> None:
    PaymentMethod.objects.update(behaviour="fails_later")

    pauses.resume_now(paused)

    assert Subscription.objects.get().status == "past_due"
    assert ears.types()[:2] == RESUMED[:2]
    assert not BenefitGrant.objects.filter(granted_at__isnull=False).exists()


def test_a_pause_is_taken_back(subscription: Subscription, ears: Ears) -> None:
    pauses.schedule_pause(subscription)
    ears.events()

    pauses.unschedule_pause(subscription)

    assert ears.types() == ["subscription.updated", "customer.state_changed"]
    schedule.move_to(subscription.current_period_end + timedelta(minutes=1))
    assert ears.types() == RENEWED


def test_canceling_wins_over_a_pause(subscription: Subscription, ears: Ears) -> None:
    resumes_at = subscription.current_period_end + timedelta(days=5)
    pauses.schedule_pause(subscription, resumes_at=resumes_at)
    subscriptions.cancel_at_period_end(subscription)
    assert (subscription.pause_at_period_end, subscription.resumes_at) == (False, None)
    ears.events()

    schedule.advance(days=40)

    assert ears.types() == ENDED


def test_a_paused_subscription_can_be_ended(paused: Subscription, ears: Ears) -> None:
    subscriptions.revoke(paused)

    assert ears.types() == [*ENDED[:3], "customer.state_changed"]
    with pytest.raises(errors.AlreadyCanceledSubscription):
        pauses.resume_now(paused)
    with pytest.raises(errors.ResourceUnavailable):
        pauses.unschedule_pause(paused)
    with pytest.raises(errors.AlreadyCanceledSubscription):
        pauses.schedule_pause(paused)


def test_what_cannot_rest_is_refused(subscription: Subscription) -> None:
    with pytest.raises(errors.BadRequest):
        pauses.resume_now(subscription)
    with pytest.raises(errors.BadRequest):
        pauses.unschedule_pause(subscription)
    with pytest.raises(errors.InvalidRequest, match="after the current period end"):
        pauses.schedule_pause(subscription, resumes_at=subscription.current_period_end)
    pauses.schedule_pause(subscription)
    with pytest.raises(errors.BadRequest):
        pauses.schedule_pause(subscription)
    Subscription.objects.update(status="past_due", pause_at_period_end=False)
    with pytest.raises(errors.InactiveSubscription):
        pauses.schedule_pause(subscription)
    Subscription.objects.update(status="active", cancel_at_period_end=True)
    with pytest.raises(errors.AlreadyCanceledSubscription):
        pauses.schedule_pause(subscription)
