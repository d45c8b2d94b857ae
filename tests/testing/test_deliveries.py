"""Deliveries that a project's test makes: signed, taken in, and seen through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.exceptions import ConfigurationError
from polar_django.models import Customer, WebhookDelivery
from polar_django.signals import customer_linked
from polar_django.testing import deliver_event, sign_delivery
from polar_django.webhooks import dispatch, on

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What the project's handler for customers has heard."""
    monkeypatch.setattr(dispatch, "_handlers", {})
    events = []
    on("customer.created")(events.append)
    return events


def customer(ada, **values):
    return {"id": "cus_1", "email": ada.email, "external_id": str(ada.pk), **values}


def test_an_event_reaches_the_mirror_the_signals_and_the_handlers(ada, heard):
    linked = []

    def note(**news):
        linked.append(news["subscriber"])

    customer_linked.connect(note)
    try:
        delivery = deliver_event("customer.created", customer(ada))
    finally:
        customer_linked.disconnect(note)
    assert delivery.state == "processed"
    assert Customer.objects.get().subscriber == ada
    assert linked == [ada]
    assert [event.data["id"] for event in heard] == ["cus_1"]


def test_the_same_delivery_again_is_a_duplicate_and_an_older_event_changes_nothing(ada, heard):
    first = deliver_event("customer.created", customer(ada, name="New"), delivery_id="one")
    assert deliver_event("customer.created", customer(ada), delivery_id="one") == first
    assert len(heard) == 1
    before = timezone.now() - timedelta(hours=1)
    deliver_event("customer.updated", customer(ada, name="Old"), at=before)
    assert Customer.objects.get().name == "New"
    assert WebhookDelivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_test_with_transactions_of_its_own_wakes_no_worker(ada, heard, monkeypatch):
    monkeypatch.setattr("polar_django.webhooks.wakeup.publish", pytest.fail)
    assert deliver_event("customer.created", customer(ada)).state == "processed"
    assert len(heard) == 1


def test_what_nobody_wants_is_ignored(db):
    assert deliver_event("moon.landed", {}).state == "ignored"


def test_a_signature_may_be_made_alone_and_a_wrong_one_is_refused(client):
    body = b'{"type": "moon.landed", "timestamp": "2026-11-21T12:00:00Z", "data": {}}'

    def post(headers):
        return client.post(
            "/billing/webhooks/polar/", body, content_type="application/json", headers=headers
        ).status_code

    assert post(sign_delivery(body)) == 202
    assert post(sign_delivery(body, secret="another")) == 403
    assert post(sign_delivery(body, at=timezone.now() - timedelta(hours=1))) == 403


def test_a_project_may_be_set_up_by_its_environment_alone(ada, settings, monkeypatch):
    monkeypatch.setenv("POLAR_WEBHOOK_SECRET", "a secret of the environment")
    settings.POLAR_DJANGO = {}  # of this change, unlike of the next, everybody is told
    del settings.POLAR_DJANGO
    assert deliver_event("customer.created", customer(ada)).state == "processed"


def test_without_a_secret_it_says_what_to_set(settings):
    settings.POLAR_DJANGO = {}
    with pytest.raises(ConfigurationError, match="WEBHOOK_SECRETS"):
        sign_delivery(b"{}")
