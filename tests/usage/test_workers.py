"""Several workers at once, on a database that lets them."""

from collections import Counter
from threading import Barrier, Lock, Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from polar_django.models import UsageEvent
from polar_django.providers.registry import get_provider
from polar_django.providers.usage import IngestedUsage
from polar_django.usage import record_usage, sending
from polar_django.usage.sending import send_usage

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer"),
]


def at_once(*jobs):
    barrier, errors = Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait(120)
            job()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not errors


def test_four_workers_send_each_event_once(ada, monkeypatch):
    told, lock = Counter(), Lock()

    def ingest(provider, facts):
        with lock:
            told.update(fact.external_id for fact in facts)
        return IngestedUsage(answered_at=timezone.now(), inserted=len(facts))

    monkeypatch.setattr(type(get_provider()), "ingest_usage", ingest)
    monkeypatch.setattr(sending, "MOST_EVENTS", 7)
    for number in range(200):
        record_usage(ada, "ai_usage", external_id=str(number))
    at_once(*[send_usage] * 4)
    assert told == Counter(str(number) for number in range(200))
    assert not UsageEvent.objects.exclude(state="sent").exists()


def test_two_requests_with_one_id_write_one_event(ada):
    found = []
    at_once(*[lambda: found.append(record_usage(ada, "ai_usage", external_id="once"))] * 4)
    assert {event.pk for event in found} == {UsageEvent.objects.get().pk}
