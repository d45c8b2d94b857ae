from datetime import UTC, datetime, timedelta

import celery.exceptions
import pytest
import redis
from django.db import OperationalError
from django.utils import timezone

from polar_django import signals, tasks
from polar_django.conf import beat_schedule
from polar_django.exceptions import ObjectNotFound, ProviderUnavailable, RateLimited
from polar_django.models import BenefitGrant, Subscription, Transition, WebhookDelivery
from polar_django.providers.base import Capability
from polar_django.snapshots import Answer, BenefitGrantSnapshot, Observation
from polar_django.webhooks import dispatch
from tests.webhooks.deliveries import EPOCH, body_of, states, stored, subscription_body

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_our_handlers(monkeypatch):
    monkeypatch.setattr(dispatch, "_handlers", {})


@pytest.fixture
def published(monkeypatch):
    """What the tasks enqueue."""
    told = []
    monkeypatch.setattr(tasks, "_publish", lambda task, *args: told.append((task.name, args)))
    return told


@pytest.fixture
def activations():
    """The subscriptions whose activation was told."""
    heard = []

    def hear(instance, **_):
        heard.append(instance.pk)

    signals.subscription_activated.connect(hear)
    yield heard
    signals.subscription_activated.disconnect(hear)


class Provider:
    """Answers `list_objects` with the given pages, or raises."""

    name = "polar"
    capabilities = frozenset({Capability.GRANTS})

    def __init__(self, *pages, error=None):
        self.pages, self.error, self.asked = pages, error, []

    def list_objects(self, kind, **filters):
        self.asked.append((kind, filters))
        if self.error:
            raise self.error
        yield from self.pages


def grants_page(*grants):
    return Answer(
        provider="polar",
        answered_at=datetime(2026, 11, 20, tzinfo=UTC),
        observations=tuple(Observation(snapshot=grant) for grant in grants),
    )


def test_draining_processes_everything_due_and_sends_what_it_changed(activations, published):
    rows = [stored(subscription_body(f"sub_{number}")) for number in range(3)]
    tasks.drain_inbox()
    assert states(rows) == ["processed"] * 3
    assert sorted(activations) == ["sub_0", "sub_1", "sub_2"]
    assert published == []


def test_a_long_drain_leaves_the_rest_to_a_fresh_message(monkeypatch, published):
    monkeypatch.setattr(tasks, "_TURN", timedelta(0))
    stored()
    tasks.drain_inbox()
    assert published == [("polar_django.tasks.drain_inbox", ())]


def test_one_delivery_is_processed_by_name(activations, published):
    wanted, other = stored(), stored()
    tasks.process_delivery(wanted.pk)
    assert states([wanted, other]) == ["processed", "pending"]
    assert activations == ["sub_1"]


def test_the_sweeper_finds_what_no_wake_up_reached_and_tells_of_what_is_stuck(caplog, published):
    late = timezone.now() - timedelta(hours=1)
    rows = [stored(due_at=late), stored(state="failed", attempts=1, due_at=late)]
    stored(state="dead")
    tasks.sweep_inbox()
    assert states(rows) == ["processed", "processed"]
    assert "2 webhook deliveries wait" in caplog.text
    assert "1 webhook deliveries are dead" in caplog.text


def test_transitions_of_a_verb_are_sent_without_any_delivery(activations):
    Subscription.objects.create(id="sub_9", provider="polar", synced_at=timezone.now())
    Transition.objects.create(
        name="subscription_activated",
        provider="polar",
        object_type="subscription",
        object_id="sub_9",
        source="verb",
        happened_at=EPOCH,
        recorded_at=EPOCH,
        due_at=EPOCH,
    )
    tasks.send_transitions()
    assert activations == ["sub_9"]


def test_purging_follows_the_setting(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "INBOX_RETENTION_DAYS": 7}
    stored(state="processed", received_at=timezone.now() - timedelta(days=8))
    kept = stored(state="processed", received_at=timezone.now() - timedelta(days=6))
    tasks.purge_inbox()
    assert list(WebhookDelivery.objects.all()) == [kept]


