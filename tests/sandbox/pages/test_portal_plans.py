"""The portal's buttons for plan, pause, seats and card, through Django's own client."""

from typing import Any

import pytest
from django.test import Client

from polar_django.sandbox.engine import customers, seats, sessions
from polar_django.sandbox.models import Customer, Member, Product, Seat, Subscription
from tests.sandbox.conftest import FAILS_LATER, Ears, Shop
from tests.sandbox.pages.test_portal import PORTAL, look, open_portal, post

PER_SEAT = {
    "amount_type": "seat_based",
    "seat_tiers": {"tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]},
}


@pytest.fixture
def max_(shop: Shop) -> Product:
    return shop.product("Max", 3_000, interval="month", benefits=shop.benefits)


@pytest.fixture
def token(shop: Shop, max_: Product) -> str:
    """Ada has Pro."""
    shop.buy(shop.pro)
    return open_portal(Customer.objects.get())


@pytest.fixture
def team_token(shop: Shop) -> str:
    """Ada has a team with three seats, and sits on the first."""
    team = shop.product("Team", 0, interval="month", benefits=shop.benefits, prices=[PER_SEAT])
    shop.buy(team, seats=3)
    customer = Customer.objects.get()
    owner = customer.members.get(role="owner")
    return sessions.create_customer_session(
        {"customer_id": customer.id, "member_id": owner.id}
    ).token


def seat_of(email: str) -> Seat:
    return Seat.objects.get(email=email)


def post_seat(client: Client, token: str, verb: str, seat: Seat) -> Any:
    address = f"{PORTAL}/seats/{seat.pk}/{verb}"
    return client.post(address, {"customer_session_token": token})


def test_the_plan_is_changed_at_once(client: Client, token: str, max_: Product, ears: Ears) -> None:
    assert "Max: $30.00 per month" in look(client, token)
    ears.events()
    answer = post(client, token, "plan", product_id=max_.id, behavior="prorate")
    assert "Your plan is changed" in client.get(answer["Location"]).content.decode()
    assert Subscription.objects.get().product == max_
    assert ears.types()[0] == "subscription.updated"


def test_a_change_for_the_next_period_waits_and_can_be_dropped(
    client: Client, token: str, max_: Product
) -> None:
    post(client, token, "plan", product_id=max_.id, behavior="next_period")
    assert Subscription.objects.get().product != max_
    page = look(client, token)
    assert ": Max." in page
    assert "Keep the plan as it is" in page
    post(client, token, "keep-plan")
    assert Subscription.objects.get().pending_update is None


def test_a_refused_charge_changes_nothing(client: Client, shop: Shop, max_: Product) -> None:
    shop.buy(shop.pro, FAILS_LATER)
    token = open_portal(Customer.objects.get())
    answer = post(client, token, "plan", product_id=max_.id, behavior="invoice")
    assert answer.status_code == 402
    assert "was declined" in answer.content.decode()
    assert Subscription.objects.get().product == shop.pro


@pytest.mark.parametrize("product_id", ["", "x", "11111111-1111-4111-8111-111111111111"])
def test_a_plan_that_is_not_there_is_refused(client: Client, token: str, product_id: str) -> None:
    assert post(client, token, "plan", product_id=product_id).status_code == 422


def test_a_pause_is_planned_taken_back_and_planned_again(client: Client, token: str) -> None:
    post(client, token, "pause")
    assert "pauses on" in look(client, token)
    post(client, token, "unpause")
    assert not Subscription.objects.get().pause_at_period_end


def test_a_paused_subscription_goes_on(client: Client, token: str) -> None:
    post(client, token, "pause")
    end = Subscription.objects.get().current_period_end
    client.post("/sandbox/clock", {"to": f"{end:%Y-%m-%dT%H:%M:%S.%fZ}"})
    token = open_portal(Customer.objects.get())
    page = look(client, token)
    assert "paused on" in page
    assert "Change plan" not in page
    post(client, token, "resume")
    assert Subscription.objects.get().status == "active"


def test_a_seat_is_given_invited_again_and_taken_back(client: Client, team_token: str) -> None:
    assert "2 free" in look(client, team_token)
    post(client, team_token, "assign", email="bob@example.com")
    assert seat_of("bob@example.com").status == "pending"
    page = look(client, team_token)
    assert "bob@example.com" in page
    assert "1 free" in page
    before = seat_of("bob@example.com").invitation_token
    post_seat(client, team_token, "resend", seat_of("bob@example.com"))
    assert seat_of("bob@example.com").invitation_token != before
    post_seat(client, team_token, "revoke", seat_of("bob@example.com"))
    assert not Seat.objects.filter(email="bob@example.com").exists()


def test_a_seat_can_be_taken_at_once(client: Client, team_token: str) -> None:
    post(client, team_token, "assign", email="bob@example.com", immediate_claim="on")
    assert seat_of("bob@example.com").status == "claimed"


@pytest.mark.parametrize("email", ["", "bob", "<b>@"])
def test_a_seat_is_for_somebody_with_an_address(
    client: Client, team_token: str, email: str
) -> None:
    assert post(client, team_token, "assign", email=email).status_code == 422


def test_the_number_of_seats_changes_but_not_below_those_taken(
    client: Client, team_token: str
) -> None:
    post(client, team_token, "seats", seats="5")
    assert Subscription.objects.get().seats == 5
    post(client, team_token, "assign", email="bob@example.com")
    assert post(client, team_token, "seats", seats="1").status_code == 400
    for wrong in ("0", "-1", "x", "99999999999"):
        assert post(client, team_token, "seats", seats=wrong).status_code == 422
    assert Subscription.objects.get().seats == 5


def test_the_card_is_replaced_by_another_test_card_only(client: Client, token: str) -> None:
    def replace(card: str) -> Any:
        data = {"customer_session_token": token, "card": card, "default": "on"}
        return client.post(f"{PORTAL}/card", data)

    replace("4000000000000341")
    assert Customer.objects.get().default_payment_method.last4 == "0341"
    refused = replace("4111111111111111")
    assert refused.status_code == 422
    assert "4111" not in refused.content.decode()


def test_who_only_holds_a_seat_sees_what_is_theirs_and_changes_nothing(
    client: Client, team_token: str
) -> None:
    post(client, team_token, "assign", email="bob@example.com", immediate_claim="on")
    bob = Member.objects.get(email="bob@example.com")
    theirs = sessions.create_customer_session(
        {"customer_id": bob.customer_id, "member_id": bob.id}
    ).token
    page = look(client, theirs)
    assert "What pro gives" in page
    for hidden in ("ada@example.com has", "Cancel", "Invoice", "Add a card", "Who has a seat"):
        assert hidden not in page
    assert post(client, theirs, "cancel").status_code == 404
    assert post_seat(client, theirs, "revoke", seat_of("ada@example.com")).status_code == 404
    assert Subscription.objects.get().ends_at is None


def test_another_customer_s_seat_is_not_found(client: Client, team_token: str) -> None:
    other = open_portal(customers.create_customer({"email": "eve@example.com"}))
    seat = seats.seats_of(Subscription.objects.get()).first()
    assert post_seat(client, other, "revoke", seat).status_code == 404
    assert post(client, other, "assign", email="eve@example.com").status_code == 404
