"""Several workers, and some that are killed."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from polar_django import outbox, signals
from polar_django.billing import grant_benefit, revoke_local_grant
from polar_django.models import Transition
from polar_django.outbox import sending
from polar_django.queues.retries import LEASE, MAX_ATTEMPTS
from tests.outbox.rows import written

pytestmark = pytest.mark.django_db


def test_beside_a_receiver_that_kills_the_worker_another_is_not_called_each_time(
    listen, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)
    mails = []
    written("order_paid", "order", "order_1")

    class Killed(BaseException):
        pass

    def kills_the_worker(**_):
        raise Killed

    listen(signals.order_paid, lambda **_: mails.append(1))
    listen(signals.order_paid, kills_the_worker)
    for _ in range(4):
        with pytest.raises(Killed):
            outbox.send_due()
        time_machine.shift(LEASE)
    assert len(mails) == 2


def test_a_receiver_that_outlives_the_lease_is_done_when_it_ends(listen, time_machine, caplog):
    time_machine.move_to(timezone.now(), tick=False)
    called = []
    row = written("order_paid", "order", "order_1")

    def is_slow(**_):
        called.append("slow")
        time_machine.shift(LEASE)
        if called.count("slow") == 1:
            # Another worker finds the lease over, and its own call is slow as well.
            outbox.send_due()

    listen(signals.order_paid, is_slow)
    outbox.send_all()
    row.refresh_from_db()
    assert (row.state, len(row.receivers_done), len(called)) == ("sent", 1, 2)
    assert "took longer" in caplog.text


def test_what_a_late_worker_has_done_is_kept_where_others_still_wait(listen, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    called = []
    row = written("order_paid", "order", "order_1")

    def is_slow(**_):
        called.append("slow")
        if called.count("slow") == 2:
            raise RuntimeError
        time_machine.shift(LEASE)
        outbox.send_due()

    def is_broken(**_):
        called.append("broken")
        raise RuntimeError

    listen(signals.order_paid, is_slow)
    listen(signals.order_paid, is_broken)
    outbox.send_due()
    row.refresh_from_db()
    assert called == ["slow", "slow", "broken", "broken"]
    assert (row.state, row.attempts, len(row.receivers_done)) == ("failed", 2, 1)


def test_news_of_one_object_waits_for_its_earlier_news_in_another_workers_hands(listen):
    told = []
    both = {"customer_id": "cus_1"}

    def other_worker(**_):
        outbox.send_due()
        told.append("granted")

    listen(signals.benefit_granted, other_worker)
    listen(signals.benefit_revoked, lambda **_: told.append("revoked"))
    listen(signals.order_paid, lambda **_: told.append("paid"))
    written("benefit_granted", "benefitgrant", "grant_1", **both)
    written("benefit_revoked", "benefitgrant", "grant_1", **both)
    written("order_paid", "order", "order_1", **both)
    sending.send_due(limit=1)
    assert told == ["paid", "granted"]
    outbox.send_all()
    assert told == ["paid", "granted", "revoked"]


def test_news_of_a_grant_by_hand_comes_in_order_too(listen):
    """It belongs to no customer."""
    told = []

    def other_worker(**_):
        outbox.send_due()
        told.append("granted")

    ada = User.objects.create_user("ada")
    grant_benefit(ada, "pro")
    revoke_local_grant(ada, "pro")
    listen(signals.benefit_granted, other_worker)
    listen(signals.benefit_revoked, lambda **_: told.append("revoked"))
    sending.send_due(limit=1)
    outbox.send_all()
    assert told == ["granted", "revoked"]
    assert set(Transition.objects.values_list("state", flat=True)) == {"sent"}


def test_news_of_one_object_does_not_wait_for_a_receiver_that_failed(listen):
    told = []

    def fails(**_):
        raise ValueError

    listen(signals.benefit_granted, fails)
    listen(signals.benefit_revoked, lambda **_: told.append("revoked"))
    for name in ("benefit_granted", "benefit_revoked"):
        written(name, "benefitgrant", "grant_1", customer_id="cus_1")
    outbox.send_all()
    assert told == ["revoked"]


def test_a_killed_workers_transitions_come_back_one_by_one(listen, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    calls = []
    rows = [written("order_paid", "order", f"order_{number}") for number in range(3)]

    class Killed(BaseException):
        pass

    def kills_the_worker(**_):
        calls.append(1)
        raise Killed

    listen(signals.order_paid, kills_the_worker)
    with pytest.raises(Killed):
        outbox.send_due()
    assert outbox.send_due() == 0
    time_machine.shift(LEASE)
    with pytest.raises(Killed):
        outbox.send_due()
    Transition.objects.update(attempts=MAX_ATTEMPTS, due_at=timezone.now())
    assert [outbox.send_due() for _ in range(4)] == [1, 1, 1, 0]
    assert len(calls) == 2
    assert {Transition.objects.get(pk=row.pk).state for row in rows} == {"dead"}
