"""What waits, what failed and why: counted from the rows, in a bounded number of queries."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from polar_django.exceptions import ForeignObject, MalformedPayload
from polar_django.health import measure_health
from polar_django.heartbeats import note_beat
from polar_django.models import Transition, Walk, WebhookDelivery
from polar_django.tasks import sweep_inbox
from polar_django.webhooks import inbox
from tests.health.failures import failed_with, twenty_dead
from tests.webhooks.deliveries import stored, subscription_body

pytestmark = pytest.mark.django_db


def codes(health) -> list[str]:
    return [fault.code for fault in health.faults]


@pytest.fixture
def running(db):
    """Beat, a worker, and a comparison that found nothing."""
    note_beat(sweep_inbox.name)
    now = timezone.now()
    Walk.objects.create(provider="polar", purpose="reconcile", started_at=now, finished_at=now)


def test_an_installation_that_runs_has_no_fault(running):
    health = measure_health()
    assert health.is_well
    assert codes(health) == []


def test_twenty_dead_letters_are_five_causes(handlers_off):
    twenty_dead()
    health = measure_health()
    assert health.inbox.dead == 20
    assert [(cause.name, cause.count) for cause in health.causes.found] == [
        ("MalformedPayload", 8),
        ("MalformedPayload", 5),
        ("ForeignObject", 4),
        ("WorkerKilled", 2),
        ("KeyError", 1),
    ]
    assert health.causes.found[1].event_types == {"order.paid": 4, "order.updated": 1}
    assert health.causes.is_complete


def test_a_cause_is_the_same_whatever_object_it_met():
    failed_with(ForeignObject("customer cus_1a belongs to the provider other."))
    failed_with(ForeignObject("customer cus_2b belongs to the provider other."))
    failed_with(ForeignObject("order 7c9e6679-7425-40de-944b-e07fc1f90ae7 belongs elsewhere."))
    assert [cause.count for cause in measure_health().causes.found] == [2, 1]


def test_errors_at_two_places_are_two_causes():
    failed_with(MalformedPayload("KeyError in apply (mirror/upsert.py, line 12)."))
    failed_with(MalformedPayload("KeyError in apply (mirror/upsert.py, line 340)."))
    assert len(measure_health().causes.found) == 2


def test_a_cause_counts_what_is_given_up_and_what_is_tried_again():
    dead = failed_with(MalformedPayload("The object has no id."))
    assert dead.state == "dead"
    waiting = stored()
    WebhookDelivery.objects.filter(pk=waiting.pk).update(
        state="failed",
        due_at=timezone.now() + timedelta(hours=1),
        error_type=dead.error_type,
        error=dead.error,
    )
    health = measure_health()
    (cause,) = health.causes.found
    assert (cause.dead, cause.put_off) == (1, 1)
    assert cause.pks == (dead.pk, waiting.pk)
    assert (health.inbox.due, health.inbox.put_off) == (0, 1)


def test_what_waits_too_long_is_grave_and_says_for_how_long(running):
    delivery = stored()
    now = timezone.now()
    assert measure_health().is_well
    WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=now - timedelta(minutes=30))
    health = measure_health()
    assert not health.is_well
    assert codes(health) == ["inbox-late"]
    assert health.inbox.due == 1
    assert "30\xa0minutes" in health.faults[0].what


def test_what_a_worker_has_in_hand_does_not_wait(running):
    stored()
    inbox.claim()
    health = measure_health()
    assert (health.inbox.due, health.inbox.put_off) == (0, 0)
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        assert measure_health().inbox.due == 1


def test_a_sweeper_that_fell_silent_is_grave(running):
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        assert codes(measure_health()) == ["beat-silent"]


def test_a_comparison_of_the_day_before_yesterday_is_late(running):
    old = timezone.now() - timedelta(hours=30)
    Walk.objects.update(finished_at=old)
    health = measure_health()
    assert codes(health) == ["reconcile-late"]
    assert health.is_well
    Walk.objects.update(started_at=timezone.now(), finished_at=None)
    assert codes(measure_health()) == []


def test_what_a_comparison_found_is_told(running):
    Walk.objects.update(
        report={
            "customers": {"seen": 10, "missing": 2, "outdated": 1, "gone": 0, "written": 3},
            "orders": {"seen": 5, "missing": 0, "outdated": 0, "gone": 1, "written": 1},
        }
    )
    (walk,) = measure_health().walks
    assert walk.drift == 4


def test_without_workers_to_wait_for_nothing_is_asked_of_them(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
    assert codes(measure_health()) == []


def test_deliveries_are_counted_by_the_hour_and_by_what_became_of_them():
    noon = timezone.now().replace(minute=30)
    with time_machine.travel(noon, tick=False):
        for hours, state in ((0, "pending"), (1, "processed"), (1, "ignored"), (1, "dead")):
            stored(received_at=noon - timedelta(hours=hours), state=state)
        stored(received_at=noon - timedelta(hours=49), state="processed")
        health = measure_health()
    *earlier, before, present = health.hours
    assert len(health.hours) == 48
    assert (present.received, present.waiting) == (1, 1)
    assert (before.done, before.waiting, before.dead) == (2, 0, 1)
    assert not any(hour.received for hour in earlier)
    assert present.starts_at == noon.replace(minute=0, second=0, microsecond=0)


def test_signals_that_failed_to_the_last_are_told_by_name():
    now = timezone.now()
    Transition.objects.bulk_create(
        Transition(
            name=name,
            provider="polar",
            object_type="order",
            object_id=f"order_{number}",
            source="delivery",
            happened_at=now,
            recorded_at=now,
            due_at=now,
            state="dead",
            error=f"shop.mails.thank: error {number}",
        )
        for number, name in enumerate(["order_paid", "order_paid", "benefit_granted"])
    )
    health = measure_health()
    assert [(one.name, one.count) for one in health.news] == [
        ("order_paid", 2),
        ("benefit_granted", 1),
    ]
    assert health.news[0].error == "shop.mails.thank: error 1"
    assert "outdated" not in codes(health)
    assert "outbox-dead" in codes(health)


def test_the_queries_do_not_grow_with_the_inbox(running, django_assert_num_queries):
    for number in range(30):
        stored(subscription_body(f"sub_{number}"), state="dead", error=f"e {number % 7}")
    with django_assert_num_queries(13):
        measure_health()
