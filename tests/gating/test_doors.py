"""One rule: every door gives the same answer about the same person."""

from dataclasses import replace
from datetime import timedelta
from inspect import isawaitable

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from polar_django.billing import grant_benefit, revoke_local_grant
from polar_django.conf import AccessPolicy
from polar_django.models import Benefit, BenefitGrant, Customer
from polar_django.providers.access import derived_grants
from polar_django.snapshots import SubscriptionSnapshot
from tests.entitlements.worlds import (
    benefit,
    blocked,
    expired,
    grant,
    person,
    revoked,
    seat,
    subscription,
)
from tests.gating.doors import DEARER, DOORS, OPEN
from tests.mirror.worlds import apply, at, customer, event
from tests.mirror.worlds import grant as held_grant
from tests.mirror.worlds import revoked as ended_grant

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.gating.doors")]

ALL = DOORS | DEARER
# A queryset, and what is reckoned for a list, are asked anew each time.
ASKED_ANEW = {"holders", "prefetched"}


@pytest.fixture(autouse=True)
def with_permissions(settings):
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        "polar_django.backends.BenefitBackend",
    ]


def where_nobody_has_heard_of_the_key():
    assert not Benefit.objects.exists()
    return person()


def a_visitor():
    grant(person(), "pro")


def without_customer():
    return person()


def without_grant():
    ada = person()
    Customer.objects.create(pk="cus", provider="polar", synced_at=timezone.now(), subscriber=ada)
    grant(ada, "export")
    return ada


def with_live_grant():
    ada = person()
    grant(ada, "pro")
    return ada


def with_revoked_grant():
    ada = person()
    revoked(ada, "pro")
    return ada


def with_grant_said_to_be_both():
    ada = person()
    grant(ada, "pro", is_revoked=True)
    return ada


def with_expired_local_grant():
    ada = person()
    expired(ada, "pro")
    return ada


def with_local_grant():
    ada = person()
    grant(ada, "pro", provider="local", expires_at=timezone.now() + timedelta(hours=1))
    return ada


def with_blocked_grant():
    ada = person()
    blocked(ada, "pro")
    return ada


def with_one_grant_of_two_revoked():
    ada = person()
    revoked(ada, "pro")
    grant(ada, "pro")
    return ada


def with_a_seat():
    ada = person()
    seat(person(), ada, "pro")
    return ada


def who_lost_a_seat():
    ada = person()
    seat(person(), ada, "pro", is_granted=False, is_revoked=True)
    return ada


def who_pays_for_anothers_seat():
    ada = person()
    seat(ada, person(), "pro")
    return ada


def who_is_another_member():
    owner, holder, other = person(), person(), person()
    seat(owner, holder, "pro")
    seat(owner, other, "export")
    return other


def who_pays_for_an_unclaimed_seat():
    ada = person()
    seat(ada, None, "pro")
    return ada


def with_a_key_of_other_capitals():
    ada = person()
    grant(ada, "PRO")
    return ada


def with_a_grant_of_an_unseen_benefit():
    ada = person()
    grant(ada, benefit_id="ben_pro")
    return ada


def with_staff_rights():
    return person(is_staff=True, is_superuser=True)


def whose_polar_subscription_is_paused():
    """Polar revokes the grants when the pause begins."""
    ada = person()
    paused = subscription(ada, status="paused")
    revoked(ada, "pro", subscription=paused)
    return ada


def whose_payment_failed_in_polars_grace():
    """Polar lets the grants live through its own grace period."""
    ada = person()
    grant(ada, "pro", subscription=subscription(ada, status="past_due"))
    return ada


def whose_payment_failed_out_of_polars_grace():
    ada = person()
    revoked(ada, "pro", subscription=subscription(ada, status="past_due"))
    return ada


def with_an_active_subscription_and_no_grant():
    """No status opens a gate by itself."""
    ada = person()
    subscription(ada, status="active")
    return ada


def subscribed_elsewhere(status, **values):
    """At a provider without grants of its own: they are derived, by the policy of `ACCESS`."""
    ada = person()
    benefit("pro", id="ben_creem", provider="creem")
    values = {"current_period_end": timezone.now() - timedelta(days=1), **values}
    stands = SubscriptionSnapshot(
        id=f"sub_creem_{ada.pk}", customer_id=f"cus_creem_{ada.pk}", status=status, **values
    )
    apply(
        event(
            customer(f"cus_creem_{ada.pk}", external_id=str(ada.pk)),
            stands,
            *derived_grants(stands, ["ben_creem"], AccessPolicy(past_due_days=3.0)),
            provider="creem",
        )
    )
    return ada


def who_is_active_elsewhere():
    return subscribed_elsewhere("active")


def who_is_past_due_elsewhere_in_grace():
    return subscribed_elsewhere("past_due", past_due_at=timezone.now() - timedelta(days=2))


def who_is_past_due_elsewhere_out_of_grace():
    return subscribed_elsewhere("past_due", past_due_at=timezone.now() - timedelta(days=4))


def who_is_paused_elsewhere():
    return subscribed_elsewhere("paused")


def who_canceled_elsewhere_in_the_paid_period():
    return subscribed_elsewhere("canceled", current_period_end=timezone.now() + timedelta(days=1))


def who_canceled_elsewhere_after_it():
    return subscribed_elsewhere("canceled")


def whose_customer_was_deleted():
    """Deleted first, its grants revoked after, as Polar tells it."""
    ada = person()
    whose = customer(f"cus_{ada.pk}", external_id=str(ada.pk))
    held = held_grant(f"grant_of_{ada.pk}", customer_id=whose.id, benefit_id=benefit("pro").pk)
    ended = ended_grant(
        f"grant_of_{ada.pk}", revoked_at=at(2), customer_id=whose.id, benefit_id=benefit("pro").pk
    )
    apply(event(whose, held))
    apply(event(replace(whose, deleted_at=at(1), external_id=None), seconds=1))
    apply(event(ended, seconds=2))
    return ada


