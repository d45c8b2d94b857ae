"""Broker, worker and beat: with fakes everywhere, with real ones where `services` run."""

import socket
import threading
from datetime import timedelta

import pytest
from celery.app.control import Inspect
from django.utils import timezone

from polar_django import tasks
from polar_django.conf import beat_schedule
from polar_django.doctor import workers
from polar_django.doctor.case import Case
from polar_django.models import Heartbeat
from polar_django.tasks import drain_inbox, sweep_inbox
from tests.celery_app import app, broker
from tests.ports import closed_port


@pytest.fixture
def with_workers(well, configured, settings):
    """A project that does not process inline, with beat alive; the broker is the test's."""
    configured(PROCESS_INLINE=False)
    settings.CELERY_BEAT_SCHEDULE = beat_schedule()
    Heartbeat.objects.create(name=sweep_inbox.name, beat_at=timezone.now())
    return well


@pytest.fixture
def a_broker_that_answers(monkeypatch, with_workers):
    monkeypatch.setattr(workers, "_connect", lambda: None)
    with broker("redis://127.0.0.1:1/0"):
        yield


def answers(monkeypatch, *, registered=None, queues=None):
    worker = "celery@host"
    told = None if registered is None else {worker: registered}
    monkeypatch.setattr(Inspect, "registered", lambda self: told)
    heard = None if queues is None else {worker: [{"name": name} for name in queues]}
    monkeypatch.setattr(Inspect, "active_queues", lambda self: heard)


def codes(told):
    """What was found of workers; nothing reconciles in a test."""
    return {code for code in told.findings if code != "reconcile-late"}


def test_a_project_that_processes_inline_needs_no_worker(diagnose, well):
    told = diagnose()
    assert told.findings == {}
    assert set(told.report["skipped"]) >= {"broker", "worker", "beat"}


def test_a_broker_in_memory(diagnose, with_workers):
    told = diagnose()
    assert codes(told) == {"broker-memory"}
    assert "CELERY_BROKER_URL" in told.findings["broker-memory"]["fix"]
    assert told.report["skipped"]["worker"] == "broker has to be mended first"


def test_an_application_that_django_does_not_load(diagnose, with_workers, monkeypatch):
    monkeypatch.setattr(workers, "has_celery_app", lambda: False)
    told = diagnose()
    assert codes(told) == {"celery-unloaded"}
    assert "from .celery import app" in told.findings["celery-unloaded"]["fix"]


def test_a_broker_that_is_down(diagnose, with_workers):
    with closed_port() as port, broker(f"redis://:geheim@127.0.0.1:{port}/0"):
        told = diagnose()
    assert codes(told) == {"broker-unreachable"}
    assert "geheim" not in told.text


def test_a_broker_that_accepts_and_says_nothing(diagnose, with_workers, monkeypatch):
    """Within the time limit, because a doctor who waits for ever tells nobody."""
    monkeypatch.setattr(workers, "_CONNECT", 0.3)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"),
    ):
        told = diagnose()
    assert codes(told) == {"broker-unreachable"}


def test_a_library_without_time_limits_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(workers, "_WHOLE", 0.05)
    never = threading.Event()
    with pytest.raises(workers._TimeIsUp):
        workers._in_time(never.wait)
    never.set()


def test_no_worker(diagnose, a_broker_that_answers, monkeypatch):
    answers(monkeypatch)
    told = diagnose()
    assert codes(told) == {"worker-silent"}
    assert "supervisor" in told.findings["worker-silent"]["fix"]


def test_a_worker_of_another_app(diagnose, a_broker_that_answers, monkeypatch):
    answers(monkeypatch, registered=["mysite.tasks.mail"], queues=["celery"])
    told = diagnose()
    assert codes(told) == {"worker-without-tasks"}
    assert "autodiscover_tasks" in told.findings["worker-without-tasks"]["fix"]


def test_a_worker_that_listens_to_another_queue(diagnose, a_broker_that_answers, monkeypatch):
    answers(monkeypatch, registered=[drain_inbox.name], queues=["mails"])
    told = diagnose()
    assert codes(told) == {"worker-other-queue"}
    assert "--queues celery,mails" in told.findings["worker-other-queue"]["fix"]


def test_a_worker_of_a_queue_that_our_tasks_are_routed_to(
    diagnose, a_broker_that_answers, monkeypatch
):
    answers(monkeypatch, registered=[drain_inbox.name], queues=["billing"])
    monkeypatch.setitem(app.conf.changes, "task_routes", {"polar_django.*": {"queue": "billing"}})
    # Celery prepares them once, when the first message is sent.
    monkeypatch.setattr(app.amqp, "_rtable", None)
    monkeypatch.setitem(vars(app.amqp), "router", app.amqp.Router())
    told = diagnose()
    assert codes(told) == set()


def test_a_schedule_that_lacks_the_sweeper(diagnose, a_broker_that_answers, monkeypatch, settings):
    answers(monkeypatch, registered=[drain_inbox.name], queues=["celery"])
    settings.CELERY_BEAT_SCHEDULE = {
        name: entry for name, entry in beat_schedule().items() if entry["task"] != sweep_inbox.name
    }
    told = diagnose()
    assert codes(told) == {"beat-unscheduled"}
    assert sweep_inbox.name in told.findings["beat-unscheduled"]["what"]


@pytest.mark.parametrize("age", [None, timedelta(hours=2)])
def test_a_beat_that_does_not_run(age, diagnose, a_broker_that_answers, monkeypatch):
    answers(monkeypatch, registered=[drain_inbox.name], queues=["celery"])
    Heartbeat.objects.all().delete()
    if age:
        Heartbeat.objects.create(name=sweep_inbox.name, beat_at=timezone.now() - age)
    told = diagnose()
    assert codes(told) == {"beat-silent"}
    assert "celery -A your_project beat" in told.findings["beat-silent"]["fix"]


@pytest.mark.services
def test_a_real_worker_is_found_and_named_when_it_has_gone(celery_worker, settings):
    """Against Redis and a worker of its own process, without the rest of the examinations."""
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": False}
    case = Case()
    assert list(workers.look_at_broker(case)) == []
    # Under load a worker may take longer for its answer than the doctor waits.
    looks = (list(workers.look_at_workers(case)) for _ in range(20))
    assert next((True for found in looks if found == []), False)
    celery_worker.process.terminate()
    celery_worker.process.wait(60)
    assert [found.code for found in workers.look_at_workers(case)] == ["worker-silent"]


def test_a_sweep_is_a_sign_of_life(diagnose, a_broker_that_answers, monkeypatch):
    answers(monkeypatch, registered=[drain_inbox.name], queues=["celery"])
    Heartbeat.objects.all().delete()
    tasks.sweep_inbox()
    assert codes(diagnose()) == set()
    tasks.sweep_inbox()
    assert Heartbeat.objects.count() == 1
