"""Nobody reaches what is another's, and the token's user is the one who is judged."""

import pytest

from polar_django.billing import ensure_customer
from polar_django.models import BenefitGrant, CheckoutSession, Subscription
from tests.drf.shop import API, client_of
from tests.entitlements.worlds import grant, order, person
from tests.entitlements.worlds import subscription as subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api", "service")]

MINE = [
    ("get", "me/entitlements/"),
    ("get", "me/subscriptions/"),
    ("get", "me/orders/"),
    ("get", "me/usage/"),
    ("post", "checkout-sessions/"),
    ("post", "portal-sessions/"),
]
OF_AN_ID = [
    ("get", "me/subscriptions/{subscription}/"),
    ("post", "me/subscriptions/{subscription}/cancel/"),
    ("post", "me/subscriptions/{subscription}/uncancel/"),
    ("get", "me/orders/{order}/"),
    ("post", "me/orders/{order}/invoice/"),
]
UNKNOWN = ["nothing", "x" * 300, "%00", "sub%00", "..", "%F0%9F%92%A9"]


@pytest.fixture
def eve(db):
    return person("eve", email="eve@example.com")


@pytest.fixture
def anothers(db):
    """Ids of somebody else's subscription and order."""
    ada = person("ada")
    return {
        "subscription": subscribe(ada, provider="fake").pk,
        "order": order(ada, provider="fake").pk,
    }


@pytest.mark.parametrize(("method", "path"), MINE + OF_AN_ID)
def test_a_visitor_is_asked_to_sign_in(method, path, anothers, service):
    answer = getattr(client_of(None), method)(f"{API}/{path.format(**anothers)}")
    assert answer.status_code == 401
    assert service.calls == []


@pytest.mark.parametrize(("method", "path"), OF_AN_ID)
def test_anothers_id_is_answered_as_one_that_does_not_exist(method, path, anothers, eve, service):
    client = client_of(eve)
    real = getattr(client, method)(f"{API}/{path.format(**anothers)}")
    assert real.status_code == 404
    for unknown in UNKNOWN:
        made_up = path.format(subscription=unknown, order=unknown)
        answer = getattr(client, method)(f"{API}/{made_up}")
        assert (answer.status_code, unknown) == (404, unknown)
    not_there = getattr(client, method)(f"{API}/{path.format(subscription='x', order='x')}")
    assert real.content == not_there.content
    assert service.calls == []
    assert not Subscription.objects.get().cancel_at_period_end


def test_lists_hold_nothing_of_others(anothers, eve):
    client = client_of(eve)
    grant(person(), "pro")
    for path in ("me/subscriptions/", "me/orders/", "me/usage/"):
        assert client.get(f"{API}/{path}").data["count"] == 0
    assert client.get(f"{API}/me/entitlements/").data["keys"] == []


def test_the_user_of_the_token_is_judged_and_not_that_of_the_session(eve, anothers):
    ada = type(eve).objects.get(username="ada")
    grant(ada, "pro")
    by_token = client_of(eve, session_user=ada)
    assert by_token.get(f"{API}/me/entitlements/").data["keys"] == []
    assert by_token.get(f"{API}/me/subscriptions/").data["count"] == 0
    path = f"{API}/me/subscriptions/{anothers['subscription']}/"
    assert by_token.get(path).status_code == 404
    other_way_round = client_of(ada, session_user=eve)
    assert other_way_round.get(f"{API}/me/entitlements/").data["keys"] == ["pro"]
    assert other_way_round.get(path).status_code == 200


def test_a_checkout_is_the_token_users_and_nobody_elses(eve):
    ada = person("ada", email="ada@example.com")
    client = client_of(eve, session_user=ada)
    assert client.post(f"{API}/checkout-sessions/", {"plan": "pro"}).status_code == 201
    assert CheckoutSession.objects.get().subscriber == eve


def test_who_may_not_manage_billing_reads_and_does_nothing(eve, settings, service):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "CAN_MANAGE_BILLING": lambda request, subscriber: False,
    }
    ensure_customer(eve)
    service.calls.clear()
    row = subscribe(eve, provider="fake")
    client = client_of(eve)
    assert client.get(f"{API}/me/subscriptions/{row.pk}/").status_code == 200
    assert client.get(f"{API}/me/entitlements/").status_code == 200
    for method, path in [
        ("post", f"me/subscriptions/{row.pk}/cancel/"),
        ("get", "me/orders/"),
        ("post", "portal-sessions/"),
    ]:
        answer = getattr(client, method)(f"{API}/{path}")
        assert (answer.status_code, answer.data["code"]) == (403, "billing_not_allowed")
    answer = client.post(f"{API}/checkout-sessions/", {"plan": "pro"})
    assert answer.status_code == 403
    assert service.calls == []


def test_who_acts_for_no_subscriber_has_their_seats_only(eve, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: None,
    }
    grant(person(), "pro", is_seat=True, user=eve)
    client = client_of(eve)
    assert client.get(f"{API}/me/entitlements/").data["keys"] == ["pro"]
    answer = client.get(f"{API}/me/subscriptions/")
    assert (answer.status_code, answer.data["code"]) == (403, "no_subscriber")


def test_a_session_needs_its_csrf_token_for_what_changes_something(eve):
    client = client_of(None, session_user=eve)
    client.handler.enforce_csrf_checks = True
    assert client.get(f"{API}/me/entitlements/").status_code == 200
    assert client.post(f"{API}/portal-sessions/").status_code == 403


def test_a_revocation_is_seen_on_the_next_request(eve):
    grant(eve, "pro")
    client = client_of(eve)
    assert client.get(f"{API}/me/entitlements/").data["keys"] == ["pro"]
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    assert client.get(f"{API}/me/entitlements/").data["keys"] == []
