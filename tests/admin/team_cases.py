"""The admin where teams subscribe. Run by test_teams.py, in a process of its own settings."""

import pytest
from django.core.cache import cache

from polar_django.billing import create_checkout_session
from polar_django.models import BenefitGrant, Customer
from tests.admin.clicking import confirm, page
from tests.teams.models import Team


@pytest.fixture
def team(sandbox, ada):
    cache.clear()
    team = Team.objects.create(pk=4711, name="The team", owner=ada)
    session = create_checkout_session(team, "pro", success_url="https://shop.example/")
    sandbox.pay(session.url)
    sandbox.deliver()
    return team


def test_a_teams_customer_is_found_by_the_teams_key_and_shown(team, chief):
    found = chief.get(page(Customer), {"q": "4711"}).context["cl"].result_list
    assert [row.subscriber for row in found] == [team]
    text = chief.get(page(Customer, "change", found[0].pk)).content.decode()
    assert "The team" in text or str(team) in text
    assert "Subscription to Pro, monthly" in text


def test_a_team_is_given_a_benefit_and_another_team_the_customer(team, chief, grace):
    values = {"confirmed": "yes", "subscriber": "4711", "key": "vip", "reason": "A friend"}
    chief.post(page(BenefitGrant, "do", "give"), values)
    assert BenefitGrant.objects.get(provider="local").subscriber == team
    other = Team.objects.create(pk=4712, name="Another", owner=grace)
    confirm(chief, Customer.objects.get(), "link", subscriber="4712", replace="on")
    assert Customer.objects.get().subscriber == other
