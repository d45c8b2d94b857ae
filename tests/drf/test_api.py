"""The JSON API: each endpoint on the request's own subscriber."""

from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone
from rest_framework.settings import api_settings

from polar_django.billing import ensure_customer
from polar_django.exceptions import ProviderUnavailable, RateLimited
from polar_django.models import CheckoutSession, CustomerMeter, Meter, Subscription
from polar_django.providers.registry import get_provider
from polar_django.snapshots import SubscriptionSnapshot
from tests.drf.shop import API, client_of
from tests.entitlements.worlds import benefit, grant, order, person, revoked, seat
from tests.entitlements.worlds import subscription as subscribe
from tests.mirror.worlds import mirror_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api")]


@pytest.fixture
def ada(db):
    return person("ada", email="ada@verified.example")


@pytest.fixture
def running(service, ada):
    """Ada's subscription, known to the fake provider and mirrored."""
    customer = ensure_customer(ada)
    service.put(
        SubscriptionSnapshot(
            id="subscription-1",
            customer_id=customer.pk,
            product_id="product-pro-monthly",
            status="active",
            current_period_end=timezone.now() + timedelta(days=20),
        )
    )
    mirror_all()
    service.calls.clear()
    return Subscription.objects.get()


def test_entitlements_tell_what_the_subscriber_holds_and_their_seats(ada):
    benefit("pro", metadata={"projects": 10})
    grant(ada, "pro", reason="a secret of staff", raw={"secret": 1})
    seat(person(), ada, "team")
    revoked(ada, "export")
    answer = client_of(ada).get(f"{API}/me/entitlements/")
    assert answer.status_code == 200
    assert answer.data["keys"] == ["pro", "team"]
    assert answer.data["holds_everything"] is False
    assert [item["key"] for item in answer.data["entitlements"]] == ["pro", "team"]
    assert answer.data["entitlements"][0]["metadata"] == {"projects": 10}
    assert b"secret" not in answer.content
    assert answer["Cache-Control"] == "no-store, private"


def test_subscriptions_are_listed_newest_first_in_pages(ada, django_assert_num_queries):
    now = timezone.now()
    for day in range(3):
        subscribe(ada, started_at=now + timedelta(days=day), pk=f"sub_{day}")
    subscribe(person())
    client = client_of(ada)
    with django_assert_num_queries(3):  # the token, count, rows
        answer = client.get(f"{API}/me/subscriptions/?limit=2")
    assert (answer.data["count"], [row["id"] for row in answer.data["results"]]) == (
        3,
        ["sub_2", "sub_1"],
    )
    assert answer.data["results"][0]["product"]["key"] == "pro-monthly"
    second = client.get(answer.data["next"])
    assert [row["id"] for row in second.data["results"]] == ["sub_0"]
    assert client.get(f"{API}/me/subscriptions/?limit=100000").status_code == 200


def test_a_subscription_whose_product_has_not_arrived_is_shown_without_it(ada):
    row = subscribe(ada, product_id="prod_unknown")
    answer = client_of(ada).get(f"{API}/me/subscriptions/{row.pk}/")
    assert (answer.status_code, answer.data["product"]) == (200, None)


def test_canceling_and_taking_it_back(running, ada, service):
    client = client_of(ada)
    answer = client.post(
        f"{API}/me/subscriptions/{running.pk}/cancel/",
        {"reason": "too_expensive", "comment": "Sorry"},
        format="json",
    )
    assert (answer.status_code, answer.data["cancel_at_period_end"]) == (200, True)
    assert Subscription.objects.get().customer_cancellation_comment == "Sorry"
    again = client.post(f"{API}/me/subscriptions/{running.pk}/cancel/")
    assert again.status_code == 200
    back = client.post(f"{API}/me/subscriptions/{running.pk}/uncancel/")
    assert (back.status_code, back.data["is_ending"]) == (200, False)
    assert "cancel_subscription" in service.calls


def test_a_reason_that_is_none_of_polars_is_refused(running, ada, service):
    answer = client_of(ada).post(
        f"{API}/me/subscriptions/{running.pk}/cancel/", {"reason": "boring"}, format="json"
    )
    assert (answer.status_code, list(answer.data)) == (400, ["reason"])
    assert service.calls == []


def test_uncanceling_what_has_ended_says_it_is_not_possible(running, ada, service):
    service.change("subscription-1", status="canceled")
    answer = client_of(ada).post(f"{API}/me/subscriptions/{running.pk}/uncancel/")
    assert answer.status_code == 409
    assert answer.data["code"] == "BadRequest"


