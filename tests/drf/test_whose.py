"""Nobody reaches what is another's, and the token's user is the one who is judged."""

import re

import pytest
from django.utils import timezone

from polar_django.billing import ensure_customer
from polar_django.drf import urls as api_urls
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    LicenseKey,
    Member,
    Seat,
    Subscription,
)
from tests.drf.shop import API, client_of
from tests.entitlements.worlds import grant, order, person
from tests.entitlements.worlds import subscription as subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api", "service")]

MINE = [
    ("get", "me/entitlements/"),
    ("get", "me/subscriptions/"),
    ("get", "me/orders/"),
    ("get", "me/usage/"),
    ("get", "me/seats/"),
    ("post", "me/seats/"),
    ("get", "me/license-keys/"),
    ("post", "seats/claim/"),
    ("post", "checkout-sessions/"),
    ("post", "portal-sessions/"),
]
OF_AN_ID = [
    ("get", "me/subscriptions/{subscription}/"),
    ("post", "me/subscriptions/{subscription}/cancel/"),
    ("post", "me/subscriptions/{subscription}/uncancel/"),
    ("post", "me/subscriptions/{subscription}/pause/"),
    ("post", "me/subscriptions/{subscription}/resume/"),
    ("post", "me/subscriptions/{subscription}/end/"),
    ("get", "me/subscriptions/{subscription}/changes/"),
    ("post", "me/subscriptions/{subscription}/change-preview/"),
    ("post", "me/subscriptions/{subscription}/change-product/"),
    ("post", "me/subscriptions/{subscription}/change-seats/"),
    ("post", "me/subscriptions/{subscription}/keep-plan/"),
    ("get", "me/orders/{order}/"),
    ("post", "me/orders/{order}/invoice/"),
    ("post", "me/orders/{order}/receipt/"),
    ("post", "me/seats/{seat}/revoke/"),
    ("post", "me/seats/{seat}/resend/"),
    ("post", "me/license-keys/{key}/reveal/"),
    ("post", "me/license-keys/{key}/rotate/"),
]
# What a client must say, so that only whose it is stands in the way.
SAID = {
    "change-preview/": {"product": "pro-yearly"},
    "change-product/": {"change_to": "pro-yearly"},
    "change-seats/": {"change_to": 3},
}
UNKNOWN = ["nothing", "x" * 300, "%00", "sub%00", "..", "%F0%9F%92%A9"]


@pytest.fixture
def eve(db):
    return person("eve", email="eve@example.com")


@pytest.fixture
def anothers(db):
    """Ids of what is somebody else's."""
    ada = person("ada")
    of_fake = {"provider": "fake", "synced_at": timezone.now()}
    bought = subscribe(ada, provider="fake")
    customer = Customer.objects.create(pk="customer-ada", subscriber=ada, **of_fake)
    seat = Seat.objects.create(pk="seat-ada", subscription=bought, status="pending", **of_fake)
    key = LicenseKey.objects.create(pk="key-ada", customer=customer, **of_fake)
    return {
        "subscription": bought.pk,
        "order": order(ada, provider="fake").pk,
        "seat": seat.pk,
        "key": key.pk,
    }


def ask(client, method, path, ids):
    said = next((body for end, body in SAID.items() if path.endswith(end)), {})
    return getattr(client, method)(f"{API}/{path.format(**ids)}", said or None, format="json")


def test_every_endpoint_is_tried():
    patterns = {str(each.pattern) for each in api_urls.urlpatterns} - {"plans/"}
    named = {re.sub(r"\{\w+\}", "<str:id>", path) for _, path in MINE + OF_AN_ID}
    assert named == patterns


@pytest.mark.parametrize(("method", "path"), MINE + OF_AN_ID)
def test_a_visitor_is_asked_to_sign_in(method, path, anothers, service):
    answer = getattr(client_of(None), method)(f"{API}/{path.format(**anothers)}")
    assert answer.status_code == 401
    assert service.calls == []


