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
from polar_django.exceptions import ActionRefused
from polar_django.models import Seat, Subscription
from polar_django.sandbox.models import Seat as SeatThere
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
