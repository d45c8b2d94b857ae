"""Everything recorded reaches the provider, and is counted once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from polar_django import tasks
from polar_django.billing import ensure_customer
from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    InvalidRequest,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.linking import link_customer
from polar_django.models import Customer, Member, UsageEvent
from polar_django.providers.registry import get_provider
from polar_django.providers.transport import Reply
from polar_django.providers.usage import IngestedUsage
from polar_django.usage import meter_balance, record_usage, sending
from polar_django.usage.sending import purge_usage, resend_usage, send_usage
from tests.entitlements.worlds import person
from tests.mirror.worlds import mirror_all

pytestmark = pytest.mark.django_db


def states():
    return sorted(UsageEvent.objects.values_list("state", flat=True))


def killed(*_):
    raise KeyboardInterrupt


def due_again():
    UsageEvent.objects.update(due_at=timezone.now())


def test_what_was_recorded_is_sent_in_one_call_and_marked(ada, sandbox, at_polar):
    yesterday = timezone.now() - timedelta(days=1)
    record_usage(ada, "ai_usage", {"total_tokens": 1200}, external_id="request-1", at=yesterday)
    record_usage(ada, "ai_usage", {"total_tokens": 5})
    tasks.flush_usage()
    assert states() == ["sent", "sent"]
    first, second = at_polar()
    assert (first["name"], first["metadata"]) == ("ai_usage", {"total_tokens": 1200})
    assert (first["external_id"], first["external_customer_id"]) == ("request-1", str(ada.pk))
    assert first["timestamp"].startswith(yesterday.isoformat()[:19])
    assert second["metadata"] == {"total_tokens": 5}
    assert sending.send_usage().sent == 0


def test_a_batch_of_any_size_costs_the_same_few_statements(ada, sandbox, monkeypatch):
    answered = IngestedUsage(answered_at=timezone.now())
    monkeypatch.setattr(type(get_provider()), "ingest_usage", lambda *_: answered)
    costs = []
    for size in (1, 20):
        for _ in range(size):
            record_usage(ada, "ai_usage")
        with CaptureQueriesContext(connection) as queries:
            assert send_usage().sent == size
        costs.append(len(queries))
    assert costs[0] == costs[1] < 12


def test_an_answer_that_tells_no_time_was_given_now(ada, sandbox, tokens, monkeypatch):
    client = get_provider().client
    timeless = Reply(200, {"inserted": 1, "duplicates": 0}, None)
    monkeypatch.setattr(type(client), "ingest_events", lambda *_: timeless)
    record_usage(ada, "ai_usage", {"total_tokens": 7})
    assert send_usage().sent == 1
    assert meter_balance(ada, "tokens").unreckoned == 7
    assert purge_usage(1) == 0


def test_usage_before_the_first_purchase_waits_at_the_provider(ada, sandbox, tokens, at_polar):
    record_usage(ada, "ai_usage", {"total_tokens": 7})
    assert send_usage().sent == 1
    assert at_polar()[0]["customer_id"] is None
    customer = ensure_customer(ada)
    assert at_polar()[0]["customer_id"] == customer.pk
    sandbox.deliver()
    assert customer.meters.get().consumed_units == 7


def test_a_linked_customer_of_another_name_is_named_by_its_id(ada, grace, sandbox, at_polar):
    given = {"email": "hand@example.com", "external_id": "made by hand"}
    made = sandbox.api.post("/v1/customers/", json=given).json()
    mirror_all()
    link_customer(Customer.objects.get(pk=made["id"]), ada)
    member = Member.objects.get(customer=made["id"])
    Member.objects.update(user=grace)
    record_usage(ada, "ai_usage", user=grace)
    record_usage(ada, "ai_usage", user=ada)
    assert send_usage().sent == 2
    for event in at_polar():
        assert event["customer_id"] == made["id"]
    assert {event.get("member_id") for event in at_polar()} == {member.pk, None}


def test_a_deleted_subscribers_usage_is_sent_all_the_same(sandbox, at_polar):
    eve = person("eve")
    name = str(eve.pk)
    record_usage(eve, "ai_usage")
    eve.delete()
    assert send_usage().sent == 1
    assert at_polar()[0]["external_customer_id"] == name


def test_environments_that_share_an_organization_do_not_share_ids(ada, sandbox, settings, at_polar):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EXTERNAL_ID_PREFIX": "staging-"}
    record_usage(ada, "ai_usage", external_id="request-1")
    send_usage()
    [event] = at_polar()
    assert event["external_id"] == "staging-request-1"
    assert event["external_customer_id"] == f"staging-{ada.pk}"


def test_a_worker_killed_between_call_and_mark_counts_nothing_twice(
    ada, sandbox, tokens, monkeypatch, at_polar
):
    ensure_customer(ada)
    record_usage(ada, "ai_usage", {"total_tokens": 100})
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_mark_sent", killed)
        with pytest.raises(KeyboardInterrupt):
            send_usage()
    assert states() == ["pending"]
    assert send_usage().sent == 0  # its lease is not over
    due_again()
    assert send_usage().sent == 1
    assert len(at_polar()) == 1
    sandbox.deliver()
    assert Customer.objects.get().meters.get().consumed_units == 100


def test_what_another_worker_holds_is_left_to_it(ada, sandbox, monkeypatch):
    record_usage(ada, "ai_usage")
    calls = []
    real = type(get_provider()).ingest_usage

    def ingest(provider, facts):
        calls.append(len(facts))
        if len(calls) == 1:
            record_usage(ada, "ai_usage")
            assert send_usage().sent == 1  # the second worker takes what is new
        return real(provider, facts)

    monkeypatch.setattr(type(get_provider()), "ingest_usage", ingest)
    assert send_usage().sent == 1
    assert calls == [1, 1]


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailable("down"),
        RateLimited("slow", retry_after=120),
        AuthenticationFailed("The token has expired.", status=401),
    ],
)
def test_while_the_provider_cannot_be_asked_everything_waits(ada, sandbox, monkeypatch, error):
    for _ in range(3):
        record_usage(ada, "ai_usage")

    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(type(get_provider()), "ingest_usage", fail)
        for _ in range(20):
            due_again()
            counts = send_usage()
            assert (counts.sent, counts.put_off, counts.dead) == (0, 3, 0)
    assert states() == ["pending"] * 3
    row = UsageEvent.objects.first()
    wait = row.due_at - timezone.now()
    assert timedelta(seconds=50) < wait < timedelta(seconds=121)
    assert (wait > timedelta(seconds=110)) == isinstance(error, RateLimited)
    assert (row.attempts, row.error) == (0, str(error))
    due_again()
    assert send_usage().sent == 3
    assert UsageEvent.objects.first().error == ""


def test_events_that_are_refused_are_set_aside_and_the_others_go(ada, sandbox, at_polar):
    good, long, bad = (record_usage(ada, "ai_usage", {"n": n}) for n in range(3))
    UsageEvent.objects.filter(pk=long.pk).update(metadata={"text": "x" * 600})
    UsageEvent.objects.filter(pk=bad.pk).update(metadata={"list": [1]})
    counts = send_usage()
    assert (counts.sent, counts.dead) == (1, 2)
    assert [event["metadata"] for event in at_polar()] == [{"n": 0}]
    for event in (long, bad):
        event.refresh_from_db()
        assert (event.state, event.error) == ("dead", "polar does not accept its metadata.")
    assert send_usage().sent == 0
    UsageEvent.objects.filter(pk=bad.pk).update(metadata={"list": 1})
    assert resend_usage(UsageEvent.objects.filter(pk=bad.pk)) == 1
    assert send_usage().sent == 1
    good.refresh_from_db()
    assert good.state == "sent"


@pytest.mark.parametrize(
    "refusal",
    [InvalidRequest("One of them."), ActionRefused("RequestBodyTooLarge", status=413)],
)
def test_one_that_nobody_can_name_is_found_by_halving(ada, sandbox, monkeypatch, refusal):
    events = [record_usage(ada, "ai_usage", {"n": n}) for n in range(9)]
    real = type(get_provider()).ingest_usage
    calls = []

    def ingest(provider, facts):
        calls.append(len(facts))
        if any(fact.metadata["n"] == 5 for fact in facts):
            raise refusal
        return real(provider, facts)

    monkeypatch.setattr(type(get_provider()), "ingest_usage", ingest)
    counts = send_usage()
    assert (counts.sent, counts.dead) == (8, 1)
    assert len(calls) < 10
    assert UsageEvent.objects.get(state="dead") == events[5]


def test_a_clock_that_is_ahead_loses_nothing(ada, sandbox, at_polar):
    record_usage(ada, "ai_usage", at=timezone.now() + timedelta(minutes=4))
    record_usage(ada, "ai_usage")
    counts = send_usage()
    assert (counts.sent, counts.put_off, counts.dead) == (1, 1, 0)
    waiting = UsageEvent.objects.get(state="failed")
    assert "timestamp" in waiting.error
    sandbox.advance(days=1)
    due_again()
    assert send_usage().sent == 1
    assert len(at_polar()) == 2


def test_a_customer_deleted_unheard_is_tried_again_by_the_subscribers_name(ada, sandbox, at_polar):
    given = {"email": "hand@example.com", "external_id": "made by hand"}
    made = sandbox.api.post("/v1/customers/", json=given).json()
    mirror_all()
    link_customer(Customer.objects.get(pk=made["id"]), ada)
    sandbox.api.delete(f"/v1/customers/{made['id']}")
    record_usage(ada, "ai_usage")
    assert send_usage().put_off == 1
    assert "customer_id" in UsageEvent.objects.get().error
    sandbox.deliver()
    due_again()
    assert send_usage().sent == 1
    assert at_polar()[0]["external_customer_id"] == str(ada.pk)


def test_what_never_heals_is_given_up_in_the_end(ada, sandbox):
    record_usage(ada, "ai_usage", at=timezone.now() + timedelta(minutes=4))
    for _ in range(10):
        due_again()
        send_usage()
    assert states() == ["dead"]


def test_a_body_is_never_larger_than_polar_reads(ada, sandbox, monkeypatch):
    sizes = []
    answered = IngestedUsage(answered_at=timezone.now())
    monkeypatch.setattr(
        type(get_provider()), "ingest_usage", lambda _, facts: sizes.append(len(facts)) or answered
    )
    large = {f"k{n}": "x" * 500 for n in range(50)}
    now = timezone.now()
    UsageEvent.objects.bulk_create(
        UsageEvent(
            subscriber=ada,
            provider="polar",
            name="ai_usage",
            external_id=str(n),
            external_customer_id="1",
            timestamp=now,
            metadata=large,
            due_at=now,
        )
        for n in range(400)
    )
    assert send_usage().sent == 400
    assert len(sizes) > 1
    assert max(sizes) * 27_000 < 10_000_000


def test_old_events_go_and_what_waits_stays(ada, sandbox):
    for _ in range(3):
        record_usage(ada, "ai_usage")
    send_usage()
    record_usage(ada, "ai_usage")
    UsageEvent.objects.filter(state="sent").update(sent_at=F("sent_at") - timedelta(days=91))
    UsageEvent.objects.filter(pk=UsageEvent.objects.first().pk).update(state="dead")
    tasks.purge_usage()
    assert states() == ["dead", "pending"]
    assert purge_usage(0) == 0
