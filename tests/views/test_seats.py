"""The pages of seats: managers see and change their own, and an invitation is taken on one."""

import pytest

from polar_django.billing import assign_seat
from polar_django.exceptions import ProviderUnavailable
from polar_django.models import Seat
from tests.billing.teamwork import buy_seats
from tests.entitlements.worlds import person

SEATS = "/billing/seats/"


@pytest.fixture
def team(service, ada):
    return buy_seats(service, ada, seats=2)


@pytest.fixture
def manager(client, ada):
    client.force_login(ada)
    return client


def test_the_page_shows_who_sits_where_and_what_is_free(team, manager, django_assert_num_queries):
    assign_seat(team, email="g.hopper@navy.example")
    with django_assert_num_queries(5):  # session, user, subscriptions, orders, seats
        page = manager.get(SEATS).content.decode()
    assert "g.hopper@navy.example" in page
    assert "One seat is free." in page
    assert page.count("<form") == 3


def test_an_address_is_invited(team, manager):
    answer = manager.post(SEATS, {"purchase": team.pk, "email": "x@example.com"}, follow=True)
    assert answer.redirect_chain == [(SEATS, 303)]
    assert "on its way" in answer.content.decode()
    assert Seat.objects.get().email == "x@example.com"


@pytest.mark.parametrize("email", ["", "nobody", "a@b\0.example"])
def test_what_is_no_address_is_said_to_be_none(team, manager, service, email):
    answer = manager.post(SEATS, {"purchase": team.pk, "email": email})
    assert answer.status_code == 400
    assert "enter an e-mail address" in answer.content.decode()
    assert service.calls == []


def test_a_full_team_is_told_so(team, manager):
    for number in range(2):
        manager.post(SEATS, {"purchase": team.pk, "email": f"x{number}@example.com"})
    answer = manager.post(SEATS, {"purchase": team.pk, "email": "y@example.com"}, follow=True)
    assert "All seats are taken." in answer.content.decode()
    assert Seat.objects.count() == 2


def test_a_seat_is_taken_back_and_an_invitation_sent_again(team, manager):
    seat = assign_seat(team, email="x@example.com")
    answer = manager.post(f"{SEATS}{seat.pk}/resend/", follow=True)
    assert "sent again" in answer.content.decode()
    manager.post(f"{SEATS}{seat.pk}/revoke/")
    seat.refresh_from_db()
    assert seat.status == "revoked"
    answer = manager.post(f"{SEATS}{seat.pk}/resend/", follow=True)
    assert "was revoked" in answer.content.decode()


def test_nothing_changes_by_get(team, manager):
    seat = assign_seat(team, email="x@example.com")
    assert manager.get(f"{SEATS}{seat.pk}/revoke/").status_code == 405
    assert manager.get(f"{SEATS}{seat.pk}/resend/").status_code == 405


def test_another_subscribers_seats_and_purchases_do_not_exist(team, eve, client, service):
    seat = assign_seat(team, email="x@example.com")
    client.force_login(eve)
    service.calls.clear()
    for path in (f"{SEATS}{seat.pk}/revoke/", f"{SEATS}{seat.pk}/resend/"):
        assert client.post(path).status_code == 404
        assert client.post(path.replace(seat.pk, "nothing")).status_code == 404
    assert client.post(f"{SEATS}seat%00/revoke/").status_code == 404
    forged = client.post(SEATS, {"purchase": team.pk, "email": "eve@example.com"})
    assert forged.status_code == 404
    assert "x@example.com" not in client.get(SEATS).content.decode()
    assert service.calls == []


def test_who_may_not_manage_billing_sees_no_seats(team, manager, settings):
    seat = assign_seat(team, email="x@example.com")
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "CAN_MANAGE_BILLING": lambda request, subscriber: False,
    }
    assert manager.get(SEATS).status_code == 403
    assert manager.post(f"{SEATS}{seat.pk}/revoke/").status_code == 403
    assert manager.post(f"{SEATS}{seat.pk}/resend/").status_code == 403


def test_an_invitation_is_taken_by_whoever_is_signed_in(team, eve, client):
    assign_seat(team, email="x@example.com")
    path = f"{SEATS}claim/token-x@example.com/"
    assert client.get(path).status_code == 302
    client.force_login(eve)
    page = client.get(path)
    assert "A seat in Team of Inkwell" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    answer = client.post(path)
    assert (answer.status_code, answer["Location"]) == (303, "/welcome/")
    assert Seat.objects.get().member.user == eve
    assert client.post(path)["Location"] == "/welcome/"  # the second of two clicks
    client.force_login(person("late", email="x@example.com"))
    assert client.post(path).status_code == 404
    assert client.get(path).status_code == 404


def test_a_seat_of_another_account_is_said_to_be_taken(team, eve, client, service):
    assign_seat(team, user=person("grace", email="grace@example.com"))
    service.invitations["again"] = Seat.objects.get().pk
    client.force_login(eve)
    answer = client.post(f"{SEATS}claim/again/")
    assert answer.status_code == 409
    assert "another account" in answer.content.decode()


def test_a_provider_that_is_down_gets_a_page(team, manager, eve, client, service):
    seat = assign_seat(team, email="x@example.com")
    service.faults["revoke_seat"] = ProviderUnavailable("down")
    assert manager.post(f"{SEATS}{seat.pk}/revoke/").status_code == 503
    service.faults["get_seat_invitation"] = ProviderUnavailable("down")
    assert manager.get(f"{SEATS}claim/token-x@example.com/").status_code == 503


def test_a_visitor_signs_in_first(team, client):
    assert client.get(SEATS)["Location"] == f"/accounts/login/?next={SEATS}"
    assert client.post(f"{SEATS}x/revoke/").status_code == 302