def test_a_state_that_contradicts_the_mirror_has_the_grants_read(published):
    stored(
        body_of(
            "benefit_grant.created",
            id="grant_1",
            customer_id="cus_1",
            benefit_id="ben_1",
            is_granted=True,
            granted_at="2026-11-01T12:00:00Z",
        )
    )
    stored(
        body_of(
            "customer.state_changed",
            seconds=600,
            id="cus_1",
            granted_benefits=[],
            active_subscriptions=[],
            active_meters=[],
        )
    )
    tasks.drain_inbox()
    assert published == [("polar_django.tasks.read_customer_grants", ("polar", "cus_1"))]


def test_reading_the_grants_of_a_customer_writes_what_the_provider_says(monkeypatch):
    provider = Provider(
        grants_page(
            BenefitGrantSnapshot(
                id="grant_1", customer_id="cus_1", benefit_id="ben_1", is_revoked=True
            )
        )
    )
    monkeypatch.setattr(tasks, "get_provider", lambda name: provider)
    BenefitGrant.objects.create(
        id="grant_1",
        provider="polar",
        customer_id="cus_1",
        benefit_id="ben_1",
        is_granted=True,
        # Later than the provider's clock says now: the answer supersedes what was stored before.
        as_of=datetime(2026, 11, 20, 1, tzinfo=UTC),
        synced_at=timezone.now(),
    )
    tasks.read_customer_grants("polar", "cus_1")
    assert provider.asked == [("benefit_grants", {"customer_id": "cus_1"})]
    assert not BenefitGrant.objects.active().exists()
    told = Transition.objects.get(name="benefit_revoked")
    assert (told.source, told.state) == ("reconcile", "sent")


@pytest.mark.parametrize(
    ("error", "countdown"),
    [(ProviderUnavailable("down"), 15), (RateLimited("slow down", retry_after=42.0), 42.0)],
)
def test_reading_is_tried_again_later_while_the_provider_is_unavailable(
    monkeypatch, error, countdown
):
    asked = {}

    def retry(**options):
        asked.update(options)
        return celery.exceptions.Retry()

    monkeypatch.setattr(tasks, "get_provider", lambda name: Provider(error=error))
    monkeypatch.setattr(tasks.read_customer_grants, "retry", retry)
    with pytest.raises(celery.exceptions.Retry):
        tasks.read_customer_grants("polar", "cus_1")
    assert asked == {"exc": error, "countdown": countdown}


def test_reading_is_tried_again_later_while_the_database_is_away(monkeypatch):
    asked = {}

    def retry(**options):
        asked.update(options)
        return celery.exceptions.Retry()

    error = OperationalError("ada@example.com: the server closed the connection")
    monkeypatch.setattr(tasks, "get_provider", lambda name: Provider(error=error))
    monkeypatch.setattr(tasks.read_customer_grants, "retry", retry)
    with pytest.raises(celery.exceptions.Retry) as raised:
        tasks.read_customer_grants("polar", "cus_1")
    assert asked["countdown"] == 15
    assert "OperationalError" in str(asked["exc"])
    assert "ada@example.com" not in str(asked["exc"])
    assert raised.value.__cause__ is None


def test_a_customer_the_provider_has_forgotten_is_no_error(monkeypatch):
    monkeypatch.setattr(
        tasks, "get_provider", lambda name: Provider(error=ObjectNotFound("gone", status=404))
    )
    tasks.read_customer_grants("polar", "cus_1")


@pytest.mark.parametrize("error", [ConnectionRefusedError, redis.exceptions.ReadOnlyError])
def test_without_a_broker_what_a_task_would_enqueue_is_left_to_the_sweeper(
    monkeypatch, caplog, error
):
    def refuse(*_):
        raise error

    monkeypatch.setattr(tasks.drain_inbox, "delay", refuse)
    tasks._publish(tasks.drain_inbox)
    assert f"could not be enqueued: {error.__name__}" in caplog.text


def test_the_beat_schedule_names_tasks_that_exist():
    names = {entry["task"] for entry in beat_schedule().values()}
    assert names == {f"polar_django.tasks.{name.rsplit('.')[-1]}" for name in names}
    for name in names:
        assert getattr(tasks, name.rsplit(".")[-1]).name == name


@pytest.mark.parametrize("name", tasks.__all__)
def test_every_task_survives_its_worker_and_keeps_no_result(name):
    task = getattr(tasks, name)
    assert (task.acks_late, task.ignore_result) == (True, True)
