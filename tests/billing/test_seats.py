"""Seats: each opens for its holder, whoever pays, however they came to it."""

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError

from polar_django import billing
from polar_django.billing import (
    assign_seat,
    claim_seat,
    get_seat_invitation,
    resend_seat_invitation,
    revoke_seat,
    seats,
)
from polar_django.entitlements import has_benefit
from polar_django.exceptions import ActionRefused, CustomerConflict, InvalidRequest
from polar_django.models import BenefitGrant, Member, Seat
from tests.billing.teamwork import buy_seats
from tests.entitlements.worlds import again, person
from tests.mirror.worlds import mirror_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(service, ada):
    return buy_seats(service, ada)


@pytest.fixture
def grace(db):
    return person("grace", email="grace@example.com")


def holds(user):
    mirror_all()
    return has_benefit(again(user), "team")


def test_a_user_is_on_the_seat_at_once_and_nobody_else_is(team, ada, grace, service):
    seat = assign_seat(team, user=grace)
    assert (seat.status, seat.email, seat.member.user) == ("claimed", grace.email, grace)
    assert Member.objects.get().external_id == str(grace.pk)
    assert service.calls == ["assign_seat"]
    assert holds(grace)
    assert not holds(ada)
    assert not holds(person())


def test_who_has_a_seat_keeps_it(team, grace):
    first, second = assign_seat(team, user=grace), assign_seat(team, user=grace)
    assert first == second
    assert Seat.objects.count() == 1


def test_who_has_a_seat_keeps_it_with_another_address(team, grace):
    first = assign_seat(team, user=grace)
    grace.email = "hopper@example.com"
    grace.save()
    assert assign_seat(team, user=grace) == first


def test_an_invitation_is_linked_to_whoever_claims_it(team, grace, service):
    seat = assign_seat(team, email="g.hopper@navy.example")
    assert (seat.status, seat.member.user) == ("pending", None)
    assert not holds(grace)
    token = "token-g.hopper@navy.example"
    invitation = get_seat_invitation(token)
    assert (invitation.product_name, invitation.email) == ("Team", "g.hopper@navy.example")
    assert "navy" not in repr(invitation)
    claimed = claim_seat(token, grace)
    assert (claimed.pk, claimed.status, claimed.member.user) == (seat.pk, "claimed", grace)
    assert holds(grace)


def test_grants_that_came_before_the_link_follow_it(team, grace, service):
    seat = assign_seat(team, email="g.hopper@navy.example")
    service.change(seat.pk, status="claimed")
    service.invitations["another"] = seat.pk
    from_page = "token-g.hopper@navy.example"
    claim_seat(from_page, grace)
    mirror_all()
    Member.objects.update(user=None)
    BenefitGrant.objects.update(user=None)
    claim_seat("another", grace)
    assert has_benefit(again(grace), "team")


def test_an_invitation_is_claimed_once(team, grace):
    assign_seat(team, email="x@example.com")
    claim_seat("token-x@example.com", grace)
    with pytest.raises(ActionRefused) as refused:
        claim_seat("token-x@example.com", person())
    assert refused.value.code == "InvalidInvitationToken"


def test_a_member_who_is_one_user_never_becomes_another(team, grace, service):
    assign_seat(team, user=grace)
    impostor = person("impostor", email="GRACE@example.com")
    with pytest.raises(CustomerConflict):
        assign_seat(team, user=impostor)
    assert service.called("assign_seat") == 1
    service.invitations["stolen"] = Seat.objects.get().pk
    with pytest.raises(CustomerConflict):
        claim_seat("stolen", impostor)
    assert Member.objects.get().user == grace


def test_a_seat_claimed_at_the_providers_page_is_the_verified_users(team, service):
    grace = person("grace", email="Grace@verified.example")
    unverified = person("linus", email="linus@example.com")
    for address in ("grace@verified.example", "linus@example.com"):
        service.change(assign_seat(team, email=address).pk, status="claimed")
    assert not Member.objects.exclude(user=None).exists()
    mirror_all()
    assert Member.objects.get(email="grace@verified.example").user == grace
    assert Member.objects.get(email="linus@example.com").user is None
    assert not holds(unverified)


def test_who_opens_an_account_after_taking_the_seat_has_it_when_they_sign_in(team, service, client):
    for address in ("grace@verified.example", "linus@example.com", "gone@verified.example"):
        service.change(assign_seat(team, email=address).pk, status="claimed")
    service.change(Seat.objects.get(email="gone@verified.example").pk, status="revoked")
    mirror_all()
    grace = person("grace", email="Grace@verified.example")
    for user in (
        grace,
        person("l", email="linus@example.com"),
        person("g", email="gone@verified.example"),
    ):
        client.force_login(user)
    assert Member.objects.exclude(user=None).get().user == grace


