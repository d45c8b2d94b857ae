"""`PROCESS_INLINE`: a delivery is worked off in the request that brought it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.models import Subscription, WebhookDelivery
from polar_django.webhooks import processing
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


@pytest.mark.django_db(transaction=True)
def test_an_error_never_reaches_the_sender(client, monkeypatch):
    def crash():
        raise RuntimeError("the mirror is on fire")

    monkeypatch.setattr(processing, "drain", crash)
    assert post(client, subscription_body()).status_code == 202
    assert WebhookDelivery.objects.get().state == "pending"
