"""What the API does to subscriptions, seats and keys, against the sandbox over HTTP."""

import pytest
from django.urls import include, path

from polar_django.billing import ensure_customer
from polar_django.exceptions import ProviderUnavailable
from polar_django.models import LicenseKey, Order, Seat, Subscription
from polar_django.providers.registry import get_provider
from polar_django.usage import record_usage
from tests.billing.lost_answers import lost_answer
from tests.drf.shop import API, client_of
from tests.drf.shop import urlpatterns as shop_urls
from tests.entitlements.worlds import person
from tests.sandbox_fixtures import FAILS_LATER, PAYS
from tests.usage.conftest import make_meter

urlpatterns = [*shop_urls, path("sandbox/", include("polar_django.sandbox.urls"))]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def ada(db):
    return person("ada", email="ada@example.com")


@pytest.fixture
def buy(ada, sandbox):
    def buy(key="pro-monthly", card=PAYS, buyer=ada, **body):
        sandbox.buy(key, customer_id=ensure_customer(buyer).pk, card=card, **body)
        sandbox.deliver()
        return Subscription.objects.filter(subscriber=buyer).first()

    return buy


@pytest.fixture
def ask(by_name, ada):
    """`ask("pause", row, until=…)`: the answer to Ada's POST, with the status that is expected."""
    client = client_of(ada)

    def ask(action, row, status=200, **body):
        address = f"{API}/me/subscriptions/{row.pk}/{action}/"
        answer = client.post(address, body, format="json")
        assert answer.status_code == status, answer.data
        return answer.data

    return ask


def at_polar(sandbox, row):
    return sandbox.api.get(f"/v1/subscriptions/{row.pk}").json()


def test_what_it_may_become_is_listed_and_priced_and_done(ask, buy, ada, sandbox):
    row = buy()
    offered = client_of(ada).get(f"{API}/me/subscriptions/{row.pk}/changes/").data
    assert [product["name"] for product in offered["products"]] == ["pro-yearly"]
    assert offered["products"][0]["price_texts"] == ["$100.00 a year"]
    assert (offered["min_seats"], offered["max_seats"]) == (None, None)
    cost = ask("change-preview", row, product="pro-yearly")
    assert (cost["due_amount"], cost["currency"]) == (9000, "usd")
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-monthly"]
    changed = ask("change-product", row, change_to="pro-yearly")
    assert changed["product"]["key"] == "pro-yearly"
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-yearly"]


def test_what_is_not_offered_cannot_be_had(ask, buy, sandbox):
    row = buy()
    for name in ("ebook", "team", "pro-monthly", sandbox.product_ids["ebook"], "nothing"):
        assert list(ask("change-product", row, 400, change_to=name)) == ["change_to"]
        ask("change-preview", row, 400, product=name)
    ask("change-seats", row, 400, change_to=5)
    ask("change-preview", row, 400, product="pro-yearly", seats=5)
    ask("change-preview", row, 400)
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-monthly"]


