"""`polar_usage`: what an operator sees and does."""

import json

import pytest
from django.core.management import CommandError, call_command

from polar_django.models import UsageEvent
from polar_django.usage import record_usage

pytestmark = pytest.mark.django_db


def say(capsys, *words):
    call_command("polar_usage", *words)
    return capsys.readouterr().out


@pytest.fixture
def dead(ada):
    event = record_usage(ada, "ai_usage", {"secret": "words"}, external_id="request-1")
    UsageEvent.objects.update(state="dead", error="polar does not accept its metadata.")
    record_usage(ada, "ai_usage")
    return event


def test_what_gave_up_is_listed_with_its_reason_and_without_its_content(dead, capsys):
    told = say(capsys, "list", "--state", "dead")
    assert "request-1" in told
    assert "does not accept its metadata" in told
    assert "words" not in told
    assert "1 events." in told
    [row] = json.loads(say(capsys, "list", "--state", "dead", "--json"))
    assert (row["external_id"], row["state"]) == ("request-1", "dead")
    assert len(json.loads(say(capsys, "list", "--json"))) == 2


def test_what_gave_up_is_tried_again_and_sent(dead, sandbox, capsys):
    assert "1 events are due again" in say(capsys, "retry", "request-1")
    assert "2 sent, 0 put off, 0 given up" in say(capsys, "send")
    assert json.loads(say(capsys, "send", "--json")) == {"sent": 0, "put_off": 0, "dead": 0}
    assert json.loads(say(capsys, "retry", "--all", "--json")) == {"retried": 0}


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_sending_fails_where_the_provider_cannot_be_told(dead, sandbox, settings, capsys, flags):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": "polar_oat_unknown"}
    with pytest.raises(CommandError, match=r"could not be told: POST .* 401"):
        call_command("polar_usage", "send", *flags)
    told = capsys.readouterr().out
    assert ("1 put off" in told) if not flags else (json.loads(told)["put_off"] == 1)
    assert "polar_oat_unknown" not in told


def test_an_event_that_did_not_give_up_cannot_be_retried(dead):
    for words in (["nothing"], [], ["request-1", "--all"]):
        with pytest.raises(CommandError):
            call_command("polar_usage", "retry", *words)
    assert UsageEvent.objects.filter(state="dead").exists()


def test_old_events_are_purged(dead, sandbox, capsys):
    say(capsys, "send")
    assert "0 events sent more than 90 days ago" in say(capsys, "purge")
    assert json.loads(say(capsys, "purge", "--older-than", "0", "--json")) == {"purged": 1}
    assert UsageEvent.objects.get() == dead
    with pytest.raises(CommandError):
        call_command("polar_usage", "purge", "--older-than", "-1")
