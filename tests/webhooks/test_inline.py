"""`PROCESS_INLINE`: a delivery is worked off in the request that brought it."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from polar_django import signals
from polar_django.models import Subscription, WebhookDelivery
from polar_django.webhooks import inline, processing, wakeup
from tests.webhooks.deliveries import post, states, stored, subscription_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inline")]


def test_the_mirror_is_written_when_the_response_arrives(
    client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert post(client, subscription_body()).status_code == 202
    assert Subscription.objects.get().status == "active"
    assert WebhookDelivery.objects.get().state == "processed"


def test_what_failed_earlier_is_tried_again_with_the_next(
    client, django_capture_on_commit_callbacks
):
    failed = stored(subscription_body("sub_old"), state="failed", attempts=1)
    later = stored(state="failed", attempts=1, due_at=timezone.now() + timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        post(client, subscription_body())
    assert states([failed, later]) == ["processed", "failed"]


def test_a_large_backlog_does_not_hold_up_the_answer_and_a_command_works_all_of_it_off(
    client, django_capture_on_commit_callbacks, monkeypatch
):
    monkeypatch.setattr(wakeup, "_INLINE", timedelta())
    monkeypatch.setattr(processing, "drain", partial(processing.drain, 2))
    for number in range(5):
        stored(subscription_body(f"sub_{number}"))
    with django_capture_on_commit_callbacks(execute=True):
        assert post(client, subscription_body()).status_code == 202
    waiting = WebhookDelivery.objects.filter(state="pending")
    assert waiting.count() == 4
    inline.work_off()
    assert waiting.count() == 0


def test_slow_receivers_do_not_hold_up_the_answer_either(monkeypatch):
    told = []

    def be_slow(**_):
        told.append(1)

    for number in range(9):
        stored(subscription_body(f"sub_{number}"))
    signals.subscription_activated.connect(be_slow)
    try:
        inline.work_off(until=timezone.now())
        assert len(told) == inline._NEWS
        inline.work_off()
    finally:
        signals.subscription_activated.disconnect(be_slow)
    assert len(told) == 9


@pytest.mark.django_db(transaction=True)
def test_an_error_never_reaches_the_sender(client, monkeypatch):
    def crash():
        raise RuntimeError("the mirror is on fire")

    monkeypatch.setattr(processing, "drain", crash)
    assert post(client, subscription_body()).status_code == 202
    assert WebhookDelivery.objects.get().state == "pending"