@pytest.mark.parametrize(("method", "path"), OF_AN_ID)
def test_anothers_id_is_answered_as_one_that_does_not_exist(method, path, anothers, eve, service):
    client = client_of(eve)
    real = ask(client, method, path, anothers)
    assert real.status_code == 404, real.data
    for unknown in UNKNOWN:
        answer = ask(client, method, path, dict.fromkeys(anothers, unknown))
        assert (answer.status_code, unknown) == (404, unknown)
    not_there = ask(client, method, path, dict.fromkeys(anothers, "x"))
    assert real.content == not_there.content
    assert service.calls == []
    assert not Subscription.objects.get().cancel_at_period_end


def test_lists_hold_nothing_of_others(anothers, eve):
    client = client_of(eve)
    grant(person(), "pro")
    for path in ("me/subscriptions/", "me/orders/", "me/usage/", "me/seats/", "me/license-keys/"):
        assert client.get(f"{API}/{path}").data["count"] == 0
    assert client.get(f"{API}/me/entitlements/").data["keys"] == []


def test_nobody_is_seated_in_what_another_bought(anothers, eve, service):
    for purchase in (anothers["subscription"], anothers["order"], "x", "\x00", "x" * 256):
        body = {"purchase": purchase, "email": "eve@example.com"}
        answer = client_of(eve).post(f"{API}/me/seats/", body, format="json")
        assert answer.status_code in (400, 404), purchase
    assert service.calls == []


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
        ("post", f"me/subscriptions/{row.pk}/pause/"),
        ("get", f"me/subscriptions/{row.pk}/changes/"),
        ("get", "me/orders/"),
        ("get", "me/seats/"),
        ("post", "portal-sessions/"),
    ]:
        answer = getattr(client, method)(f"{API}/{path}")
        assert (answer.status_code, answer.data["code"]) == (403, "billing_not_allowed")
    answer = client.post(f"{API}/checkout-sessions/", {"plan": "pro"})
    assert answer.status_code == 403
    assert service.calls == []


def test_a_shared_key_is_renewed_by_who_manages_billing_and_ones_own_by_oneself(
    eve, anothers, settings
):
    ada = type(eve).objects.get(username="ada")
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: ada,
        "CAN_MANAGE_BILLING": lambda request, subscriber: request.user == ada,
    }
    of_fake = {"provider": "fake", "synced_at": timezone.now()}
    member = Member.objects.create(pk="member-eve", user=eve, **of_fake)
    LicenseKey.objects.create(pk="key-eve", member=member, **of_fake)

    def code(user, key, verb):
        return client_of(user).post(f"{API}/me/license-keys/{key}/{verb}/").data["code"]

    assert code(eve, anothers["key"], "rotate") == "billing_not_allowed"
    # The fake provider has no keys: so far these come.
    assert code(eve, anothers["key"], "reveal") == "not_supported"
    assert code(eve, "key-eve", "rotate") == "not_supported"
    assert code(ada, anothers["key"], "rotate") == "not_supported"


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


def test_who_acts_for_no_subscriber_has_the_keys_of_their_seats(eve, anothers, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: None,
    }
    of_fake = {"provider": "fake", "synced_at": timezone.now()}
    member = Member.objects.create(pk="member-eve", user=eve, **of_fake)
    LicenseKey.objects.create(pk="key-eve", member=member, **of_fake)
    client = client_of(eve)
    [listed] = client.get(f"{API}/me/license-keys/").data["results"]
    assert listed["id"] == "key-eve"
    for verb in ("reveal", "rotate"):
        # The fake provider has no keys: so far it comes.
        answer = client.post(f"{API}/me/license-keys/key-eve/{verb}/")
        assert answer.data["code"] == "not_supported"
        assert client.post(f"{API}/me/license-keys/key-ada/{verb}/").status_code == 404


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
