"""Whose a member is where teams subscribe. Run by test_teams.py, in a process of its own settings.

Polar makes an owner by itself, with the customer's external id: the team's key, not a user's.
"""

from itertools import permutations

import pytest
from django.contrib.auth.models import User

from polar_django.models import BenefitGrant, Customer, Member
from polar_django.snapshots import MemberSnapshot
from tests.mirror.worlds import apply, at, customer, event, grant, subscription
from tests.teams.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def grace() -> User:
    return User.objects.create_user("grace")


@pytest.fixture
def namesake() -> User:
    """A user with the key of the team, and nothing else to do with it."""
    return User.objects.create_user("namesake")


@pytest.fixture
def team(grace, namesake) -> Team:
    return Team.objects.create(pk=namesake.pk, name="The team", owner=grace)


def team_customer(team, **values):
    return customer("cus_team", type="team", external_id=str(team.pk), **values)


def member(of, role="member", id="mem_1", **values):
    key = None if of is None else str(of.pk)
    return MemberSnapshot(id=id, customer_id="cus_team", external_id=key, role=role, **values)


def user_of(id="mem_1"):
    return Member.objects.get(pk=id).user


def test_an_owner_that_polar_made_is_nobody_also_when_the_team_has_another_owner(team, grace):
    versions = [
        event(member(team, "owner"), seconds=0),
        event(team_customer(team), seconds=1),
        event(member(team, "billing_manager"), seconds=2),
        event(member(grace, "owner", "mem_2"), seconds=2),
    ]
    for order in permutations(versions):
        Member.objects.all().delete()
        Customer.objects.all().delete()
        for one in order:
            apply(one)
        assert (user_of(), user_of("mem_2")) == (None, grace)


def test_an_owner_with_a_key_of_their_own_is_that_user(team, grace):
    apply(event(team_customer(team), seconds=0))
    apply(event(member(grace, "owner"), seconds=1))
    assert user_of() == grace


def test_a_member_who_comes_before_their_customer_is_linked_with_it(team, grace):
    """Recorded: `member.created` precedes `customer.created`."""
    for role in ("owner", "member"):
        apply(event(member(grace, role, role), seconds=0))
        assert user_of(role) is None
    seat = grant(customer_id="cus_team", member_id="owner", subscription_id="sub_1", for_team=True)
    apply(event(seat, seconds=1))
    apply(event(team_customer(team), seconds=1))
    assert (user_of("owner"), user_of("member")) == (grace, grace)
    assert BenefitGrant.objects.active().held_by(user=grace).exists()


def test_a_deleted_team_has_forgotten_its_key_and_links_no_owner_by_it(team):
    gone = customer("cus_team", type="team", external_id=None, deleted_at=at(1))
    apply(event(gone, seconds=1))
    apply(event(member(team, "owner", deleted_at=at(1)), seconds=1))
    assert user_of() is None


def test_customer_and_member_in_one_batch_are_told_apart(team, grace, namesake):
    seat = grant(customer_id="cus_team", member_id="mem_1", subscription_id="sub_1", for_team=True)
    copies = [team_customer(team), member(team, "billing_manager")]
    apply(event(seat, subscription(id="sub_1", customer_id="cus_team", seats=2), embedded=copies))
    assert Customer.objects.get().subscriber == team
    assert user_of() is None
    assert not BenefitGrant.objects.active().held_by(user=namesake).exists()
    apply(event(member(grace, id="mem_2"), seconds=1))
    assert user_of("mem_2") == grace