def test_money_and_rules_are_not_the_clients_to_say(ask, buy, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": "next_period"}
    row = buy()
    said = {"proration": "prorate", "proration_behavior": "prorate", "amount": 1, "seats": 9}
    changed = ask("change-product", row, change_to="pro-yearly", **said)
    assert changed["product"]["key"] == "pro-monthly"
    assert changed["pending_change"]["product_id"] == sandbox.product_ids["pro-yearly"]
    assert ask("keep-plan", row)["pending_change"] is None


def test_a_refused_card_is_402_and_changes_nothing(ask, buy, sandbox, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": "invoice"}
    row = buy(card=FAILS_LATER)
    refused = ask("change-product", row, 402, change_to="pro-yearly")
    assert refused["detail"] == "The payment was refused. Nothing was changed."
    assert at_polar(sandbox, row)["product_id"] == sandbox.product_ids["pro-monthly"]


@pytest.mark.parametrize("action", ["change-product", "change-seats", "resume"])
def test_after_a_lost_answer_nobody_says_that_nothing_was_charged(
    ask, buy, sandbox, settings, action, monkeypatch
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": "invoice"}
    row = buy("team", seats=3) if action == "change-seats" else buy()
    if action == "resume":
        ask("pause", row)
        sandbox.advance(days=40)
    body = {"change-product": {"change_to": "pro-yearly"}, "change-seats": {"change_to": 5}}
    paid = len(sandbox.api.get("/v1/orders/").json()["items"])

    def away(*_, **__):
        raise ProviderUnavailable("The read did not answer either.")

    monkeypatch.setattr(type(get_provider()), "get_subscription", away)
    with lost_answer("PATCH", f"/v1/subscriptions/{row.pk}"):
        lost = ask(action, row, 503, **body.get(action, {}))
    assert len(sandbox.api.get("/v1/orders/").json()["items"]) == paid + 1
    assert lost["code"] == "outcome_unknown"
    assert "harged" not in lost["detail"]


def test_a_provider_that_is_busy_has_charged_nothing(ask, buy):
    row = buy()
    with lost_answer("PATCH", "/v1/subscriptions/", arrives=False, status=429, retry_after=60):
        busy = ask("change-product", row, 503, change_to="pro-yearly")
    assert busy["code"] == "unavailable"
    assert "Nothing was charged." in busy["detail"]


def test_a_pause_is_planned_and_taken_back(ask, buy, sandbox):
    row = buy()
    ask("pause", row, 400, until="2020-01-01T00:00:00Z")
    assert ask("pause", row)["pause_at_period_end"] is True
    resumed = ask("resume", row)
    assert (resumed["pause_at_period_end"], resumed["can_resume"]) == (False, False)
    assert not at_polar(sandbox, row)["pause_at_period_end"]


def test_what_is_paused_is_ended_and_not_sold_twice(ask, buy, ada, sandbox):
    row = buy()
    refused = ask("end", row, 409)
    assert refused["code"] == "not_paused"
    assert at_polar(sandbox, row)["status"] == "active"
    ask("pause", row)
    sandbox.advance(days=40)
    again = client_of(ada).post(f"{API}/checkout-sessions/", {"plan": "pro"})
    assert (again.status_code, again.data["code"]) == (409, "already_subscribed")
    assert "paused" in again.data["detail"]
    for _click in range(2):
        assert ask("end", row)["status"] == "canceled"
    assert at_polar(sandbox, row)["status"] == "canceled"
    assert client_of(ada).post(f"{API}/checkout-sessions/", {"plan": "pro"}).status_code == 201


def test_seats_are_changed_given_and_taken_back(ask, buy, ada, sandbox):
    row = buy("team", seats=3)
    client = client_of(ada)
    assert ask("change-preview", row, seats=5)["due_amount"] > 0
    assert ask("change-seats", row, change_to=5)["seats"] == 5
    ask("change-seats", row, 400, change_to=51)
    body = {"purchase": row.pk, "email": "grace@example.com"}
    invited = client.post(f"{API}/me/seats/", body, format="json")
    assert invited.status_code == 201
    assert (invited.data["status"], invited.data["purchase"]) == ("pending", row.pk)
    listed = client.get(f"{API}/me/seats/").data
    # Polar seats the buyer by itself.
    emails = [seat["email"] for seat in listed["results"]]
    assert emails == ["ada@example.com", "grace@example.com"]
    again = client.post(f"{API}/me/seats/{invited.data['id']}/resend/")
    assert (again.status_code, again.data["status"]) == (200, "pending")
    assert client.post(f"{API}/me/seats/", body, format="json").data["id"] == invited.data["id"]
    taken = client.post(f"{API}/me/seats/{invited.data['id']}/revoke/")
    assert (taken.status_code, taken.data["status"]) == (200, "revoked")
    assert client.get(f"{API}/me/seats/").data["count"] == 1


def test_an_invitation_is_taken_by_whoever_has_the_token(buy, ada, sandbox, by_name):
    row = buy("team", seats=3)
    body = {"purchase": row.pk, "email": "grace@example.com"}
    client_of(ada).post(f"{API}/me/seats/", body, format="json")
    [mail] = sandbox.api.get("/_control/invitations").json()
    grace = person("grace", email="other@example.com")
    address = f"{API}/seats/claim/"
    void = client_of(grace).post(address, {"token": "nothing"}, format="json")
    assert (void.status_code, void.data["code"]) == (404, "invitation_void")
    taken = client_of(grace).post(address, {"token": mail["token"]}, format="json")
    assert (taken.status_code, taken.data["status"]) == (200, "claimed")
    assert Seat.objects.get(pk=taken.data["id"]).member.user == grace


def test_all_seats_taken_is_a_conflict(buy, ada, by_name):
    row = buy("team", seats=3)
    client = client_of(ada)
    codes = [
        client.post(f"{API}/me/seats/", {"purchase": row.pk, "email": email}, format="json")
        for email in ("a@example.com", "b@example.com", "c@example.com")
    ]
    assert [answer.status_code for answer in codes] == [201, 201, 409]
    assert codes[-1].data["code"] == "SeatNotAvailable"


def give_keys(sandbox, product="ebook"):
    benefit = sandbox.api.post(
        "/v1/benefits/",
        json={"type": "license_keys", "description": "A key", "properties": {"prefix": "INK"}},
    ).json()
    ids = {"benefits": [benefit["id"]]}
    sandbox.api.post(f"/v1/products/{sandbox.product_ids[product]}/benefits", json=ids)


def test_a_license_key_is_listed_by_its_end_and_shown_when_asked_for(buy, ada, sandbox, by_name):
    give_keys(sandbox)
    buy("ebook")
    client = client_of(ada)
    answer = client.get(f"{API}/me/license-keys/")
    [key] = answer.data["results"]
    assert (key["valid"], key["status"]) == (True, "granted")
    shown = client.post(f"{API}/me/license-keys/{key['id']}/reveal/")
    assert shown.data["key"].endswith(key["display_key"][-6:])
    assert shown["Cache-Control"] == "no-store, private"
    assert shown.data["key"] not in answer.content.decode()
    rotated = client.post(f"{API}/me/license-keys/{key['id']}/rotate/")
    assert (rotated.status_code, rotated.data["key"] != shown.data["key"]) == (200, True)


def test_a_teams_key_is_its_holders(buy, ada, sandbox, by_name):
    give_keys(sandbox, "team")
    row = buy("team", seats=2)
    grace = person("grace", email="grace@example.com")
    body = {"purchase": row.pk, "email": "grace@example.com"}
    client_of(ada).post(f"{API}/me/seats/", body, format="json")
    [mail] = sandbox.api.get("/_control/invitations").json()
    client_of(grace).post(f"{API}/seats/claim/", {"token": mail["token"]}, format="json")
    sandbox.deliver()
    key = LicenseKey.objects.get(member__user=grace)
    # The owner has a seat of her own, and with it a key.
    for somebody in (ada, grace):
        [listed] = client_of(somebody).get(f"{API}/me/license-keys/").data["results"]
        assert listed["id"] == LicenseKey.objects.get(member__user=somebody).pk
    address = f"{API}/me/license-keys/{key.pk}/reveal/"
    assert client_of(ada).post(address).status_code == 404
    assert client_of(grace).post(address).status_code == 200


def test_an_invoice_and_a_receipt_have_addresses(buy, ada, by_name):
    buy()
    order = Order.objects.get()
    for paper in ("invoice", "receipt"):
        answer = client_of(ada).post(f"{API}/me/orders/{order.pk}/{paper}/")
        assert answer.status_code in (200, 202), answer.data


def test_usage_tells_what_is_left_with_what_was_just_used(ada, sandbox, by_name):
    meter = make_meter(sandbox)
    customer = ensure_customer(ada)
    customer.meters.create(pk="1", meter=meter, balance=100, synced_at=customer.synced_at)
    record_usage(ada, "ai_usage", {"total_tokens": 30})
    [row] = client_of(ada).get(f"{API}/me/usage/").data["results"]
    assert (row["balance"], row["unreckoned"], row["available"]) == (100, 30, 70)