def test_orders_and_their_invoice(service, ada):
    mine = order(ada, provider="fake")
    client = client_of(ada)
    (row,) = client.get(f"{API}/me/orders/").data["results"]
    assert (row["id"], row["total_amount"], row["tax_amount"]) == (mine.pk, 1190, 190)
    assert client.get(f"{API}/me/orders/{mine.pk}/").data["id"] == mine.pk
    first = client.post(f"{API}/me/orders/{mine.pk}/invoice/")
    assert (first.status_code, first.data) == (202, {"url": None})
    second = client.post(f"{API}/me/orders/{mine.pk}/invoice/")
    assert (second.status_code, second.data["url"]) == (
        200,
        f"https://pay.example/invoice/{mine.pk}",
    )
    assert service.called("generate_invoice") == 1


def test_a_bill_that_is_still_being_made_is_none(service, ada):
    draft = order(ada, provider="fake", status="draft", paid=False)
    client = client_of(ada)
    assert client.get(f"{API}/me/orders/").data["results"] == []
    assert client.get(f"{API}/me/orders/{draft.pk}/").status_code == 404
    for paper in ("invoice", "receipt"):
        assert client.post(f"{API}/me/orders/{draft.pk}/{paper}/").status_code == 404


def test_usage_shows_each_meter(service, ada):
    customer = ensure_customer(ada)
    now = timezone.now()
    Meter.objects.create(pk="meter_1", key="tokens", name="Tokens", synced_at=now)
    for number, meter in enumerate(["meter_1", "meter_unknown"]):
        CustomerMeter.objects.create(
            pk=f"usage_{number}", customer=customer, meter_id=meter, balance=7.5, synced_at=now
        )
    known, unknown = client_of(ada).get(f"{API}/me/usage/").data["results"]
    assert (known["key"], known["balance"]) == ("tokens", 7.5)
    assert (unknown["key"], unknown["meter_id"]) == ("", "meter_unknown")


def test_everybody_sees_the_plans_and_nobody_is_called(service, django_assert_num_queries):
    mirror_all()
    service.calls.clear()
    with django_assert_num_queries(3):
        answer = client_of(None).get(f"{API}/plans/")
    pro, team = answer.data
    assert [offer["name"] for offer in pro["products"]] == ["pro-monthly", "pro-yearly"]
    assert pro["products"][0]["price_texts"] == ["$12.00 a month"]
    assert pro["products"][0]["benefits"] == [{"key": "pro", "description": "Pro"}]
    assert (pro["min_seats"], team["min_seats"], team["max_seats"]) == (None, 2, 50)
    assert "secret-product" not in answer.content.decode()
    assert service.calls == []


def test_a_computed_price_is_that_of_whoever_asks(service, ada, settings):
    def prices(request, subscriber):
        amount = 600 if subscriber == ada else 1200
        return {"pro-monthly": {"amount_type": "fixed", "price_amount": amount}}

    plans = {"pro": {"products": ["pro-monthly"], "prices": prices}}
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": plans}
    mirror_all()
    shown = [client_of(user).get(f"{API}/plans/").data[0]["products"][0] for user in (ada, None)]
    assert [offer["price_texts"] for offer in shown] == [["$6.00 a month"], ["$12.00 a month"]]


def test_plans_are_those_of_the_request_that_asks(service, ada, settings):
    def plans(request):
        is_ada = getattr(request, "user", None) == ada
        return {"vip" if is_ada else "pro": {"products": ["pro-monthly"]}}

    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": plans}
    mirror_all()
    shown = [client_of(user).get(f"{API}/plans/").data[0]["key"] for user in (ada, None)]
    assert shown == ["vip", "pro"]
    answer = client_of(ada).post(f"{API}/checkout-sessions/", {"plan": "vip"})
    assert answer.status_code == 201


def test_a_checkout_session_is_made_and_found_again(service, ada):
    client = client_of(ada)
    answer = client.post(
        f"{API}/checkout-sessions/",
        {"plan": "team", "seats": 3, "next": "/report/"},
        format="json",
    )
    assert answer.status_code == 201
    assert answer.data["url"].startswith("https://pay.example/checkout/")
    session = CheckoutSession.objects.get()
    assert (session.subscriber, session.seats, session.next_url) == (ada, 3, "/report/")
    again = client.post(f"{API}/checkout-sessions/", {"plan": "team", "seats": 3}, format="json")
    assert again.data["id"] == answer.data["id"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 400),
        ({"plan": "unknown"}, 404),
        ({"plan": "pro", "product": "secret-product"}, 400),
        ({"plan": "team", "seats": 51}, 400),
        ({"plan": "pro", "seats": 3}, 400),
        ({"plan": "team", "seats": "many"}, 400),
    ],
)
def test_a_forged_purchase_is_refused(service, ada, body, expected):
    answer = client_of(ada).post(f"{API}/checkout-sessions/", body, format="json")
    assert answer.status_code == expected
    assert service.called("create_checkout") == 0


