"""One fact, one row, and nobody is called."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from polar_django.exceptions import InvalidRequest, NotSupported
from polar_django.models import UsageEvent
from polar_django.usage import arecord_usage, record_usage
from polar_django.usage.sending import send_usage

pytestmark = pytest.mark.django_db
MODEL = {"vendor": "v", "model": "m", "input_tokens": 2, "output_tokens": 3, "total_tokens": 5}


def test_an_event_is_one_insert_and_no_call(ada, django_assert_num_queries):
    before = timezone.now()
    with django_assert_num_queries(1):
        event = record_usage(ada, "ai_usage", {"total_tokens": 1200})
    row = UsageEvent.objects.get()
    assert (row, row.subscriber, row.state) == (event, ada, "pending")
    assert (row.name, row.metadata) == ("ai_usage", {"total_tokens": 1200})
    assert (row.provider, row.external_customer_id) == ("polar", str(ada.pk))
    assert before <= row.timestamp <= timezone.now()


def test_the_same_external_id_counts_once_and_the_first_one_is_it(ada, grace):
    first = record_usage(ada, "ai_usage", {"total_tokens": 1}, external_id="request-1")
    second = record_usage(ada, "ai_usage", {"total_tokens": 2}, external_id="request-1")
    other = record_usage(grace, "ai_usage", {"total_tokens": 3}, external_id="request-1")
    assert first == second == other
    assert UsageEvent.objects.get().metadata == {"total_tokens": 1}


def test_a_repeat_does_not_spoil_the_callers_transaction(ada):
    with transaction.atomic():
        record_usage(ada, "ai_usage", external_id="request-1")
        record_usage(ada, "ai_usage", external_id="request-1")
        record_usage(ada, "ai_usage", external_id="request-2")
    assert UsageEvent.objects.count() == 2


def test_what_is_rolled_back_was_not_used(ada):
    with transaction.atomic():
        record_usage(ada, "ai_usage")
        transaction.set_rollback(True)
    assert not UsageEvent.objects.exists()


def test_events_without_an_id_are_each_their_own(ada):
    record_usage(ada, "ai_usage")
    record_usage(ada, "ai_usage")
    assert UsageEvent.objects.values("external_id").distinct().count() == 2


def test_the_moment_may_be_given(ada):
    yesterday = timezone.now() - timedelta(days=1)
    assert record_usage(ada, "ai_usage", at=yesterday).timestamp == yesterday


def test_who_of_a_team_used_it_is_named(ada, grace):
    assert record_usage(ada, "ai_usage", user=grace).external_member_id == str(grace.pk)


def test_the_environments_prefix_names_the_customer(ada, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EXTERNAL_ID_PREFIX": "staging-"}
    assert record_usage(ada, "ai_usage").external_customer_id == f"staging-{ada.pk}"
    record_usage(ada, "ai_usage", external_id="x" * 247)
    with pytest.raises(InvalidRequest, match="external_id"):
        record_usage(ada, "ai_usage", external_id="x" * 248)


def test_the_user_of_a_request_will_do(ada):
    assert record_usage(SimpleLazyObject(lambda: ada), "ai_usage").subscriber == ada


@pytest.mark.parametrize("nobody", [None, "ada", get_user_model()(username="unsaved")])
def test_usage_is_somebodys(nobody, db):
    with pytest.raises(TypeError):
        record_usage(nobody, "ai_usage")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "x" * 129}),
        ("name", {"name": "nul\x00"}),
        ("metadata", {"metadata": {"x" * 41: 1}}),
        ("metadata", {"metadata": {1: 1}}),
        ("metadata", {"metadata": {f"k{n}": n for n in range(51)}}),
        ("metadata", {"metadata": {"text": "x" * 501}}),
        ("metadata", {"metadata": {"text": "half \ud800"}}),
        ("metadata", {"metadata": {"list": [1]}}),
        ("metadata", {"metadata": {"none": None}}),
        ("metadata", {"metadata": {"decimal": Decimal(1)}}),
        ("metadata", {"metadata": {"nan": float("nan")}}),
        ("metadata", {"metadata": {"big": 2**63}}),
        ("metadata", {"metadata": {"nested": {"a": 1}}}),
        ("metadata", {"metadata": {"empty": ""}}),
        ("metadata", {"metadata": ["no", "mapping"]}),
        ("metadata._cost", {"metadata": {"_cost": 12}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": 12}}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": 12, "currency": "eur"}}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": "much", "currency": "usd"}}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": True, "currency": "usd"}}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": 100_000, "currency": "usd"}}}),
        ("metadata._cost", {"metadata": {"_cost": {"amount": Decimal(1), "currency": "usd"}}}),
        ("metadata._llm", {"metadata": {"_llm": {**MODEL, "a": [1]}}}),
        ("metadata._llm", {"metadata": {"_llm": {**MODEL, "model": None}}}),
        ("metadata._llm", {"metadata": {"_llm": {**MODEL, "prompt": "nul\x00"}}}),
        ("metadata._llm", {"metadata": {"_llm": {**MODEL, "total_tokens": 1.5}}}),
        ("metadata._llm", {"metadata": {"_llm": {"vendor": "v", "model": "m"}}}),
        ("timestamp", {"at": datetime(2026, 1, 1)}),
        ("timestamp", {"at": timezone.now() + timedelta(days=1)}),
        ("external_id", {"external_id": "x" * 256}),
    ],
)
def test_what_polar_would_refuse_is_refused_at_once(ada, field, values):
    with pytest.raises(InvalidRequest) as refused:
        record_usage(ada, **{"name": "ai_usage", **values})
    assert refused.value.code == "usage_refused"
    assert refused.value.errors[0]["loc"] == field.split(".")
    assert not UsageEvent.objects.exists()


def test_what_polar_takes_is_taken(ada):
    metadata = {
        "text": "x" * 500,
        "whole": -(2**63),
        "part": 0.5,
        "yes": True,
        "_cost": {"amount": 12, "currency": "usd"},
        "_llm": {**MODEL, "prompt": "x" * 10_000, "response": None, "cached_input_tokens": 1},
    }
    assert record_usage(ada, "ai_usage", metadata).metadata == metadata


@pytest.mark.parametrize(
    ("amount", "kept"),
    [(0.1 + 0.2, 0.3), ("0.045", 0.045), (99_999.123456789012, 99999.123456789012)],
)
def test_a_cost_is_kept_as_polar_can_read_it(ada, sandbox, amount, kept):
    event = record_usage(ada, "ai_usage", {"_cost": {"amount": amount, "currency": "usd"}})
    assert event.metadata["_cost"]["amount"] == kept
    assert send_usage().sent == 1


def test_a_provider_without_meters_says_so(ada, settings):
    settings.POLAR_DJANGO = {
        "DEFAULT_PROVIDER": "fake",
        "PROVIDERS": {"fake": {"CLASS": "tests.billing.fake_provider.FakeProvider"}},
    }
    with pytest.raises(NotSupported):
        record_usage(ada, "ai_usage")


@pytest.mark.django_db(transaction=True)
def test_async_code_has_a_twin(ada):
    event = async_to_sync(arecord_usage)(ada, "ai_usage", {"total_tokens": 1})
    assert UsageEvent.objects.get() == event