def test_two_accounts_with_the_address_of_a_seat_get_it_neither(team, service, client):
    service.change(assign_seat(team, email="both@verified.example").pk, status="claimed")
    mirror_all()
    person("one", email="both@verified.example")
    client.force_login(person("two", email="BOTH@verified.example"))
    assert Member.objects.get().user is None


def test_a_statement_about_a_seat_leaves_the_projects_transaction_whole(
    team, service, client, monkeypatch
):
    def refuse(user, addresses):
        Member.objects.update(name="half done")
        raise DatabaseError("of the project's own trigger")

    assign_seat(team, email="grace@verified.example")
    monkeypatch.setattr(seats, "link_verified", refuse)
    client.force_login(person("grace", email="grace@verified.example"))
    assert not Member.objects.filter(name="half done").exists()


def test_signing_in_never_fails_for_a_seat(team, service, client, settings):
    service.change(assign_seat(team, email="grace@verified.example").pk, status="claimed")
    mirror_all()
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda user: 1 / 0}
    client.force_login(person("grace", email="grace@verified.example"))
    assert Member.objects.get().user is None


@pytest.mark.parametrize("verified", [None, lambda user: 1 / 0])
def test_without_a_word_of_the_project_no_address_is_believed(team, service, settings, verified):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": verified}
    person("grace", email="grace@verified.example")
    service.change(assign_seat(team, email="grace@verified.example").pk, status="claimed")
    mirror_all()
    assert Member.objects.get().user is None


def test_an_address_of_two_users_is_nobodys(team, service):
    person("one", email="both@verified.example")
    person("two", email="BOTH@verified.example")
    service.change(assign_seat(team, email="both@verified.example").pk, status="claimed")
    mirror_all()
    assert Member.objects.get().user is None


# To MySQL an accent is no difference, nor to PostgreSQL the dot that the Turkish i has not.
LOOKALIKES = ["grace@vérified.example", "grace@ver\u0131fied.example"]


@pytest.mark.parametrize("address", LOOKALIKES)
def test_an_address_that_looks_alike_is_somebody_elses(team, service, settings, address):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda user: True}
    stranger = person("stranger", email=address)
    service.change(assign_seat(team, email="grace@verified.example").pk, status="claimed")
    mirror_all()
    assert Member.objects.get().user is None
    assert assign_seat(team, user=stranger).member.email == address
    assert Seat.objects.count() == 2


def test_revoking_frees_the_seat_and_closes_the_gate(team, grace, service):
    seat = assign_seat(team, user=grace)
    assert holds(grace)
    freed = revoke_seat(seat)
    assert (freed.status, freed.member_id, freed.email) == ("revoked", None, None)
    assert not holds(grace)
    assert revoke_seat(freed).status == "revoked"
    linus = person("linus", email="linus@example.com")
    assert assign_seat(team, user=linus).pk == seat.pk
    assert holds(linus)
    assert not holds(grace)


def test_no_more_seats_than_were_bought(team):
    for number in range(3):
        assign_seat(team, email=f"x{number}@example.com")
    with pytest.raises(ActionRefused) as refused:
        assign_seat(team, email="x4@example.com")
    assert refused.value.code == "SeatNotAvailable"


def test_an_invitation_sent_again_makes_the_first_void(team, grace):
    seat = assign_seat(team, email="x@example.com")
    assert resend_seat_invitation(seat).status == "pending"
    with pytest.raises(ActionRefused):
        claim_seat("token-x@example.com", grace)
    assert claim_seat("again-x@example.com", grace).status == "claimed"
    with pytest.raises(ActionRefused):
        resend_seat_invitation(Seat.objects.get())


def test_a_seat_is_for_a_user_or_an_address(team, grace):
    with pytest.raises(ValueError, match="user, or"):
        assign_seat(team)
    with pytest.raises(ValueError, match="user, or"):
        assign_seat(team, user=grace, email="x@example.com")
    with pytest.raises(InvalidRequest) as refused:
        assign_seat(team, user=person("nobody", email=""))
    assert refused.value.code == "email_missing"


@pytest.mark.django_db(transaction=True)
def test_async_code_gives_seats(service, ada):
    team = buy_seats(service, ada)
    grace = person("grace", email="grace@example.com")
    seat = async_to_sync(billing.aassign_seat)(team, user=grace)
    assert async_to_sync(billing.arevoke_seat)(seat).status == "revoked"
