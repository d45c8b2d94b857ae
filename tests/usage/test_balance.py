"""What is left: the provider's last word, and what was recorded since."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from polar_django.billing import ensure_customer
from polar_django.entitlements import entitlements_for
from polar_django.models import CustomerMeter, Meter, UsageEvent
from polar_django.usage import ameter_balance, meter_balance, record_usage
from polar_django.usage.matching import units_in
from polar_django.usage.sending import send_usage
from tests.entitlements.worlds import again
from tests.mirror.worlds import mirror_all
from tests.usage.conftest import make_meter

pytestmark = pytest.mark.django_db


@pytest.fixture
def credited(ada, sandbox, tokens):
    """Ada has 1,000 tokens."""
    benefit = sandbox.api.post(
        "/v1/benefits/",
        json={
            "type": "meter_credit",
            "description": "A thousand tokens",
            "properties": {"meter_id": tokens.pk, "units": 1000, "rollover": False},
        },
    ).json()
    product = sandbox.product_ids["ebook"]
    sandbox.api.post(f"/v1/products/{product}/benefits", json={"benefits": [benefit["id"]]})
    sandbox.buy("ebook", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    return tokens


def test_a_balance_falls_as_it_is_used_whoever_knows_of_it_yet(
    ada, sandbox, credited, django_assert_num_queries
):
    assert meter_balance(ada, "tokens").available == 1000
    record_usage(ada, "ai_usage", {"total_tokens": 300})
    record_usage(ada, "something else", {"total_tokens": 500})
    with django_assert_num_queries(3):
        recorded = meter_balance(ada, "tokens")
    assert (recorded.balance, recorded.unreckoned, recorded.available) == (1000, 300, 700)

    send_usage()  # the provider has it, its word is still on the way
    sent = meter_balance(ada, "tokens")
    assert (sent.balance, sent.unreckoned, sent.available) == (1000, 300, 700)

    sandbox.deliver()
    reckoned = meter_balance(ada, "tokens")
    assert (reckoned.consumed, reckoned.credited) == (300, 1000)
    assert (reckoned.balance, reckoned.unreckoned, reckoned.available) == (700, 0, 700)

    record_usage(ada, "ai_usage", {"total_tokens": 800})
    assert meter_balance(ada, "tokens").available == -100


def test_what_was_given_up_is_not_counted(ada, credited):
    record_usage(ada, "ai_usage", {"total_tokens": 300})
    UsageEvent.objects.update(state="dead")
    assert meter_balance(ada, "tokens").available == 1000


def test_anothers_usage_is_anothers(ada, grace, credited):
    record_usage(grace, "ai_usage", {"total_tokens": 300})
    assert meter_balance(ada, "tokens").available == 1000
    assert meter_balance(grace, "tokens").available == -300


def test_a_meter_that_nobody_used_stands_at_nothing(ada, tokens):
    balance = meter_balance(ada, tokens.pk)
    assert (balance.available, balance.reckoned_at) == (0, None)


def test_an_unknown_meter_holds_nothing_and_is_told_of(ada, caplog):
    assert meter_balance(ada, "tokns").available == 0
    assert "polar_sync" in caplog.text
    with pytest.raises(TypeError):
        meter_balance(None, "tokens")


def test_a_maximum_cannot_be_told_before_the_provider_has(ada, sandbox):
    make_meter(sandbox, "peak", func="max")
    record_usage(ada, "ai_usage", {"total_tokens": 300})
    balance = meter_balance(ada, "peak")
    assert (balance.unreckoned, balance.available) == (None, 0)


def test_a_count_adds_up_too(ada, sandbox):
    make_meter(sandbox, "asked", func="count")
    for _ in range(3):
        record_usage(ada, "ai_usage")
    assert meter_balance(ada, "asked").unreckoned == 3


def test_several_customers_of_one_subscriber_are_summed(ada, tokens):
    now = timezone.now()
    for number in range(2):
        customer = ensure_customer(ada)
        customer.pk = f"another {number}"
        customer.save(force_insert=True)
        CustomerMeter.objects.create(
            pk=str(number),
            customer=customer,
            meter=tokens,
            balance=7,
            modified_at=now,
            synced_at=now,
        )
    assert meter_balance(ada, "tokens").balance == 14


def test_what_a_deleted_customer_had_is_gone(ada, tokens):
    deleted = ensure_customer(ada)
    at = {"synced_at": timezone.now(), "modified_at": timezone.now()}
    CustomerMeter.objects.create(pk="old", customer=deleted, meter=tokens, balance=1000, **at)
    assert meter_balance(ada, "tokens").available == 1000
    deleted.deleted_at = timezone.now()
    deleted.save()
    assert meter_balance(ada, "tokens").available == 0
    assert entitlements_for(ada).meters == {}
    deleted.pk, deleted.deleted_at = "new", None
    deleted.save(force_insert=True)
    CustomerMeter.objects.create(pk="new", customer=deleted, meter=tokens, balance=7, **at)
    CustomerMeter.objects.filter(pk="old").update(synced_at=timezone.now())
    assert meter_balance(ada, "tokens").available == 7
    assert entitlements_for(again(ada)).meters["tokens"].balance == 7


def test_an_archived_meter_leaves_its_key_to_a_living_one(ada, tokens):
    customer = ensure_customer(ada)
    at = {"provider": "polar", "synced_at": timezone.now()}
    Meter.objects.filter(pk=tokens.pk).update(archived_at=timezone.now())
    living = Meter.objects.create(pk="new", key="tokens", created_at=timezone.now(), **at)
    CustomerMeter.objects.create(pk="a", customer=customer, meter=living, balance=7, **at)
    at["synced_at"] = timezone.now()
    CustomerMeter.objects.create(pk="b", customer=customer, meter=tokens, balance=1000, **at)
    assert meter_balance(ada, "tokens").available == 7
    assert meter_balance(ada, tokens.pk).available == 1000
    assert entitlements_for(ada).meters["tokens"].balance == 7


def test_of_a_meter_long_unchanged_only_the_last_day_is_looked_at(ada, tokens):
    record_usage(ada, "ai_usage", {"total_tokens": 300})
    long_ago = timezone.now() - timedelta(days=2)
    UsageEvent.objects.update(state="sent", sent_at=long_ago)
    assert meter_balance(ada, "tokens").unreckoned == 0


@pytest.mark.django_db(transaction=True)
def test_async_code_has_a_twin(ada):
    assert async_to_sync(ameter_balance)(ada, "unknown").available == 0


CLAUSES = [
    ({"property": "name", "operator": "eq", "value": "ai_usage"}, True),
    ({"property": "source", "operator": "eq", "value": "user"}, True),
    ({"property": "name", "operator": "ne", "value": "ai_usage"}, False),
    ({"property": "name", "operator": "like", "value": "usag"}, True),
    ({"property": "name", "operator": "not_like", "value": "usag"}, False),
    ({"property": "timestamp", "operator": "gt", "value": 10}, True),
    ({"property": "tokens", "operator": "gte", "value": 5}, True),
    ({"property": "tokens", "operator": "gt", "value": 5}, False),
    ({"property": "tokens", "operator": "lte", "value": 5}, True),
    ({"property": "tokens", "operator": "lt", "value": 5}, False),
    ({"property": "tokens", "operator": "eq", "value": "5"}, False),
    ({"property": "tokens", "operator": "like", "value": "5"}, False),
    ({"property": "metadata.model", "operator": "eq", "value": "m"}, True),
    ({"property": "_llm.vendor", "operator": "eq", "value": "v"}, True),
    ({"property": "missing", "operator": "ne", "value": 1}, False),
    ({"property": "missing", "operator": "not_like", "value": "x"}, False),
    ({"property": "fresh", "operator": "eq", "value": True}, True),
    ({"property": "fresh", "operator": "eq", "value": 1}, False),
    ({"property": "tokens", "operator": "unheard_of", "value": 5}, False),
]


@pytest.mark.parametrize(("clause", "expected"), CLAUSES)
def test_clauses_hold_as_they_do_at_polar(clause, expected, sandbox, ada):
    """The sandbox, whose filter was written apart from ours, says the same."""
    model = {"vendor": "v", "model": "m", "input_tokens": 2, "output_tokens": 3, "total_tokens": 5}
    metadata = {"tokens": 5, "model": "m", "fresh": True, "_llm": model}
    event = record_usage(ada, "ai_usage", metadata)
    for wanted in (
        {"conjunction": "and", "clauses": [clause]},
        {"conjunction": "or", "clauses": [{"conjunction": "and", "clauses": [clause]}]},
    ):
        meter = {"filter": wanted, "aggregation": {"func": "count"}}
        assert units_in(meter, [event]) == expected
    if clause["operator"] != "unheard_of":
        made = sandbox.api.post(
            "/v1/meters/", json={"name": "The meter", "metadata": {"key": "m"}, **meter}
        )
        assert made.status_code == 201, made.text
        ensure_customer(ada)
        send_usage()
        mirror_all()
        consumed = CustomerMeter.objects.values_list("consumed_units", flat=True)
        assert list(consumed) == ([1.0] if expected else [])


def test_a_filter_without_clauses_fits_everything(ada):
    event = record_usage(ada, "ai_usage")
    meter = {"filter": {"conjunction": "and", "clauses": []}, "aggregation": {"func": "count"}}
    assert units_in(meter, [event]) == 1
    assert units_in({}, [event]) is None
    assert units_in({"filter": {}, "aggregation": {"func": "unique"}}, [event]) is None
