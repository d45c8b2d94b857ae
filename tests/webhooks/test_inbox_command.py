import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from polar_django.models import WebhookDelivery
from polar_django.webhooks import wakeup
from tests.webhooks.deliveries import body_of, states, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def published(monkeypatch):
    told = []

    def publish():
        told.append("drain_inbox")
        return True

    monkeypatch.setattr(wakeup, "publish", publish)
    return told


def run(*args):
    out, err = StringIO(), StringIO()
    call_command("polar_inbox", *args, stdout=out, stderr=err)
    return out.getvalue() + err.getvalue()


def test_a_list_shows_the_newest_first_and_no_body():
    stored()
    dead = stored(state="dead", error="It is no object.")
    text = run("list")
    assert "2 deliveries." in text
    assert text.index(dead.delivery_id) < text.index("pending")
    assert "It is no object." in text
    assert "ada@example.com" not in text


def test_a_list_of_one_state_as_json():
    stored()
    dead = stored(state="dead", attempts=8)
    (row,) = json.loads(run("list", "--state", "dead", "--json"))
    assert (row["id"], row["state"], row["attempts"]) == (dead.pk, "dead", 8)


def test_replay_by_number_and_by_webhook_id_wakes_one_worker(published):
    first, second, other = (stored(state="dead") for _ in range(3))
    assert "2 deliveries are pending again." in run("replay", str(first.pk), second.delivery_id)
    assert states([first, second, other]) == ["pending", "pending", "dead"]
    assert published == ["drain_inbox"]


def test_replay_of_all_that_gave_up(published):
    rows = [stored(state="dead"), stored(state="dead"), stored(state="processed")]
    assert json.loads(run("replay", "--dead", "--json")) == {"replayed": [rows[0].pk, rows[1].pk]}
    assert states(rows) == ["pending", "pending", "processed"]


def test_replaying_nothing_wakes_nobody(published):
    assert "0 deliveries" in run("replay", "--dead")
    assert published == []


def test_replay_refuses_an_unknown_delivery_and_an_empty_wish(published):
    known = stored(state="dead")
    with pytest.raises(CommandError, match="no delivery msg_unknown"):
        run("replay", str(known.pk), "msg_unknown")
    with pytest.raises(CommandError, match="--dead"):
        run("replay")
    with pytest.raises(CommandError, match="--dead"):
        run("replay", str(known.pk), "--dead")
    assert states([known]) == ["dead"]


@pytest.mark.usefixtures("inline")
def test_replay_works_at_once_where_processing_is_inline():
    delivery = stored(state="dead", attempts=8)
    broken = stored(b"<html>", state="dead")
    said = run("replay", str(delivery.pk), str(broken.pk))
    became = states([delivery, broken])
    assert became[0] == "processed"
    assert became[1] != "pending"
    assert "2 deliveries were worked off: " in said
    assert "1 processed" in said
    assert f"1 {became[1]}" in said
    told = json.loads(run("replay", str(delivery.pk), "--json"))
    assert told == {"replayed": [delivery.pk], "states": {"processed": 1}}


def in_hand():
    return stored(state="processing", due_at=timezone.now() + timedelta(minutes=3))


def test_what_was_named_and_cannot_be_replayed_is_told_with_the_reason(published):
    gone, busy, dead = stored(b"", state="processed"), in_hand(), stored(state="dead")
    with pytest.raises(CommandError) as told:
        run("replay", str(gone.pk), busy.delivery_id, str(dead.pk))
    assert f"{gone.pk} is without a body" in str(told.value)
    assert f"{busy.pk} is in a worker's hands" in str(told.value)
    assert states([gone, busy, dead]) == ["processed", "processing", "dead"]
    assert published == []


def test_what_was_chosen_and_cannot_be_replayed_is_counted(published):
    rows = [stored(b"", state="dead"), stored(state="dead")]
    said = run("replay", "--dead")
    assert "1 deliveries are pending again." in said
    assert "1 left alone: without a body" in said
    assert states(rows) == ["dead", "pending"]
    assert "1 left alone: in a worker's hands" in run("replay", "--state", in_hand().state)


def test_replay_says_when_the_broker_is_away(monkeypatch):
    monkeypatch.setattr(wakeup, "publish", lambda: False)
    stored(state="dead")
    assert "the sweeper will find them" in run("replay", "--dead")


def test_purge_counts_and_spares_the_dead_unless_asked():
    old = timezone.now() - timedelta(days=30)
    stored(state="processed", received_at=old)
    dead = stored(state="dead", received_at=old)
    assert "0 deliveries older than 90 days" in run("purge")
    assert "1 deliveries older than 20 days" in run("purge", "--older-than", "20")
    assert list(WebhookDelivery.objects.all()) == [dead]
    assert json.loads(run("purge", "--older-than", "20", "--dead", "--json")) == {"purged": 1}


@pytest.mark.parametrize(
    "words", [("list", "--limit", "-1"), ("purge", "--older-than", "-1"), ("list", "--limit", "x")]
)
def test_a_number_below_zero_is_refused_and_nothing_is_deleted(words):
    stored(state="processed")
    with pytest.raises(CommandError, match="whole number from 0"):
        run(*words)
    assert WebhookDelivery.objects.exists()


def test_a_number_that_no_row_can_have_is_no_delivery(published):
    with pytest.raises(CommandError, match="no delivery 9"):
        run("replay", "9" * 30)
    assert published == []


def test_replay_by_state_type_and_time_which_all_have_to_hold(published):
    old = timezone.now() - timedelta(days=3)
    wanted = stored(body_of("order.paid", id="1"), state="dead", received_at=old)
    others = [
        stored(body_of("order.paid", id="1"), state="dead"),
        stored(body_of("order.paid", id="1"), state="processed", received_at=old),
        stored(body_of("order.created", id="1"), state="dead", received_at=old),
    ]
    until = (timezone.now() - timedelta(days=1)).isoformat()
    text = run("replay", "--state", "dead", "--type", "order.paid", "--until", until)
    assert "1 deliveries are pending again." in text
    assert states([wanted, *others]) == ["pending", "dead", "processed", "dead"]


def test_replay_names_deliveries_or_filters_them_not_both():
    with pytest.raises(CommandError, match="Name the deliveries"):
        run("replay", str(stored().pk), "--type", "order.paid")
