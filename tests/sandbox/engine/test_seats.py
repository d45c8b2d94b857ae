from datetime import timedelta

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, customers, schedule, seats, subscriptions
from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    Member,
    Order,
    Product,
    Seat,
    Subscription,
)
from tests.sandbox.conftest import Ears, Shop

SEAT_PRICE = {
    "amount_type": "seat_based",
    "seat_tiers": {"tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]},
}


@pytest.fixture
def team_product(shop: Shop) -> Product:
    product = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [SEAT_PRICE]}
    )
    return catalog.set_product_benefits(product, [shop.benefits[0].id])


@pytest.fixture
def team(shop: Shop, team_product: Product) -> Subscription:
    """Three seats, one of them the buyer's."""
    shop.buy(team_product, seats=3)
    return Subscription.objects.get()


def invite(team: Subscription, email: str = "bob@example.com") -> Seat:
    return seats.assign_seat(team, {"email": email})


def claim(seat: Seat) -> str:
    seat.refresh_from_db()
    return seats.claim_seat(seat.invitation_token or "").customer_session_token


def test_buying_seats_makes_the_buyer_a_team_on_the_first_seat(
    shop: Shop, team_product: Product, ears: Ears
) -> None:
    ears.events()

    shop.buy(team_product, seats=3)

    events = ears.events()
    order = next(data for type_, data in events if type_ == "order.created")
    assert order["customer"]["type"] == "team"
    assert order["items"][0]["label"].endswith("(3 seats)")
    types = [type_ for type_, _ in events]
    assert types[types.index("order.paid") :] == [
        "order.paid",
        "customer_seat.claimed",
        "checkout.updated",
        "customer.updated",
        "customer.state_changed",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    assert Customer.objects.get().type == "team"
    assert Seat.objects.get().member == Member.objects.get(role="owner")


def test_an_invited_person_has_a_seat_but_no_benefit_yet(team: Subscription, ears: Ears) -> None:
    ears.events()

    seat = invite(team)

    assert ears.types() == ["customer_seat.assigned"]
    assert (seat.status, seat.member and seat.member.role) == ("pending", "member")
    assert BenefitGrant.objects.count() == 1


def test_claiming_gives_the_benefits_to_the_member(team: Subscription, ears: Ears) -> None:
    seat = invite(team)
    ears.events()

    token = claim(seat)

    events = ears.events()
    assert [name for name, _ in events] == [
        "customer_seat.claimed",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    assert events[1][1]["member"]["email"] == "bob@example.com"
    assert events[1][1]["customer_id"] == str(team.customer_id)
    assert token.startswith("polar_mst_")


def test_a_seat_may_be_claimed_at_once(team: Subscription, ears: Ears) -> None:
    ears.events()

    seats.assign_seat(team, {"email": "bob@example.com", "immediate_claim": True})

    assert ears.types() == [
        "customer_seat.claimed",
        "benefit_grant.created",
        "customer.state_changed",
    ]


def test_a_revoked_seat_has_forgotten_its_holder(team: Subscription, ears: Ears) -> None:
    seat = invite(team)
    claim(seat)
    ears.events()

    seats.revoke_seat(seat)

    events = ears.events()
    assert [name for name, _ in events] == [
        "customer_seat.revoked",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]
    told = events[0][1]
    holder = ("customer_id", "member_id", "member", "email", "customer_email", "seat_metadata")
    assert {told[name] for name in holder} == {None}
    assert told["claimed_at"] is not None
    seats.revoke_seat(seat)
    assert ears.types() == []


def test_the_next_assignment_uses_the_revoked_seat_again(team: Subscription) -> None:
    seat = invite(team)
    seats.revoke_seat(seat)

    again = invite(team, "eve@example.com")

    assert again.id == seat.id
    assert (again.status, again.revoked_at, again.email) == ("pending", None, "eve@example.com")


def test_a_person_who_comes_back_gets_the_same_grant_again(team: Subscription) -> None:
    claim(seat := invite(team))
    grant = BenefitGrant.objects.latest("created_at")
    seats.revoke_seat(seat)

    claim(invite(team))

    grant.refresh_from_db()
    assert grant.is_granted
    assert BenefitGrant.objects.count() == 2


def test_there_are_no_more_seats_than_were_bought(team: Subscription) -> None:
    invite(team, "bob@example.com")
    invite(team, "eve@example.com")

    with pytest.raises(errors.SeatNotAvailable):
        invite(team, "mallory@example.com")
    assert seats.taken_count(team) == 3
    assert not Member.objects.filter(email="mallory@example.com").exists()


def test_nobody_sits_twice(team: Subscription) -> None:
    invite(team)

    with pytest.raises(errors.SeatAlreadyAssigned):
        invite(team, "BOB@example.com")


def test_a_seat_is_for_a_known_member_or_customer(team: Subscription) -> None:
    member = customers.create_member(
        team.customer, {"email": "bob@example.com", "external_id": "bob-1"}
    )
    eve = customers.create_customer({"email": "eve@example.com", "external_id": "eve-1"})

    assert seats.assign_seat(team, {"external_member_id": "bob-1"}).member == member
    seated = seats.assign_seat(team, {"external_customer_id": "eve-1"})

    assert seated.customer == team.customer
    assert (seated.email, seated.member and seated.member.external_id) == (eve.email, "eve-1")


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ({"external_customer_id": "nobody"}, errors.SeatCustomerNotFound, "not found: nobody"),
        ({"external_member_id": "nobody"}, errors.ResourceNotFound, "Member not found"),
    ],
)
def test_nobody_can_be_seated_who_does_not_exist(
    team: Subscription, target: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        seats.assign_seat(team, target)


def test_an_invitation_ends_after_a_day_and_can_be_sent_again(team: Subscription) -> None:
    seat = invite(team)
    first = seat.invitation_token or ""
    schedule.advance(hours=25)

    with pytest.raises(errors.InvitationTokenExpired):
        seats.claim_seat(first)
    seats.resend_invitation(seat)

    with pytest.raises(errors.InvalidInvitationToken):
        seats.claim_seat(first)
    assert claim(seat)
    with pytest.raises(errors.SeatNotPending):
        seats.resend_invitation(seat)


def test_only_a_purchase_of_seats_has_seats(shop: Shop, subscription: Subscription) -> None:
    with pytest.raises(errors.NotASeatBasedSubscription):
        seats.find_source(subscription_id=subscription.id)
    with pytest.raises(errors.ResourceNotFound):
        seats.find_source(order_id=Order.objects.get().id)


def test_seats_can_be_bought_once(shop: Shop, ears: Ears) -> None:
    course = catalog.create_product({"name": "Course", "prices": [SEAT_PRICE]})
    catalog.set_product_benefits(course, [shop.benefits[0].id])
    shop.buy(course, seats=2)
    order = Order.objects.get()

    seat = seats.assign_seat(order, {"email": "bob@example.com", "immediate_claim": True})

    assert (seat.order, seat.subscription) == (order, None)
    assert BenefitGrant.objects.filter(order=order, granted_at__isnull=False).count() == 2


def test_revoking_the_subscription_takes_the_seats_first(team: Subscription, ears: Ears) -> None:
    claim(invite(team))
    ears.events()

    subscriptions.revoke(team)

    assert ears.types() == [
        "customer_seat.revoked",
        "customer_seat.revoked",
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
        "benefit_grant.revoked",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]


def test_a_deleted_member_loses_the_seat(team: Subscription, ears: Ears) -> None:
    claim(seat := invite(team))
    member = seat.member
    assert member is not None
    ears.events()

    customers.delete_member(member)

    assert ears.types() == [
        "member.deleted",
        "customer_seat.revoked",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]


def test_the_seats_are_renewed_with_the_subscription(team: Subscription, ears: Ears) -> None:
    claim(invite(team))
    ears.events()

    schedule.move_to(team.current_period_end + timedelta(minutes=1))

    assert ears.types().count("benefit_grant.cycled") == 2
    assert Order.objects.latest("created_at").total_amount == 1_500