def test_what_else_a_client_says_of_a_purchase_is_ignored(service, ada):
    answer = client_of(ada).post(
        f"{API}/checkout-sessions/",
        {
            "plan": "pro",
            "price": 1,
            "trial_interval": "year",
            "success_url": "https://evil.example/",
            "next": "https://evil.example/",
            "customer_id": "customer-of-somebody",
            "metadata": {"plan": "team"},
        },
        format="json",
    )
    assert answer.status_code == 201
    session = CheckoutSession.objects.get()
    assert "evil" not in session.success_url + session.next_url
    assert session.metadata["plan"] == "pro"
    assert set(session.metadata) == {"plan", "offer"}
    assert session.customer.subscriber == ada


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"amount": 1}, "amount_out_of_bounds"),
        ({"discount": "NOT-ONE"}, "discount_refused"),
        ({"seats": 5}, "seats_out_of_bounds"),
        ({"product": "team"}, "product_not_in_plan"),
    ],
)
def test_a_choice_that_the_plan_does_not_leave_is_refused_by_its_name(service, ada, said, code):
    answer = client_of(ada).post(
        f"{API}/checkout-sessions/", {"plan": "pro", **said}, format="json"
    )
    assert (answer.status_code, answer.data["code"]) == (400, code)


def test_a_discount_code_is_taken(service, ada):
    service.discount_codes.add("spring20")
    answer = client_of(ada).post(
        f"{API}/checkout-sessions/", {"plan": "pro", "discount": "Spring20"}, format="json"
    )
    assert answer.status_code == 201
    assert CheckoutSession.objects.get().raw["discount"] == {"code": "Spring20"}


def test_who_has_the_plan_is_told_so(running, ada, service):
    answer = client_of(ada).post(f"{API}/checkout-sessions/", {"plan": "pro"}, format="json")
    assert (answer.status_code, answer.data["code"]) == (409, "already_subscribed")
    assert service.called("create_checkout") == 0


def test_a_portal_session_is_fresh_and_not_cached(running, ada):
    client = client_of(ada)
    first, second = (client.post(f"{API}/portal-sessions/") for _ in range(2))
    assert first.status_code == 201
    assert first.data["url"] != second.data["url"]
    assert first["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("back", ["polar_api:plans", f"{API}/plans/"])
def test_the_portal_leads_back_to_a_page_that_is_named_or_given_by_its_path(
    running, ada, settings, monkeypatch, back
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "RETURN_URL": back}
    provider = get_provider()
    asked = mock.Mock(wraps=provider.create_portal_session)
    monkeypatch.setattr(provider, "create_portal_session", asked)
    assert client_of(ada).post(f"{API}/portal-sessions/").status_code == 201
    assert asked.call_args.kwargs["return_url"] == f"http://testserver{API}/plans/"


def test_who_never_bought_has_no_portal(service, ada):
    assert client_of(ada).post(f"{API}/portal-sessions/").status_code == 404


def test_a_provider_that_is_down_is_503_and_says_nothing_of_ours(running, ada, service):
    service.faults["create_portal_session"] = ProviderUnavailable("token abc at host")
    answer = client_of(ada).post(f"{API}/portal-sessions/")
    assert (answer.status_code, answer.data["code"]) == (503, "unavailable")
    assert b"token" not in answer.content
    service.faults["create_portal_session"] = RateLimited("slow down", retry_after=2.5)
    limited = client_of(ada).post(f"{API}/portal-sessions/")
    assert (limited.status_code, limited["Retry-After"]) == (503, "3")


def test_writes_are_limited_and_the_project_says_how_much(running, ada, monkeypatch):
    rates = {**api_settings.DEFAULT_THROTTLE_RATES, "polar-write": "2/min", "polar-read": "1/min"}
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates)
    client = client_of(ada)
    codes = [client.post(f"{API}/portal-sessions/").status_code for _ in range(3)]
    assert codes == [201, 201, 429]
    assert client_of(person("else")).post(f"{API}/portal-sessions/").status_code == 404
    codes = [client.get(f"{API}/me/entitlements/").status_code for _ in range(2)]
    assert codes == [200, 429]
