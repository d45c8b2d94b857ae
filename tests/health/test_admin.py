"""The health page of the admin, as staff meets it."""

import pytest
from django.urls import reverse

from polar_django.health import reaching
from polar_django.models import Customer, WebhookDelivery
from polar_django.models.webhooks import Health
from tests.admin.clicking import logged, messages_of, page
from tests.admin.conftest import chief, staff
from tests.health.failures import twenty_dead, work_off

__all__ = ["chief", "staff"]

pytestmark = pytest.mark.django_db

PAGE = "/admin/polar_django/health/"


@pytest.fixture
def dead(sandbox, handlers_off):
    """Twenty dead letters of five causes."""
    twenty_dead()


def replay_links(client) -> list[str]:
    text = client.get(PAGE).content.decode()
    return [part.partition('"')[0] for part in text.split('polar-button" href="')[1:]]


def test_the_page_is_in_the_list_of_the_admin(chief):
    assert page(Health) == PAGE
    assert f'href="{PAGE}"' in chief.get("/admin/").content.decode()


def test_it_says_what_is_wrong_and_what_to_do(chief, dead):
    text = chief.get(PAGE).content.decode()
    assert "Something is wrong." in text
    assert "20 deliveries could not be processed" in text
    assert "The worker was killed in the middle of the work" in text
    assert "<svg" in text
    assert "http://testserver/billing/webhooks/polar/" in text


def test_each_cause_has_a_button_and_a_page_that_asks(chief, dead):
    links = replay_links(chief)
    assert len(links) == 5
    text = chief.get(links[1]).content.decode()
    assert "Process these 5 deliveries again?" in text
    assert "The object has no id." in text
    assert WebhookDelivery.objects.filter(state="dead").count() == 20


def test_a_cause_is_processed_again_as_a_whole_and_logged(chief, dead):
    Customer.objects.filter(pk="cus_foreign1").delete()
    answer = chief.post(replay_links(chief)[2], {"confirmed": "yes", "note": "row deleted"})
    assert answer.status_code == 302
    assert answer.url == PAGE
    assert messages_of(answer) == ["4 deliveries are processed again."]
    assert WebhookDelivery.objects.filter(state="pending").count() == 4
    assert logged() == ["Process again. Cause: ForeignObject. Note: row deleted"] * 4
    work_off()
    assert WebhookDelivery.objects.filter(state="dead").count() == 16
    assert Customer.objects.filter(pk="cus_foreign1", provider="polar").exists()


def test_what_is_asked_for_twice_is_done_once(chief, dead):
    link = replay_links(chief)[0]
    chief.post(link, {"confirmed": "yes"})
    answer = chief.post(link, {"confirmed": "yes"})
    assert messages_of(answer) == ["No delivery is left that failed for this cause."]
    assert len(logged()) == 8


def test_a_delivery_whose_body_was_purged_is_left_alone_and_said_so(chief, dead):
    link = replay_links(chief)[3]
    WebhookDelivery.objects.filter(error_type__endswith="WorkerKilled").update(body=b"")
    answer = chief.post(link, {"confirmed": "yes"})
    assert messages_of(answer)[0].startswith("2 were left alone")
    assert logged() == []


def test_only_a_post_that_was_confirmed_changes_anything(chief, dead):
    link = replay_links(chief)[0]
    chief.get(f"{link}?confirmed=yes")
    chief.post(link)
    assert WebhookDelivery.objects.filter(state="dead").count() == 20


def test_the_page_and_the_replay_have_permissions_of_their_own(staff, client, ada, dead, chief):
    link = replay_links(chief)[0]
    assert staff().get(PAGE).status_code == 403
    assert staff("view_webhookdelivery").get(PAGE).status_code == 403
    watching = staff("view_health")
    assert replay_links(watching) == []
    assert watching.post(link, {"confirmed": "yes"}).status_code == 403
    assert staff("replay_webhookdelivery").post(link, {"confirmed": "yes"}).status_code == 403
    client.force_login(ada)
    assert client.get(PAGE).status_code == 302
    assert WebhookDelivery.objects.filter(state="dead").count() == 20


def test_an_error_shows_no_address_to_those_who_may_not_see_one(staff, chief, dead):
    WebhookDelivery.objects.filter(state="dead").update(error="ada@example.com polar_oat_abcdefgh")
    text = staff("view_health", "replay_webhookdelivery").get(PAGE).content.decode()
    assert "ada@example.com" not in text
    for client in (chief, staff("view_health")):
        assert "polar_oat_abcdefgh" not in client.get(PAGE).content.decode()


def test_a_row_of_the_page_is_the_deliverys_own(chief, dead):
    delivery = WebhookDelivery.objects.latest("pk")
    answer = chief.get(page(Health, "change", delivery.pk))
    assert answer.url == page(WebhookDelivery, "change", delivery.pk)
    assert chief.get(f"{PAGE}nothing/change/").status_code == 404


def test_the_page_opens_while_the_provider_is_away(chief, dead, away):
    text = chief.get(reverse("admin:polar_django_health_changelist")).content.decode()
    assert "polar does not answer" in text


def test_the_page_opens_whatever_a_provider_of_the_projects_raises(chief, dead, monkeypatch):
    def crash(name):
        raise KeyError("ada@example.com")

    monkeypatch.setattr(reaching._memory, "provider", crash)
    text = chief.get(reverse("admin:polar_django_health_changelist")).content.decode()
    assert "polar does not answer: KeyError in crash" in text
    assert "ada@example.com" not in text
