"""Who holds what, at what cost."""

import pickle
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from polar_django.entitlements import (
    aentitlements_for,
    ahas_benefit,
    entitlements_for,
    has_benefit,
    prefetch_entitlements,
    refresh_entitlements,
)
from polar_django.entitlements.numbers import number_in
from polar_django.models import BenefitGrant, Customer, CustomerMeter, Meter
from tests.entitlements.worlds import again, benefit, expired, grant, person, revoked, seat
from tests.entitlements.worlds import subscription as subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return person("ada")


def test_the_first_question_costs_one_query_and_fifty_more_cost_none(
    ada, django_assert_num_queries
):
    grant(ada, "pro")
    with django_assert_num_queries(1):
        entitlements = entitlements_for(ada)
        assert "pro" in entitlements
        assert entitlements.get("pro").metadata == {}
        for _ in range(50):
            assert not has_benefit(ada, "team")


def test_nothing_held_is_remembered_too(ada, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert not has_benefit(ada, "pro")
        assert not has_benefit(ada, "pro")


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_holds_nothing_and_no_query_is_run(nobody, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not has_benefit(nobody, "pro")
        assert list(entitlements_for(nobody)) == []
        assert entitlements_for(nobody).subscriptions == ()
        assert entitlements_for(nobody).meters == {}


def test_an_unsaved_user_holds_nothing(ada):
    grant(None, "pro")
    assert not has_benefit(type(ada)(username="new"), "pro")


def test_an_object_that_cannot_buy_is_a_mistake_that_says_so(ada):
    with pytest.raises(TypeError, match="not ContentType"):
        entitlements_for(ContentType.objects.first())


def test_a_grant_that_nobody_claimed_is_nobodys(ada):
    grant(None, "pro")
    assert not has_benefit(ada, "pro")


def test_a_key_comes_from_the_settings_then_the_metadata_then_is_the_id(ada, settings):
    settings.POLAR_DJANGO = {"BENEFITS": {"gold": "ben_named", "vip": "ben_named"}}
    benefit("metadata-key", id="ben_named")
    grant(ada, benefit_id="ben_named")
    grant(ada, "export")
    benefit("", id="ben_keyless")
    grant(ada, benefit_id="ben_keyless")
    grant(ada, benefit_id="ben_never_seen")
    assert entitlements_for(ada).keys == {"gold", "vip", "export", "ben_keyless", "ben_never_seen"}


def test_keys_are_compared_exactly(ada):
    grant(ada, "Pro")
    assert has_benefit(ada, "Pro")
    assert not has_benefit(ada, "pro")
    assert not has_benefit(ada, "Pro ")


def test_several_benefits_may_share_a_key_and_the_longest_lasting_speaks_for_it(ada):
    soon = timezone.now() + timedelta(days=1)
    benefit("pro", id="ben_monthly", metadata={"limit": 5})
    benefit("pro", id="ben_forever", metadata={"limit": 50})
    grant(ada, benefit_id="ben_monthly", expires_at=soon, properties={"a": 1})
    kept = grant(ada, benefit_id="ben_forever", subscription_id="sub_9")
    entitlements = entitlements_for(ada)
    assert [item.benefit_id for item in entitlements.all("pro")] == ["ben_forever", "ben_monthly"]
    found = entitlements.get("pro")
    assert (found.grant_id, found.subscription_id, found.expires_at) == (kept.pk, "sub_9", None)
    assert found.metadata == {"limit": 50}
    assert entitlements.all("pro")[1].properties == {"a": 1}
    assert entitlements.get("team") is None
    assert entitlements.all("team") == ()


def test_a_revoked_grant_beside_a_live_one_takes_nothing_away(ada):
    revoked(ada, "pro")
    assert not has_benefit(ada, "pro")
    grant(ada, "pro")
    assert has_benefit(again(ada), "pro")


def test_a_grant_ends_by_itself_even_while_it_is_remembered(ada):
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False) as clock:
        grant(ada, "pro", provider="local", expires_at=timezone.now() + timedelta(seconds=30))
        entitlements = entitlements_for(ada)
        assert "pro" in entitlements
        clock.shift(timedelta(seconds=31))
        assert "pro" not in entitlements
        assert entitlements.keys == frozenset()
        assert entitlements.get("pro") is None
        assert not has_benefit(ada, "pro")


def test_an_object_that_lives_long_sees_a_revocation_after_a_minute(ada):
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False) as clock:
        grant(ada, "pro")
        assert has_benefit(ada, "pro")
        BenefitGrant.objects.update(is_granted=False, is_revoked=True)
        clock.shift(timedelta(seconds=61))
        assert not has_benefit(ada, "pro")


