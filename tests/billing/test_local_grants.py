"""Benefits given by hand: held, told, ended, and left alone by everything a provider says."""

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.utils import timezone

from polar_django import billing
from polar_django.billing import ensure_customer, grant_benefit, revoke_local_grant
from polar_django.entitlements import entitlements_for, has_benefit, holders_of
from polar_django.mirror import cursors
from polar_django.mirror.linking import link_customer
from polar_django.mirror.reconcile import reconcile
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, Customer, Transition
from polar_django.providers.registry import get_provider
from polar_django.webhooks import wakeup
from tests.entitlements.worlds import again, benefit, grant, person
from tests.mirror.worlds import mirror_all

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def ada():
    return person("ada")


def news():
    return list(Transition.objects.order_by("pk").values_list("name", "source", "object_type"))


def test_what_is_given_is_held_and_told(ada):
    given = grant_benefit(ada, "pro", reason="beta tester")
    held = entitlements_for(again(ada)).get("pro")
    assert (held.grant_id, held.provider, held.reason) == (given.pk, "local", "beta tester")
    assert list(holders_of("pro")) == [ada]
    assert news() == [("benefit_granted", "local", "benefitgrant")]


def test_it_counts_as_the_benefit_of_that_key_with_its_metadata(ada):
    benefit("pro", metadata={"projects": 10})
    grant_benefit(ada, "pro")
    assert entitlements_for(ada).limit("projects") == 10


def test_a_key_that_the_settings_map_means_that_benefit(ada, settings):
    benefit("pro", id="ben_1")
    benefit("", id="ben_2")
    settings.POLAR_DJANGO = {"BENEFITS": {"gold": "ben_1", "silver": "ben_2"}}
    for key in ("gold", "silver", "pro"):
        grant_benefit(ada, key)
    assert entitlements_for(ada).keys == {"gold", "silver", "pro"}


def test_it_ends_by_itself(ada):
    grant_benefit(ada, "pro", until=timezone.now() + DAY)
    assert has_benefit(again(ada), "pro")
    with time_machine.travel(timezone.now() + DAY + timedelta(seconds=1)):
        assert not has_benefit(again(ada), "pro")
        assert not holders_of("pro").exists()


def test_given_again_it_has_the_new_end_and_tells_nobody(ada):
    first = grant_benefit(ada, "pro", until=timezone.now() + DAY, reason="a favour")
    second = grant_benefit(ada, "pro", until=timezone.now() + 9 * DAY, reason="a larger one")
    row = BenefitGrant.objects.get()
    assert (row.pk, row.reason, row.expires_at) == (first.pk, "a larger one", second.expires_at)
    assert row.granted_at == first.granted_at
    assert len(news()) == 1


def test_given_again_after_its_end_it_is_news(ada):
    grant_benefit(ada, "pro", until=timezone.now() + DAY)
    with time_machine.travel(timezone.now() + 2 * DAY):
        grant_benefit(ada, "pro")
    assert [name for name, *_ in news()] == ["benefit_granted", "benefit_granted"]


def test_revoking_ends_it_once(ada):
    grant_benefit(ada, "pro", reason="beta")
    assert revoke_local_grant(ada, "pro")
    assert not has_benefit(again(ada), "pro")
    assert not revoke_local_grant(ada, "pro")
    row = BenefitGrant.objects.get()
    assert (row.is_granted, row.is_revoked, row.reason) == (False, True, "beta")
    assert [name for name, *_ in news()] == ["benefit_granted", "benefit_revoked"]
    grant_benefit(ada, "pro")
    assert has_benefit(again(ada), "pro")


def test_revoking_leaves_what_was_bought_and_what_others_were_given(ada):
    grace = person()
    grant(ada, "pro")
    grant_benefit(grace, "pro")
    assert not revoke_local_grant(ada, "pro")
    assert has_benefit(again(ada), "pro")
    grant_benefit(ada, "pro")
    assert revoke_local_grant(ada, "pro")
    assert has_benefit(again(ada), "pro")
    assert has_benefit(again(grace), "pro")


def test_no_sync_reconcile_or_relink_touches_it(service, ada):
    ada.email = "ada@verified.example"
    ada.save()
    given = grant_benefit(ada, "pro", reason="beta")
    before = BenefitGrant.objects.filter(pk=given.pk).values().get()
    ensure_customer(ada)
    mirror_all()
    walk = cursors.begin("fake", "reconcile")
    for _ in reconcile(get_provider(), walk, Patience(attempts=1)):
        pass
    link_customer(Customer.objects.get(), person(), replace=True)
    assert BenefitGrant.objects.filter(pk=given.pk).values().get() == before
    assert has_benefit(again(ada), "pro")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"key": ""}, ValueError),
        ({"key": "a\0b"}, ValueError),
        ({"key": "x" * 256}, ValueError),
        ({"reason": "x" * 256}, ValueError),
        ({"until": datetime(2999, 1, 1)}, ValueError),
        ({"until": datetime(2001, 1, 1).astimezone()}, ValueError),
        ({"subscriber": None}, TypeError),
        ({"subscriber": "ada"}, TypeError),
    ],
)
def test_what_makes_no_sense_is_refused(ada, values, error):
    given = {"subscriber": ada, "key": "pro", **values}
    subscriber, key = given.pop("subscriber"), given.pop("key")
    with pytest.raises(error):
        grant_benefit(subscriber, key, **given)
    assert not BenefitGrant.objects.exists()


def test_an_unsaved_subscriber_is_refused(ada):
    ada.pk = None
    with pytest.raises(ValueError, match="Save"):
        grant_benefit(ada, "pro")


@pytest.mark.django_db(transaction=True)
def test_async_code_gives_and_takes(ada):
    async_to_sync(billing.agrant_benefit)(ada, "pro")
    assert async_to_sync(billing.arevoke_local_grant)(ada, "pro")


def test_giving_costs_five_statements(ada, django_assert_num_queries):
    with django_assert_num_queries(7):  # savepoint and release; benefit, lock, read, write, news
        grant_benefit(ada, "pro")


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(wakeup, "publish", lambda: True)

    def call(*arguments):
        out = StringIO()
        call_command("polar_grant", *arguments, stdout=out)
        return out.getvalue()

    return call


def test_the_command_gives_lists_and_takes_back(ada, run):
    assert "ada holds pro until" in run(
        "give", "ada", "pro", "--until", "2999-01-31", "--reason", "beta"
    )
    (row,) = json.loads(run("list", "--json"))
    assert (row["subscriber"], row["key"], row["reason"], row["is_live"]) == (
        "ada",
        "pro",
        "beta",
        True,
    )
    assert row["expires_at"].startswith("2999-02-01T00:00")
    assert "1 grants." in run("list")
    run("revoke", str(ada.pk), "pro")
    assert not has_benefit(again(ada), "pro")
    assert "0 grants." in run("list")
    assert "over" in run("list", "--all")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["give", "nobody", "pro"], "no subscriber 'nobody'"),
        (["give", "99999999999999999999999", "pro"], "no subscriber"),
        (["give", "ada", "pro", "--until", "2001-01-01"], "future"),
        (["give", "ada", "pro", "--until", "tomorrow"], "no date"),
        (["give", "ada", "pro", "--until", "9999-12-31"], "no date"),
        (["give", "ada", "pro", "--until", "2999-02-31"], "no date"),
        (["revoke", "ada", "pro"], "given no pro"),
    ],
)
def test_the_command_says_what_is_wrong(ada, run, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)
