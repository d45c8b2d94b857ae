from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from polar_django.mirror import cursors
from polar_django.models import Walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def waits(monkeypatch):
    """The seconds that would have been waited."""
    waited = []
    monkeypatch.setattr(cursors.time, "sleep", waited.append)
    # The connection of the test's own transaction is not to be closed.
    monkeypatch.setattr(cursors, "connections", {"default": Closed()})
    return waited


class Closed:
    def close(self):
        pass


def away(monkeypatch, times):
    """The database fails so often, then works."""
    left = [OperationalError("the server closed the connection")] * times
    real = cursors.on_primary

    def on_primary(table):
        if left:
            raise left.pop()
        return real(table)

    monkeypatch.setattr(cursors, "on_primary", on_primary)


def test_a_walk_is_one_workers_until_it_is_released():
    walk = cursors.begin("polar", "reconcile")
    assert cursors.begin("polar", "reconcile") is None
    cursors.release(walk)
    assert cursors.begin("polar", "reconcile").pk == walk.pk


def test_the_walk_of_a_killed_worker_is_free_when_its_lease_is_over():
    walk = cursors.begin("polar", "reconcile")
    cursors.save(walk, "orders", 7)
    Walk.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    found = cursors.begin("polar", "reconcile")
    assert (found.kind, found.page) == ("orders", 7)


def test_a_database_that_is_restarted_does_not_keep_a_walk_leased(monkeypatch, waits):
    walk = cursors.begin("polar", "reconcile")
    away(monkeypatch, times=2)
    cursors.release(walk)
    assert len(waits) == 2
    assert Walk.objects.get().leased_until is None


def test_a_database_that_stays_away_is_logged_and_does_not_hide_why_the_walk_ended(
    monkeypatch, waits, caplog
):
    walk = cursors.begin("polar", "reconcile")
    away(monkeypatch, times=99)
    cursors.release(walk)
    assert "stays leased" in caplog.text
