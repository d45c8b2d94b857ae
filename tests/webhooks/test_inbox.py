from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from polar_django.exceptions import ConfigurationError, MalformedPayload
from polar_django.models import Transition, WebhookDelivery
from polar_django.providers.base import Envelope
from polar_django.queues.retries import DELAYS, LEASE, MAX_ATTEMPTS
from polar_django.webhooks import inbox
from tests.webhooks.deliveries import statements, states, stored

pytestmark = pytest.mark.django_db

ENVELOPE = Envelope(delivery_id="msg_same", type="order.paid", timestamp=None)


def rewind(delivery, by=timedelta(seconds=1)):
    """As if the row's `due_at` had come."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - by)


def test_a_duplicate_leaves_a_callers_transaction_usable():
    with transaction.atomic():
        assert inbox.store("polar", ENVELOPE, b"{}")
        assert not inbox.store("polar", ENVELOPE, b"{}")
        assert WebhookDelivery.objects.count() == 1


def test_two_providers_may_use_the_same_id():
    assert inbox.store("polar", ENVELOPE, b"{}")
    assert inbox.store("stripe", ENVELOPE, b"{}")


def test_a_claim_takes_the_oldest_due_and_no_one_else_gets_them():
    first, second, third = stored(), stored(), stored()
    later = stored(due_at=timezone.now() + timedelta(hours=1))
    assert [row.pk for row in inbox.claim(2)] == [first.pk, second.pk]
    assert [row.pk for row in inbox.claim(2)] == [third.pk]
    assert inbox.claim(2) == []
    assert states([first, second, third, later]) == ["processing"] * 3 + ["pending"]


def test_a_claim_begins_with_a_write_where_rows_cannot_be_locked(django_assert_max_num_queries):
    stored()
    with django_assert_max_num_queries(10) as captured:
        inbox.claim(10)
    if connection.features.has_select_for_update_skip_locked:
        states = 1 if connection.features.supports_partial_indexes else 3
        assert len(statements(captured)) == states + 1
    else:
        assert statements(captured)[0].startswith("INSERT INTO")
        assert len(statements(captured)) == 3


def test_a_killed_workers_deliveries_come_back_when_the_lease_is_over(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    delivery = stored()
    inbox.claim(10)
    time_machine.shift(LEASE - timedelta(seconds=1))
    assert inbox.claim(10) == []
    time_machine.shift(1)
    (again,) = inbox.claim(10)
    assert (again.pk, again.attempts) == (delivery.pk, 2)


def test_what_was_interrupted_is_claimed_alone_so_that_a_killer_takes_no_others_with_it():
    rows = [stored(), stored(), stored()]
    inbox.claim(10)
    for row in rows:
        rewind(row)
    assert [len(inbox.claim(10)) for _ in range(4)] == [1, 1, 1, 0]


def test_a_delivery_that_kills_every_worker_is_given_up():
    killer, next_one = stored(attempts=MAX_ATTEMPTS, state="processing"), stored()
    assert inbox.claim(10) == [next_one]
    assert states([killer]) == ["dead"]
    killer.refresh_from_db()
    assert "killed" in killer.error


def test_claiming_one_begins_with_an_update_and_refuses_what_is_taken(
    django_assert_max_num_queries,
):
    delivery = stored()
    with django_assert_max_num_queries(10) as captured:
        (claimed,) = inbox.claim_one(delivery.pk)
    assert (claimed.pk, claimed.attempts) == (delivery.pk, 1)
    assert [text.split()[0] for text in statements(captured)] == ["UPDATE", "SELECT"]
    assert inbox.claim_one(delivery.pk) == []
    inbox.finish(processed=[claimed])
    assert inbox.claim_one(delivery.pk) == []


def test_a_failed_delivery_may_be_claimed_by_name_before_it_is_due():
    delivery = stored(state="failed", attempts=1, due_at=timezone.now() + timedelta(hours=1))
    assert inbox.claim(10) == []
    assert len(inbox.claim_one(delivery.pk)) == 1


def test_failures_are_retried_later_each_time_until_the_delivery_is_dead(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    delivery = stored()
    waits = []
    while claimed := inbox.claim(1):
        inbox.fail(claimed[0], RuntimeError("no"))
        row = WebhookDelivery.objects.get(pk=delivery.pk)
        if row.state == "failed":
            waits.append(row.due_at - timezone.now())
            time_machine.move_to(row.due_at, tick=False)
    assert row.state == "dead"
    assert tuple(waits) == DELAYS
    assert row.attempts == MAX_ATTEMPTS


def test_what_can_never_succeed_is_dead_at_once():
    (claimed,) = inbox.claim_one(stored().pk)
    assert inbox.fail(claimed, MalformedPayload("It is no object.")) is False
    assert states([claimed]) == ["dead"]


def test_the_error_kept_is_ours_in_words_and_others_by_place_only():
    ours, theirs = (*inbox.claim_one(stored().pk), *inbox.claim_one(stored().pk))
    inbox.fail(ours, ConfigurationError("Set WEBHOOK_SECRETS."))
    try:
        raise ValueError("Key (email)=(ada@example.com) already exists")
    except ValueError as error:
        inbox.fail(theirs, error)
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert ours.error == "Set WEBHOOK_SECRETS."
    assert ours.error_type == "polar_django.exceptions.ConfigurationError"
    assert theirs.error.startswith("ValueError in test_the_error_kept")
    assert "ada@example.com" not in theirs.error
    assert theirs.error_type == "builtins.ValueError"


def test_a_worker_whose_lease_is_over_changes_nothing():
    (slow,) = inbox.claim_one(stored().pk)
    rewind(slow)
    (quick,) = inbox.claim(10)
    with pytest.raises(inbox.LeaseLost):
        inbox.finish(processed=[slow])
    with pytest.raises(inbox.LeaseLost):
        inbox.fail(slow, RuntimeError("late"))
    assert states([slow]) == ["processing"]
    inbox.finish(ignored=[quick])
    assert states([slow]) == ["ignored"]


def test_replay_makes_deliveries_pending_again_but_not_what_is_in_a_workers_hands():
    dead = stored(state="dead", attempts=8, error="x", error_type="y")
    done = stored(state="processed", attempts=1, processed_at=timezone.now())
    (held,) = inbox.claim_one(stored().pk)
    assert inbox.replay(WebhookDelivery.objects.all()) == [dead.pk, done.pk]
    assert states([dead, done, held]) == ["pending", "pending", "processing"]
    dead.refresh_from_db()
    assert (dead.attempts, dead.error, dead.error_type) == (0, "", "")


def test_purge_deletes_only_what_is_old_and_settled(monkeypatch):
    monkeypatch.setattr(inbox, "_PURGE_BATCH", 2)
    old = timezone.now() - timedelta(days=91)
    kept = [stored(state=state, received_at=old) for state in ("pending", "failed", "dead")]
    kept.append(stored(state="processed", received_at=old + timedelta(days=2)))
    gone = [stored(state=state, received_at=old) for state in ("processed", "ignored") * 2]
    assert inbox.purge(90) == len(gone)
    assert set(WebhookDelivery.objects.all()) == set(kept)
    assert inbox.purge(90) == 0
    assert inbox.purge(90, states=["dead"]) == 1


def test_purge_keeps_a_delivery_that_a_handler_is_yet_to_hear_of():
    delivery = stored(state="processed", received_at=timezone.now() - timedelta(days=91))
    now = timezone.now()
    told = Transition.objects.create(
        name="order.paid",
        provider="polar",
        object_type="webhookdelivery",
        object_id=str(delivery.pk),
        delivery=delivery,
        source="delivery",
        happened_at=now,
        recorded_at=now,
        due_at=now,
    )
    assert inbox.purge(90) == 0
    Transition.objects.update(state="sent")
    assert inbox.purge(90) == 1
    told.refresh_from_db()
    assert told.delivery_id is None


def test_the_backlog_counts_what_waits_and_what_gave_up():
    hour = timedelta(hours=1)
    stored(due_at=timezone.now() - hour)
    stored(state="dead")
    stored(state="processed", due_at=timezone.now() - hour)
    late = inbox.backlog(timedelta(minutes=10))
    assert (late.due, late.dead) == (1, 1)
    assert inbox.backlog(2 * hour).due == 0


@pytest.mark.django_db(transaction=True)
def test_no_delivery_is_claimed_by_two_workers_at_once():
    if connection.vendor == "sqlite":
        pytest.skip("An SQLite database in memory is not shared between threads this way.")
    pks = {stored().pk for _ in range(40)}

    def work(_):
        try:
            return [row.pk for row in inbox.claim(3)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        claimed = [pk for batch in pool.map(work, range(16)) for pk in batch]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == pks


def test_old_bodies_go_before_their_rows_and_cannot_be_replayed():
    old = timezone.now() - timedelta(days=31)
    emptied = stored(state="processed", received_at=old)
    kept = [
        stored(state="processed"),
        stored(state="failed", received_at=old),
        stored(state="dead", received_at=old),
        stored(state="processed", received_at=old),
    ]
    Transition.objects.create(
        name="order.paid",
        provider="polar",
        object_type="webhookdelivery",
        object_id="1",
        delivery=kept[-1],
        source="delivery",
        happened_at=old,
        recorded_at=old,
        due_at=old,
    )
    assert inbox.purge_bodies(30) == 1
    assert inbox.purge_bodies(30) == 0
    emptied.refresh_from_db()
    assert (bytes(emptied.body), emptied.type) == (b"", "subscription.updated")
    assert all(bytes(WebhookDelivery.objects.get(pk=row.pk).body) for row in kept)
    assert inbox.replay(WebhookDelivery.objects.filter(pk=emptied.pk)) == []
