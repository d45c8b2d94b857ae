"""`health/` and `health/metrics/`: who may ask, what is answered, and what is not asked for."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from polar_django.heartbeats import note_beat
from polar_django.models import Walk, WebhookDelivery
from polar_django.sandbox.models import WebhookEndpoint
from polar_django.tasks import sweep_inbox
from polar_django.views import health as views
from tests.health.failures import twenty_dead
from tests.webhooks.deliveries import stored

pytestmark = pytest.mark.django_db

HEALTH = "/billing/health/"
METRICS = "/billing/health/metrics/"


@pytest.fixture
def running(db):
    """Beat and a worker run, and the mirror was compared."""
    note_beat(sweep_inbox.name)
    now = timezone.now()
    Walk.objects.create(provider="polar", purpose="reconcile", started_at=now, finished_at=now)


def codes(answer) -> list[str]:
    return [fault["code"] for fault in answer.json()["faults"]]


@pytest.mark.parametrize("address", [HEALTH, METRICS])
def test_strangers_and_customers_are_told_nothing(client, address, ada, token):
    for headers in (
        {},
        {"authorization": "Bearer other"},
        {"authorization": "Bearer"},
        {"authorization": "Basic ???"},
        {"authorization": "Basic " + base64.b64encode(b"me:other").decode()},
        {"authorization": "Bearer monitör"},
    ):
        answer = client.get(address, headers=headers)
        assert answer.status_code == 401
        assert list(answer.json()) == ["detail"]
    client.force_login(ada)
    assert client.get(address).status_code == 401
    assert client.get(f"{address}?token=monitor-token").status_code == 401


def test_without_a_token_in_the_settings_none_is_right(client, settings):
    for given in ("Bearer ", "Bearer None", "Basic " + base64.b64encode(b"me:").decode()):
        assert client.get(HEALTH, headers={"authorization": given}).status_code == 401


def test_the_token_may_be_a_bearer_or_a_password(client, token, running):
    basic = "Basic " + base64.b64encode(b"anybody:monitor-token").decode()
    assert client.get(HEALTH, headers=token).status_code == 200
    assert client.get(HEALTH, headers={"authorization": basic}).status_code == 200


def test_the_token_may_stand_in_the_environment(client, settings, monkeypatch, running):
    monkeypatch.setenv("POLAR_HEALTH_TOKEN", "from-outside")
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO}
    answer = client.get(HEALTH, headers={"authorization": "Bearer from-outside"})
    assert answer.status_code == 200


def test_staff_need_no_token(client, running):
    watch = get_user_model().objects.create_user("watch", is_staff=True)
    watch.user_permissions.add(Permission.objects.get(codename="view_health"))
    client.force_login(watch)
    assert client.get(HEALTH).status_code == 200
    get_user_model().objects.update(is_active=False)
    assert client.get(HEALTH).status_code == 401


@pytest.mark.parametrize("address", [HEALTH, METRICS])
def test_staff_who_may_not_see_the_admins_page_are_not_told_here(client, address, running):
    client.force_login(get_user_model().objects.create_user("clerk", is_staff=True))
    assert client.get(address).status_code == 401


@pytest.mark.parametrize("known", [{}, {"is_active": True}, {"is_active": True, "is_staff": True}])
def test_a_user_who_knows_of_no_staff_or_permissions_is_refused(rf, db, known):
    request = rf.get(HEALTH)
    request.user = SimpleNamespace(is_authenticated=True, **known)
    assert views.show_health(request).status_code == 401


def test_it_is_read_and_never_kept(client, token, running):
    answer = client.get(HEALTH, headers=token)
    assert answer["Cache-Control"] == "no-store"
    assert client.post(HEALTH, headers=token).status_code == 405
    assert client.head(HEALTH, headers=token).status_code == 200


def test_dead_letters_are_told_by_cause_and_are_not_grave(client, token, running, handlers_off):
    twenty_dead()
    answer = client.get(HEALTH, headers=token)
    assert answer.status_code == 200
    told = answer.json()
    assert told["healthy"] is True
    assert codes(answer) == ["inbox-dead"]
    assert told["inbox"]["dead"] == 20
    assert [cause["dead"] for cause in told["causes"]] == [8, 5, 4, 2, 1]
    assert sum(hour["dead"] for hour in told["hours"]) == 20


def test_what_is_grave_is_answered_503(client, token, running):
    late = stored()
    WebhookDelivery.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    answer = client.get(HEALTH, headers=token)
    assert answer.status_code == 503
    assert codes(answer) == ["inbox-late"]
    assert answer.json()["inbox"]["oldest_due_seconds"] == pytest.approx(3600, abs=60)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("address", [HEALTH, METRICS])
def test_a_database_that_is_away_is_503_and_no_crash(client, token, monkeypatch, address, error):
    def away(**_):
        raise error("connection to ada@example.com refused")

    monkeypatch.setattr(views, "measure_health", away)
    answer = client.get(address, headers=token)
    assert answer.status_code == 503
    assert codes(answer) == ["database-unreachable"]


def test_the_provider_is_asked_on_request_and_once_a_minute(client, token, running, sandbox, calls):
    client.get(HEALTH, headers=token)
    client.get(METRICS, headers=token)
    assert calls == []
    for _ in range(3):
        answer = client.get(f"{HEALTH}?provider=1", headers=token)
    assert len(calls) == 1
    (provider,) = answer.json()["providers"]
    assert provider["reachable"] is True
    assert provider["endpoints"] == ["http://testserver/billing/webhooks/polar/"]
    assert provider["endpoint_faults"] == []
    assert answer.status_code == 200


def test_an_endpoint_that_was_disabled_is_grave(client, token, running, sandbox):
    (endpoint,) = sandbox.api.get("/v1/webhooks/endpoints").json()["items"]
    sandbox.api.patch(f"/v1/webhooks/endpoints/{endpoint['id']}", json={"enabled": False})
    answer = client.get(f"{HEALTH}?provider=1", headers=token)
    assert answer.status_code == 503
    assert codes(answer) == ["endpoint-faulty"]
    # Who does not ask for it is not told that it is a fault.
    assert client.get(HEALTH, headers=token).status_code == 200


def test_the_endpoint_of_another_environment_is_no_fault_of_ours(client, token, running, sandbox):
    (ours,) = WebhookEndpoint.objects.all()
    WebhookEndpoint.objects.create(
        url="https://shop.example/billing/webhooks/polar/",
        events=["order.paid"],
        secret="s" * 40,
        created_at=ours.created_at - timedelta(days=1),
    )
    answer = client.get(f"{HEALTH}?provider=1", headers=token)
    assert answer.status_code == 200
    assert answer.json()["providers"][0]["endpoints"] == [ours.url]


def test_a_token_that_polar_does_not_know_is_grave(client, token, running, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": "polar_oat_unknown"}
    answer = client.get(f"{HEALTH}?provider=1", headers=token)
    assert codes(answer) == ["provider-refuses"]
    assert answer.status_code == 503
    assert "polar_oat_" not in answer.content.decode()


def test_a_provider_that_does_not_answer_is_grave(client, token, running, away):
    answer = client.get(f"{HEALTH}?provider=1", headers=token)
    assert codes(answer) == ["provider-unreachable"]
    assert answer.status_code == 503


def test_no_answer_holds_a_secret_or_an_address(client, token, running, sandbox, ada, handlers_off):
    twenty_dead()
    for address in (f"{HEALTH}?provider=1", f"{METRICS}?provider=1"):
        text = client.get(address, headers=token).content.decode()
        for hidden in ("monitor-token", "polar_oat_", "whsec_", "@"):
            assert hidden not in text, hidden


def test_the_json_of_the_docs_is_what_is_answered(client, token, running, sandbox, handlers_off):
    twenty_dead()
    page = Path(__file__).parents[2] / "docs" / "operations.md"
    block = page.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    described, told = json.loads(block), client.get(HEALTH, headers=token).json()
    assert list(described) == list(told)
    for name in ("inbox", "outbox", "usage"):
        assert list(described[name]) == list(told[name])
    for name in ("faults", "causes", "hours", "walks"):
        assert list(described[name][0]) == list(told[name][0])
