"""Seats over HTTP: what the provider is asked, what it sends, and what opens."""

import pytest
from django.core.cache import cache

from polar_django.billing import (
    assign_seat,
    claim_seat,
    create_checkout_session,
    get_seat_invitation,
    resend_seat_invitation,
    revoke_seat,
)
from polar_django.entitlements import has_benefit
from polar_django.exceptions import ActionRefused, ObjectNotFound, ProviderUnavailable
from polar_django.models import Seat, Subscription
from polar_django.providers.polar.provider import PolarProvider
from polar_django.sandbox.models import Seat as SeatThere
from tests.billing.lost_answers import lost_answer
from tests.entitlements.worlds import again, person


@pytest.fixture
def team(sandbox, ada):
    cache.clear()
    session = create_checkout_session(
        ada, "team", seats=3, success_url="http://testserver/welcome/"
    )
    sandbox.pay(session.url)
    sandbox.deliver()
    return Subscription.objects.get()


@pytest.fixture
def linus(db):
    return person("linus", email="linus@example.com")


def test_a_user_is_seated_revoked_and_replaced(team, sandbox, ada, grace, linus):
    assert has_benefit(again(ada), "pro")  # the buyer sits on the first seat
    seat = assign_seat(team, user=grace)
    sandbox.deliver()
    assert has_benefit(again(grace), "pro")
    assert assign_seat(team, user=grace).pk == seat.pk
    revoke_seat(seat)
    sandbox.deliver()
    assert not has_benefit(again(grace), "pro")
    assert has_benefit(again(ada), "pro")
    revoke_seat(seat)
    assert assign_seat(team, user=linus).pk == seat.pk
    sandbox.deliver()
    assert has_benefit(again(linus), "pro")
    assert not has_benefit(again(grace), "pro")


def test_an_invitation_is_claimed_by_its_token(team, sandbox, grace):
    seat = assign_seat(team, email="somebody@example.com")
    resend_seat_invitation(seat)
    sandbox.deliver()
    token = SeatThere.objects.get(pk=seat.pk).invitation_token
    assert get_seat_invitation(token).email == "somebody@example.com"
    claim_seat(token, grace)
    sandbox.deliver()
    assert has_benefit(again(grace), "pro")
    with pytest.raises(ActionRefused):
        claim_seat(token, person())


def invited(email="somebody@example.com", team=None):
    """The token of an invitation to that address."""
    return SeatThere.objects.get(pk=assign_seat(team, email=email).pk).invitation_token


def test_a_claim_whose_answer_is_lost_is_looked_up(team, sandbox, grace):
    token = invited(team=team)
    with lost_answer("POST", "/v1/customer-seats/claim"):
        seat = claim_seat(token, grace)
    assert (seat.status, seat.member.user) == ("claimed", grace)
    sandbox.deliver()
    assert has_benefit(again(grace), "pro")


def test_a_claim_that_never_arrived_is_made_by_the_next_attempt(team, sandbox, grace):
    token = invited(team=team)
    with (
        lost_answer("POST", "/v1/customer-seats/claim", arrives=False),
        pytest.raises(ProviderUnavailable),
    ):
        claim_seat(token, grace)
    assert claim_seat(token, grace).member.user == grace


@pytest.fixture
def lost(team, grace, monkeypatch):
    """The token of a claim of Grace's that was made, and of which nobody heard."""

    def away(*_, **__):
        raise ProviderUnavailable("Nor can it be looked up.")
        yield

    token = invited(team=team)
    with monkeypatch.context() as patch, lost_answer("POST", "/v1/customer-seats/claim"):
        patch.setattr(PolarProvider, "list_objects", away)
        with pytest.raises(ProviderUnavailable):
            claim_seat(token, grace)
    return token


def test_a_claim_that_nobody_could_look_up_is_found_by_the_next_attempt(lost, sandbox, grace):
    sandbox.deliver()
    assert not has_benefit(again(grace), "pro")
    for _click in range(2):
        assert claim_seat(lost, grace).member.user == grace
    assert has_benefit(again(grace), "pro")


def test_nobody_else_gets_the_seat_of_a_lost_claim(lost, sandbox, grace, linus):
    with pytest.raises(ActionRefused):
        claim_seat(lost, linus)
    assert claim_seat(lost, grace).member.user == grace


def test_who_comes_too_late_gets_nothing_of_who_was_there_before(team, sandbox, grace, linus):
    token = invited(team=team)
    claimed = sandbox.api.post("/v1/customer-seats/claim", json={"invitation_token": token})
    assert claimed.status_code == 200
    for _click in range(2):
        with pytest.raises((ActionRefused, ObjectNotFound)):
            claim_seat(token, grace)
    assert Seat.objects.get(pk=claimed.json()["seat"]["id"]).member.user is None


def test_a_page_that_was_answered_by_nobody_leads_on_when_it_is_opened_again(
    lost, client, grace, django_assert_num_queries
):
    client.force_login(grace)
    for method in ("get", "post", "get"):
        answer = getattr(client, method)(f"/billing/seats/claim/{lost}/")
        assert (answer.status_code, answer["Location"]) == (303, "/")
    assert Seat.objects.get(email="somebody@example.com").member.user == grace


def test_a_seat_claimed_at_the_providers_page_is_the_verified_users(team, sandbox, grace, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda user: True}
    seat = assign_seat(team, email=grace.email)
    token = SeatThere.objects.get(pk=seat.pk).invitation_token
    claimed = sandbox.api.post("/v1/customer-seats/claim", json={"invitation_token": token})
    assert claimed.status_code == 200
    sandbox.deliver()
    assert has_benefit(again(grace), "pro")


def test_no_more_seats_than_were_bought(team, sandbox):
    for number in range(2):
        assign_seat(team, email=f"x{number}@example.com")
    with pytest.raises(ActionRefused) as refused:
        assign_seat(team, email="one.more@example.com")
    assert refused.value.code == "SeatNotAvailable"
    assert Seat.objects.exclude(status="revoked").count() == 3


def test_the_end_of_the_subscription_closes_every_seat(team, sandbox, ada, grace):
    assign_seat(team, user=grace)
    sandbox.deliver()
    sandbox.api.delete(f"/v1/subscriptions/{team.pk}")
    sandbox.deliver()
    assert not has_benefit(again(grace), "pro")
    assert not has_benefit(again(ada), "pro")
