"""Buying where teams subscribe. Run by test_teams.py, in a process of its own settings."""

import pytest
from django.core.cache import cache
from rest_framework.test import APIRequestFactory, force_authenticate

from polar_django.backends import BenefitBackend
from polar_django.billing import assign_seat, create_checkout_session, grant_benefit
from polar_django.drf.me import EntitlementsView
from polar_django.drf.subscriptions import SubscriptionsView
from polar_django.entitlements import entitlements_for, has_benefit
from polar_django.models import CheckoutSession, Customer, Member, Subscription
from polar_django.usage import record_usage
from polar_django.usage.sending import send_usage
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


def test_who_buys_seats_for_a_team_takes_one_like_everybody(team, sandbox, ada, grace):
    session = create_checkout_session(team, "team", seats=2, success_url="http://testserver/in/")
    sandbox.pay(session.url)
    sandbox.deliver()
    bought = Subscription.objects.get()
    assert "pro" not in entitlements_for(team)
    assert "pro" not in entitlements_for(team, user=ada)
    assign_seat(bought, user=ada)  # the first seat, which the provider gave to the buyer's address
    assign_seat(bought, user=grace)
    sandbox.deliver()
    for member in (ada, grace):
        fresh = type(member).objects.get(pk=member.pk)
        assert "pro" in entitlements_for(None, user=fresh)
        assert BenefitBackend().has_perm(fresh, "polar.benefit_pro")
    assert "pro" not in entitlements_for(Team.objects.get())


def test_a_user_with_the_key_of_the_team_gets_a_seat_of_their_own(sandbox, ada, grace):
    """Polar gives the owner that it makes the team's key, and finds them by it."""
    cache.clear()
    team = Team.objects.create(pk=grace.pk, name="The team", owner=ada)
    session = create_checkout_session(team, "team", seats=2, success_url="http://testserver/in/")
    sandbox.pay(session.url)
    sandbox.deliver()
    seat = assign_seat(Subscription.objects.get(), user=grace)
    sandbox.deliver()
    assert (seat.member.email, seat.member.user) == (grace.email, grace)
    assert seat.member.role == "member"
    assert Member.objects.get(role="owner").user is None
    assert "pro" in entitlements_for(None, user=type(grace).objects.get(pk=grace.pk))


def test_a_grant_by_hand_is_the_teams_and_never_a_users(team, ada, grace):
    grant_benefit(team, "pro")
    assert has_benefit(team, "pro")
    with pytest.raises(TypeError):
        grant_benefit(ada, "pro")

    def ask(view, user):
        request = APIRequestFactory().get("/")
        force_authenticate(request, user)
        return view.as_view()(request)

    assert ask(EntitlementsView, ada).data["keys"] == ["pro"]
    assert ask(EntitlementsView, grace).data["keys"] == []
    assert ask(SubscriptionsView, grace).status_code == 403


def test_the_owner_manages_what_the_team_has_and_a_member_does_not(
    team, sandbox, ada, grace, client, settings
):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: Team.objects.get(),
    }
    session = create_checkout_session(team, "team", seats=2, success_url="http://testserver/in/")
    sandbox.pay(session.url)
    sandbox.deliver()
    bought = Subscription.objects.get()
    client.force_login(grace)
    assert client.get("/billing/manage/").status_code == 403
    assert client.post(f"/billing/manage/{bought.pk}/cancel/").status_code == 403
    client.force_login(ada)
    assert b"2 seats, $30.00 a month" in client.get("/billing/manage/").content
    assert client.post(f"/billing/manage/{bought.pk}/seats/", {"to": "3"}).status_code == 303
    assert Subscription.objects.get().seats == 3


def test_a_teams_usage_is_the_teams_and_names_who_used_it(team, sandbox, ada, grace):
    with pytest.raises(TypeError):
        record_usage(grace, "ai_usage")
    record_usage(team, "ai_usage", {"total_tokens": 5}, user=grace)
    assert send_usage().sent == 1
    [event] = sandbox.api.get("/v1/events/", params={"source": "user"}).json()["items"]
    assert event["external_customer_id"] == "4711"
    assert event["external_member_id"] == str(grace.pk)


def test_usage_of_a_user_with_the_key_of_the_team_is_not_its_owners(sandbox, ada, grace):
    team = Team.objects.create(pk=grace.pk, name="The team", owner=ada)
    record_usage(team, "ai_usage", {"total_tokens": 5}, user=grace)
    assert send_usage().sent == 1
    [event] = sandbox.api.get("/v1/events/", params={"source": "user"}).json()["items"]
    assert (event["external_customer_id"], event.get("external_member_id")) == (str(team.pk), None)
