"""Buying where teams subscribe. Run by test_teams.py, in a process of its own settings."""

import pytest
from django.core.cache import cache

from polar_django.entitlements import has_benefit
from polar_django.models import CheckoutSession, Customer, Subscription
from tests.teams.models import Team


@pytest.fixture
def team(sandbox, ada):
    cache.clear()
    # A number of its own, so that a mix-up with the user's would show.
    return Team.objects.create(pk=4711, name="The team", owner=ada)


def test_the_owner_buys_for_the_team(team, sandbox, ada, client):
    client.force_login(ada)
    client.post("/billing/checkout/pro/")
    session = CheckoutSession.objects.get()
    assert session.subscriber == team
    assert Customer.objects.get().external_id == "4711"
    assert Customer.objects.get().name == "The team"
    sandbox.pay(session.url)
    assert client.get("/billing/return/", {"checkout_id": session.pk}).status_code == 303
    assert Subscription.objects.get().subscriber == team
    assert has_benefit(team, "pro")


def test_a_user_without_a_team_can_buy_for_nobody(team, grace, client):
    client.force_login(grace)
    assert client.get("/billing/checkout/pro/").status_code == 403
    assert client.post("/billing/checkout/pro/").status_code == 403
    assert client.get("/billing/portal/").status_code == 403
    assert not Customer.objects.exists()


def test_a_member_who_is_not_the_owner_may_not_buy(team, grace, client, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: Team.objects.get(),
    }
    client.force_login(grace)
    assert client.post("/billing/checkout/pro/").status_code == 403
    assert client.get("/billing/portal/").status_code == 403
    assert not Customer.objects.exists()