def who_was_given_it():
    ada = person()
    grant_benefit(ada, "pro", until=timezone.now() + timedelta(hours=1), reason="beta")
    return ada


def who_was_given_it_until_yesterday():
    ada = person()
    given = grant_benefit(ada, "pro")
    yesterday = timezone.now() - timedelta(days=1)
    BenefitGrant.objects.filter(pk=given.pk).update(expires_at=yesterday)
    return ada


def from_whom_it_was_taken_back():
    ada = person()
    grant_benefit(ada, "pro")
    revoke_local_grant(ada, "pro")
    return ada


ROWS = [
    (where_nobody_has_heard_of_the_key, False),
    (a_visitor, False),
    (without_customer, False),
    (without_grant, False),
    (with_live_grant, True),
    (with_revoked_grant, False),
    (with_grant_said_to_be_both, False),
    (with_expired_local_grant, False),
    (with_local_grant, True),
    (with_blocked_grant, False),
    (with_one_grant_of_two_revoked, True),
    (with_a_seat, True),
    (who_lost_a_seat, False),
    (who_pays_for_anothers_seat, False),
    (who_is_another_member, False),
    (who_pays_for_an_unclaimed_seat, False),
    (with_a_key_of_other_capitals, False),
    (with_a_grant_of_an_unseen_benefit, False),
    (with_staff_rights, False),
    (whose_polar_subscription_is_paused, False),
    (whose_payment_failed_in_polars_grace, True),
    (whose_payment_failed_out_of_polars_grace, False),
    (with_an_active_subscription_and_no_grant, False),
    (who_is_active_elsewhere, True),
    (who_is_past_due_elsewhere_in_grace, True),
    (who_is_past_due_elsewhere_out_of_grace, False),
    (who_is_paused_elsewhere, False),
    (who_canceled_elsewhere_in_the_paid_period, True),
    (who_canceled_elsewhere_after_it, False),
    (whose_customer_was_deleted, False),
    (who_was_given_it, True),
    (who_was_given_it_until_yesterday, False),
    (from_whom_it_was_taken_back, False),
]


@pytest.mark.parametrize(("someone", "expected"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_all_doors_agree(client, someone, expected):
    user = someone()
    if user:
        client.force_login(user)
    answers = {name: OPEN in client.get(f"/door/{name}/").content.decode() for name in ALL}
    assert answers == dict.fromkeys(ALL, expected)


@pytest.mark.parametrize(("someone", "expected"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_all_doors_agree_under_asgi_without_a_query_from_the_loop(someone, expected):
    user = someone()
    client = AsyncClient()
    if user:
        client.force_login(user)

    async def knock(name):
        return OPEN in (await client.get(f"/door/{name}/")).content.decode()

    answers = {name: async_to_sync(knock)(name) for name in ALL}
    assert answers == dict.fromkeys(ALL, expected)


def test_a_revocation_closes_every_door_on_the_next_request(client):
    client.force_login(with_live_grant())
    assert client.get("/door/decorator/").content == b"open"
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    for name in DOORS:
        assert OPEN not in client.get(f"/door/{name}/").content.decode(), name


@pytest.mark.parametrize("name", DOORS)
def test_a_door_costs_one_query_more_than_knowing_the_user(client, name, django_assert_num_queries):
    client.force_login(with_live_grant())
    with django_assert_num_queries(3):  # session, user, grants
        assert OPEN in client.get(f"/door/{name}/").content.decode()


@pytest.mark.parametrize("name", sorted(DOORS.keys() - ASKED_ANEW))
def test_a_second_use_in_the_same_request_costs_nothing(rf, name, django_assert_num_queries):
    request = rf.get("/")
    request.user = with_live_grant()
    request.auser = sync_to_async(lambda: request.user)

    def enter():
        answer = DOORS[name](request)
        answer = async_to_sync(awaited)(answer) if isawaitable(answer) else answer
        return OPEN in getattr(answer, "render", lambda: answer)().content.decode()

    assert enter()
    with django_assert_num_queries(0):
        assert enter()


async def awaited(answer):
    return await answer


def test_a_page_that_asks_fifty_times_reads_the_grants_once(client, django_assert_num_queries):
    client.force_login(with_live_grant())
    with django_assert_num_queries(3):
        assert client.get("/fifty/").content == b"a" * 25


def test_a_page_that_asks_nothing_reads_nothing(client, django_assert_num_queries):
    client.force_login(with_live_grant())
    with django_assert_num_queries(0):
        assert client.get("/quiet/").status_code == 200


def test_a_visitor_is_refused_without_reading_grants(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/door/decorator/").status_code == 302


def test_all_of_wants_each_key(client):
    ada = with_live_grant()
    client.force_login(ada)
    assert client.get("/all/").status_code == 302
    grant(ada, "export")
    assert client.get("/all/").content == b"open"


def test_a_free_benefit_opens_to_visitors_too(client, settings):
    assert client.get("/free/").status_code == 302
    settings.POLAR_DJANGO = {"FREE_BENEFITS": ["read"]}
    assert client.get("/free/").content == b"open"


def test_staff_pass_only_where_the_settings_say_so(client, settings):
    client.force_login(with_staff_rights())
    settings.POLAR_DJANGO = {"STAFF_BYPASS": True, "UPGRADE_URL": "/pricing/"}
    assert client.get("/door/decorator/").content == b"open"
    assert client.get("/pro-plan/").content == b"open"
