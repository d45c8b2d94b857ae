from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.mirror import cursors
from polar_django.models import Transition, UsageEvent, Walk, WebhookDelivery
from polar_django.usage import record_usage
from tests.webhooks.deliveries import stored

LONG_AGO = timedelta(days=3)


def test_deliveries_that_wait_too_long(diagnose, well):
    stored(due_at=timezone.now() - timedelta(hours=1))
    told = diagnose()
    finding = told.only("inbox-late")
    assert finding["what"].startswith("1 deliveries wait since")
    assert told.exit_code == 1


def test_deliveries_that_have_just_come_are_no_fault(diagnose, well):
    stored()
    assert diagnose().findings == {}


def test_dead_letters(diagnose, well):
    stored(state=WebhookDelivery.State.DEAD, error="It is no object.")
    told = diagnose()
    finding = told.only("inbox-dead")
    assert "polar_inbox replay --dead" in finding["fix"]
    assert told.exit_code == 0


def transition(**changes):
    now = timezone.now()
    return Transition.objects.create(
        name="benefit_granted",
        provider="polar",
        object_type="benefitgrant",
        object_id="grant",
        source="delivery",
        happened_at=now,
        recorded_at=now,
        due_at=changes.pop("due_at", now),
        **changes,
    )


def test_signals_that_wait_too_long(diagnose, well):
    Transition.objects.all().delete()
    transition(due_at=timezone.now() - timedelta(hours=1))
    assert "send_transitions" in diagnose().only("outbox-late")["fix"]


def test_signals_whose_receiver_never_succeeded(diagnose, well):
    Transition.objects.all().delete()
    transition(state="dead")
    assert "benefit_granted" in diagnose().only("outbox-dead")["what"]


@pytest.fixture
def with_workers(well, configured, settings, monkeypatch):
    """A project that has workers, which are not what is asked about."""
    configured(PROCESS_INLINE=False)
    monkeypatch.setattr("polar_django.doctor.workers.look_at_beat", lambda case: [])
    return well


def reconciled(age):
    Walk.objects.all().delete()
    walk = cursors.begin("polar", Walk.Purpose.RECONCILE)
    cursors.finish(walk)
    Walk.objects.update(finished_at=timezone.now() - age, is_quiet=False)


def codes(told):
    return {code for code in told.findings if not code.startswith(("broker", "worker", "beat"))}


def test_an_installation_of_today_is_not_late(diagnose, with_workers):
    assert codes(diagnose()) == set()


def test_a_mirror_that_was_never_compared(diagnose, with_workers):
    WebhookDelivery.objects.update(received_at=timezone.now() - LONG_AGO)
    told = diagnose()
    assert codes(told) == {"reconcile-late"}
    assert "polar_sync --repair" in told.findings["reconcile-late"]["fix"]


def test_a_mirror_that_was_compared_too_long_ago(diagnose, with_workers):
    reconciled(LONG_AGO)
    assert codes(diagnose()) == {"reconcile-late"}


def test_a_mirror_that_was_compared_today(diagnose, with_workers):
    reconciled(timedelta(hours=5))
    assert codes(diagnose()) == set()


def test_a_comparison_that_runs_is_not_late(diagnose, with_workers):
    """It forgets when the one before it came to its end."""
    WebhookDelivery.objects.update(received_at=timezone.now() - LONG_AGO)
    Walk.objects.update(finished_at=timezone.now() - LONG_AGO)
    assert cursors.begin("polar", Walk.Purpose.RECONCILE).finished_at is None
    assert codes(diagnose()) == set()


def test_a_comparison_that_comes_to_no_end_is_late(diagnose, with_workers):
    WebhookDelivery.objects.update(received_at=timezone.now() - LONG_AGO)
    Walk.objects.all().delete()
    cursors.begin("polar", Walk.Purpose.RECONCILE)
    Walk.objects.update(started_at=timezone.now() - LONG_AGO)
    assert codes(diagnose()) == {"reconcile-late"}


def test_usage_that_waits_too_long(diagnose, well, ada):
    record_usage(ada, "ai_usage")
    assert diagnose().findings == {}
    UsageEvent.objects.update(due_at=timezone.now() - timedelta(hours=1))
    finding = diagnose().only("usage-late")
    assert "flush_usage" in finding["fix"]
    assert finding["what"].startswith("1 usage events wait since")


def test_usage_that_was_given_up(diagnose, well, ada):
    record_usage(ada, "ai_usage")
    UsageEvent.objects.update(state="dead")
    told = diagnose()
    assert "polar_usage retry" in told.only("usage-dead")["fix"]
    assert told.exit_code == 0
