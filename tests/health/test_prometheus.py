"""The metrics, as Prometheus' own parser reads them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from polar_django.health import measure_health, metrics_text, prometheus, register_collector
from polar_django.heartbeats import note_beat
from polar_django.models import Walk, WebhookDelivery
from polar_django.tasks import sweep_inbox
from tests.health.failures import twenty_dead

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world(sandbox, handlers_off):
    """Something of everything."""
    note_beat(sweep_inbox.name)
    now = timezone.now()
    report = {"orders": {"seen": 7, "missing": 2, "outdated": 0, "gone": 0, "written": 2}}
    Walk.objects.create(
        provider="polar", purpose="reconcile", started_at=now, finished_at=now, report=report
    )
    twenty_dead()


def samples(text: str) -> dict[str, dict[tuple, float]]:
    return {
        family.name: {tuple(one.labels.values()): one.value for one in family.samples}
        for family in text_string_to_metric_families(text)
    }


def test_prometheus_can_read_all_of_it(client, token, world):
    answer = client.get("/billing/health/metrics/?provider=1", headers=token)
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    read = samples(answer.content.decode())
    assert read["polar_healthy"] == {(): 1.0}
    assert read["polar_fault"] == {("inbox-dead",): 1.0}
    assert read["polar_queue_dead"] == {("inbox",): 20.0, ("outbox",): 0.0, ("usage",): 0.0}
    assert read["polar_walk_objects"]["polar", "reconcile", "orders", "missing"] == 2
    assert read["polar_endpoint_right"] == {("polar",): 1.0}
    errors = read["polar_inbox_failures"]
    assert errors["polar_django.exceptions.MalformedPayload", ""] == 8
    assert errors["builtins.KeyError", "subscription.updated"] == 1
    now = timezone.now().timestamp()
    (swept,) = read["polar_sweeper_last_run_timestamp_seconds"].values()
    assert swept == pytest.approx(now, abs=60)


def test_a_label_may_hold_anything(world):
    WebhookDelivery.objects.filter(state="dead").update(type='a"b\\c\nd')
    read = samples(metrics_text(measure_health()))
    assert ("builtins.KeyError", 'a"b\\c\nd') in read["polar_inbox_failures"]


def test_the_same_metrics_come_through_a_registry(world, django_assert_num_queries):
    registry = CollectorRegistry()
    with django_assert_num_queries(0):
        register_collector(registry)
    through = samples(generate_latest(registry).decode())
    own = samples(metrics_text(measure_health()))
    assert set(through) == set(own)
    assert through["polar_queue_dead"] == own["polar_queue_dead"]
    assert through["polar_inbox_failures"] == own["polar_inbox_failures"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_leaves_the_projects_own_metrics(monkeypatch, caplog, error):
    def away(**_):
        raise error("connection to ada@example.com refused")

    monkeypatch.setattr(prometheus, "measure_health", away)
    registry = CollectorRegistry()
    Gauge("shop_orders", "The project's own.", registry=registry).set(3)
    register_collector(registry)
    read = samples(generate_latest(registry).decode())
    assert read["shop_orders"] == {(): 3.0}
    assert read["polar_healthy"] == {(): 0.0}
    assert read["polar_fault"] == {("database-unreachable",): 1.0}
    assert "ada@example.com" not in caplog.text


def test_each_metric_is_described_once(world):
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    described = re.findall(r"^\| `(polar_\w+)` \|", page, re.MULTILINE)
    assert sorted(described) == sorted(samples(metrics_text(measure_health())))


def test_each_fault_is_described_once():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    described = re.findall(r"^\| `([a-z]+-[a-z]+)` \|", page, re.MULTILINE)
    code = "".join(
        (ROOT / "polar_django" / path).read_text("utf-8")
        for path in ("health/verdict.py", "views/health.py")
    )
    raised = set(re.findall(r'"?code"?[=:] ?"([a-z-]+)"', code))
    assert sorted(described) == sorted(raised)


EXPORT = """
import django
from django.conf import settings
from tests import settings as base
given = {name: getattr(base, name) for name in dir(base) if name.isupper()}
given["INSTALLED_APPS"] = ["django_prometheus", *given["INSTALLED_APPS"]]
settings.configure(**given)
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from prometheus_client import generate_latest
text = generate_latest().decode()
assert "polar_queue_dead{queue=\\"inbox\\"} 0.0" in text, text
"""


def test_a_project_with_django_prometheus_has_them_in_its_export():
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DJANGO_SETTINGS_MODULE", "POLAR_TEST_DATABASE_URL"}
    }
    ran = subprocess.run(
        [sys.executable, "-c", EXPORT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