def test_a_refresh_asks_the_database_again(ada):
    assert not has_benefit(ada, "pro")
    grant(ada, "pro")
    assert not has_benefit(ada, "pro")
    refresh_entitlements(ada)
    assert has_benefit(ada, "pro")
    refresh_entitlements(AnonymousUser())


def test_a_pickled_user_takes_no_access_along(ada):
    grant(ada, "pro")
    assert has_benefit(ada, "pro")
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    assert not has_benefit(pickle.loads(pickle.dumps(ada)), "pro")


def test_a_seat_is_held_by_its_member_and_not_by_the_one_who_pays(ada):
    grace, edsger = person("grace"), person("edsger")
    seat(ada, grace, "pro")
    seat(ada, None, "export")
    assert has_benefit(grace, "pro")
    assert not has_benefit(ada, "pro")
    assert not has_benefit(edsger, "pro")
    assert entitlements_for(ada).keys == frozenset()


def test_a_user_beside_a_subscriber_brings_their_own_seats(ada, django_assert_num_queries):
    grace = person("grace")
    grant(ada, "team")
    seat(ada, grace, "pro")
    with django_assert_num_queries(1):
        assert entitlements_for(ada, user=grace).keys == {"team", "pro"}
    with django_assert_num_queries(1):
        assert entitlements_for(ada).keys == {"team"}
    with django_assert_num_queries(0):
        assert has_benefit(ada, "pro", user=grace)
        assert not has_benefit(ada, "pro")


def test_a_user_without_a_subscriber_still_has_their_seats(ada):
    seat(person("grace"), ada, "pro")
    assert entitlements_for(None, user=ada).keys == {"pro"}


def test_free_benefits_are_everybodys(ada, settings, django_assert_num_queries):
    settings.POLAR_DJANGO = {"FREE_BENEFITS": ["read"]}
    with django_assert_num_queries(0):
        assert has_benefit(None, "read")
        assert has_benefit(AnonymousUser(), "read")
    assert entitlements_for(ada).keys == {"read"}
    assert entitlements_for(ada).get("read").grant_id is None


def test_staff_hold_every_key_only_where_the_settings_say_so(ada, settings):
    grace = person("grace", is_staff=True)
    edsger = person("edsger", is_superuser=True)
    left = person("left", is_staff=True, is_active=False)
    assert not has_benefit(grace, "anything")
    settings.POLAR_DJANGO = {"STAFF_BYPASS": True}
    assert has_benefit(again(grace), "anything")
    assert has_benefit(again(edsger), "anything")
    assert not has_benefit(again(left), "anything")
    assert not has_benefit(ada, "anything")
    assert entitlements_for(again(grace)).keys == frozenset()
    assert entitlements_for(again(grace)).get("anything") is None


def test_the_set_is_a_set_of_keys_that_cannot_be_changed(ada):
    grant(ada, "pro")
    grant(ada, "export")
    entitlements = entitlements_for(ada)
    assert list(entitlements) == ["export", "pro"]
    assert len(entitlements) == 2
    assert entitlements & {"pro", "x"} == {"pro"}
    assert entitlements >= {"pro", "export"}
    assert None not in entitlements
    with pytest.raises(AttributeError):
        entitlements.grants = ()
    with pytest.raises(AttributeError):
        entitlements.get("pro").key = "other"


