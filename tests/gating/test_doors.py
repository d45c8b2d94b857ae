"""One rule: every door gives the same answer about the same person."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.utils import timezone

from polar_django.models import BenefitGrant, Customer
from tests.entitlements.worlds import blocked, expired, grant, person, revoked, seat
from tests.gating.doors import DOORS, OPEN

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.gating.doors")]


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


ROWS = [
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
]


@pytest.mark.parametrize(("someone", "expected"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_all_doors_agree(client, someone, expected):
    user = someone()
    if user:
        client.force_login(user)
    answers = {name: OPEN in client.get(f"/door/{name}/").content.decode() for name in DOORS}
    assert answers == dict.fromkeys(DOORS, expected)


@pytest.mark.parametrize(("someone", "expected"), ROWS, ids=[row[0].__name__ for row in ROWS])
def test_all_doors_agree_under_asgi_without_a_query_from_the_loop(someone, expected):
    user = someone()
    client = AsyncClient()
    if user:
        client.force_login(user)

    async def knock(name):
        return OPEN in (await client.get(f"/door/{name}/")).content.decode()

    answers = {name: async_to_sync(knock)(name) for name in DOORS}
    assert answers == dict.fromkeys(DOORS, expected)


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
