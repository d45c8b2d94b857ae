"""Gates where teams subscribe. Run by test_teams.py, in a process of its own settings."""

import pytest
from django.test import RequestFactory

from polar_django.decorators import requires_benefit
from polar_django.entitlements import (
    entitlements_for,
    has_benefit,
    holders_of,
    prefetch_entitlements,
    refresh_entitlements,
)
from polar_django.exceptions import ConfigurationError
from polar_django.gating import Reason, decide
from polar_django.models import BenefitGrant
from tests.entitlements.worlds import again, grant, person, seat
from tests.teams.models import Team

pytestmark = pytest.mark.django_db


def team_of(owner):
    return Team.objects.create(name="The team", owner=owner)


def asked_by(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_what_the_team_holds_opens_for_the_user_who_acts_for_it():
    ada, grace = person(), person()
    grant(team_of(ada), "pro")
    team_of(grace)
    assert decide(asked_by(ada), "pro").allowed
    assert decide(asked_by(grace), "pro").reason is Reason.NO_BENEFIT


def test_a_seat_opens_for_its_holder_and_not_for_the_team_that_pays():
    ada, grace, edsger = person(), person(), person()
    team = team_of(ada)
    seat(team, grace, "pro")
    assert decide(asked_by(grace), "pro").allowed
    assert not decide(asked_by(ada), "pro").allowed
    assert not decide(asked_by(edsger), "pro").allowed
    assert "pro" in entitlements_for(team, user=grace)
    assert "pro" not in entitlements_for(team)


def test_a_user_asked_about_alone_holds_their_seats_only():
    ada = person()
    team = team_of(ada)
    grant(team, "pro")
    seat(team, ada, "export")
    assert entitlements_for(ada).keys == {"export"}
    assert has_benefit(team, "pro")


def test_a_team_and_a_user_of_the_same_number_are_not_mixed_up():
    ada, grace = person(), person()
    team = Team.objects.create(pk=grace.pk, name="Same number", owner=ada)
    grant(team, "pro")
    seat(team, grace, "export")
    people = [team, again(ada), again(grace)]
    prefetch_entitlements(people)
    assert [sorted(entitlements_for(one)) for one in people] == [["pro"], [], ["export"]]
    assert list(holders_of("pro")) == [team]
    assert list(holders_of("export")) == []


def test_asking_fifty_times_resolves_the_team_once_and_reads_its_grants_once(
    django_assert_num_queries,
):
    ada = person()
    grant(team_of(ada), "pro")
    request = asked_by(ada)
    with django_assert_num_queries(2):
        assert all(decide(request, "pro").allowed for _ in range(50))


def test_refreshing_the_user_of_the_request_refreshes_its_gates():
    ada = person()
    grant(team_of(ada), "pro")
    request = asked_by(ada)
    assert decide(request, "pro").allowed
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    refresh_entitlements(ada)
    assert not decide(request, "pro").allowed


def test_without_a_resolver_the_gate_says_what_to_set(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "SUBSCRIBER_RESOLVER": ""}
    with pytest.raises(ConfigurationError, match="SUBSCRIBER_RESOLVER"):
        requires_benefit("pro")(lambda request: None)(asked_by(person()))
