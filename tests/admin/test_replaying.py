"""What failed is done again by staff: deliveries, news of receivers, usage."""

import pytest

from polar_django.billing import grant_benefit
from polar_django.models import Transition, UsageEvent, WebhookDelivery
from polar_django.signals import benefit_granted
from polar_django.usage import record_usage
from tests.admin.clicking import confirm, logged, messages_of, page
from tests.admin.conftest import dead_usage

pytestmark = pytest.mark.django_db


def test_dead_deliveries_are_processed_again(chief, customer, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
    dead = WebhookDelivery.objects.filter(type="order.paid").get()
    WebhookDelivery.objects.filter(pk=dead.pk).update(state="dead", attempts=8, error="Oh.")
    answer = confirm(chief, dead, "replay")
    assert messages_of(answer) == ["1 delivery is processed again."]
    dead.refresh_from_db()
    assert dead.state in {"pending", "processed"}
    assert dead.error == ""


def test_a_delivery_without_its_body_cannot_be_processed_again(chief, customer):
    purged = WebhookDelivery.objects.first()
    WebhookDelivery.objects.update(body=b"")
    assert messages_of(confirm(chief, purged, "replay"))[0].startswith("1 was refused:")
    assert "purged" in chief.get(page(WebhookDelivery, "change", purged.pk)).content.decode()


@pytest.fixture
def heard():
    """How often each of two receivers was called; "clumsy" fails until it is told to work."""
    calls = {"clumsy": 0, "deft": 0, "works": False}

    def clumsy(**_):
        calls["clumsy"] += 1
        if not calls["works"]:
            raise RuntimeError("ada@example.com is unknown")

    def deft(**_):
        calls["deft"] += 1

    for receiver in (clumsy, deft):
        benefit_granted.connect(receiver, weak=False, dispatch_uid=receiver)
    yield calls
    for receiver in (clumsy, deft):
        benefit_granted.disconnect(receiver, dispatch_uid=receiver)


def test_a_receiver_that_failed_is_seen_and_told_again_alone(
    chief, ada, heard, settings, django_capture_on_commit_callbacks
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
    with django_capture_on_commit_callbacks(execute=True):
        grant_benefit(ada, "vip")
    Transition.objects.update(state="dead")
    news = Transition.objects.get()
    shown = chief.get(page(Transition, "change", news.pk)).content.decode()
    assert "clumsy" in shown
    assert "RuntimeError" in shown
    assert "ada@example.com" not in shown

    heard["works"] = True
    with django_capture_on_commit_callbacks(execute=True):
        confirm(chief, news, "retell")
    news.refresh_from_db()
    assert news.state == "sent"
    assert heard == {"clumsy": 2, "deft": 1, "works": True}

    with django_capture_on_commit_callbacks(execute=True):
        confirm(chief, news, "retell", everybody="on")
    assert heard == {"clumsy": 3, "deft": 2, "works": True}


def test_usage_that_was_given_up_is_sent_again(chief, staff, ada, sandbox):
    dead = [dead_usage(ada) for _ in range(2)]
    waiting = record_usage(ada, "ai_usage", {"total_tokens": 1})
    chosen = {"_selected_action": [row.pk for row in (*dead, waiting)], "confirmed": "yes"}
    answer = chief.post(page(UsageEvent, "do", "resend"), chosen)
    assert messages_of(answer) == [
        "1 was refused: It was not given up.",
        "2 usage events are due again.",
    ]
    assert set(UsageEvent.objects.values_list("state", "error")) == {
        ("failed", ""),
        ("pending", ""),
    }
    assert sorted(logged()) == [
        "Send again.",
        "Send again.",
        "Send again. refused: It was not given up.",
    ]
    # What was sent is not offered to be sent again.
    shown = chief.get(page(UsageEvent, "change", waiting.pk)).content.decode()
    assert page(UsageEvent, "do_one", waiting.pk, "resend") not in shown