def test_subscriptions_and_meters_cost_one_query_each_when_asked(ada, django_assert_num_queries):
    now = timezone.now()
    active = subscribe(ada, "pro-monthly")
    subscribe(ada, "old", status="canceled")
    subscribe(person("grace"), "pro-monthly")
    row = {"provider": "polar", "synced_at": now}
    Customer.objects.create(pk="cus_1", subscriber=ada, **row)
    Meter.objects.create(pk="met_1", key="tokens", **row)
    use = {"customer_id": "cus_1", **row}
    CustomerMeter.objects.create(pk="cm_1", meter_id="met_1", balance=7.5, **use)
    CustomerMeter.objects.create(pk="cm_2", meter_id="met_unseen", balance=1, **use)
    with django_assert_num_queries(3):
        entitlements = entitlements_for(ada)
        assert entitlements.subscriptions == (active,)
        assert entitlements.subscriptions[0].product.key == "pro-monthly"
        assert entitlements.meters["tokens"].balance == 7.5
        assert set(entitlements.meters) == {"tokens", "met_unseen"}
        assert entitlements_for(ada).subscriptions == (active,)


def test_a_list_of_any_length_is_read_with_one_query(ada, django_assert_num_queries):
    grace, edsger, staff = person("grace"), person("edsger"), person("staff")
    grant(ada, "team")
    grant(ada, "pro")
    seat(ada, grace, "pro")
    seat(ada, ada, "export")
    grant(grace, "own", user=grace)
    expired(edsger, "pro")
    people = [ada, grace, edsger, staff, *(person() for _ in range(40))]
    expected = [sorted(entitlements_for(again(one)).grants, key=str) for one in people]
    with django_assert_num_queries(1):
        prefetch_entitlements(people)
    with django_assert_num_queries(0):
        assert [sorted(entitlements_for(one).grants, key=str) for one in people] == expected
    assert entitlements_for(ada).keys == {"team", "pro", "export"}


def test_an_empty_list_and_visitors_are_read_without_a_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        prefetch_entitlements([])
        prefetch_entitlements([None, AnonymousUser()])


def test_async_code_asks_without_touching_the_database_from_the_loop(ada):
    grant(ada, "pro")
    bought = subscribe(ada)

    async def ask():
        assert await ahas_benefit(ada, "pro")
        assert not await ahas_benefit(ada, "team")
        refresh_entitlements(ada)
        entitlements = await aentitlements_for(ada, include=("subscriptions", "meters"))
        assert entitlements.subscriptions == (bought,)
        assert entitlements.meters == {}
        return entitlements.keys

    assert async_to_sync(ask)() == {"pro"}


def test_limits_are_the_highest_number_of_what_is_held(ada):
    benefit("small", metadata={"projects": 3, "rate": "2.5", "words": "many", "flag": True})
    benefit("large", metadata={"projects": "10"})
    grant(ada, "small")
    revoked(ada, "large")
    entitlements = entitlements_for(ada)
    assert entitlements.limit("projects") == 3
    assert entitlements.limit("rate") == Decimal("2.5")
    for name in ("words", "flag", "unknown"):
        assert entitlements.limit(name) == 0
        assert entitlements.limit(name, default=1) == 1
    grant(ada, "large")
    assert entitlements_for(again(ada)).limit("projects") == 10


def test_a_grant_that_ends_takes_its_limit_along(ada):
    benefit("large", metadata={"projects": 10})
    grant(ada, "large", expires_at=timezone.now() + timedelta(seconds=30))
    entitlements = entitlements_for(ada)
    assert entitlements.limit("projects") == 10
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert entitlements.limit("projects") == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (-1, -1),
        (" 7 ", 7),
        (2.0, 2),
        ("1e3", 1000),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("1e999999999", None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_numbers_are_read_as_people_write_them(value, expected):
    found = number_in(value)
    assert (found, type(found)) == (expected, type(expected))


def test_a_list_of_two_hundred_with_badges_costs_one_query_more(django_assert_num_queries):
    everybody = User.objects.bulk_create(User(username=f"user{number}") for number in range(200))
    for user in everybody[:3]:
        grant(user, "pro")
    with django_assert_num_queries(2):  # the users, and what they hold
        users = User.objects.order_by("pk")
        prefetch_entitlements(users)
        badges = [user.username for user in users if has_benefit(user, "pro")]
    assert badges == ["user0", "user1", "user2"]
