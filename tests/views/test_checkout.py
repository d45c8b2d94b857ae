import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client

from polar_django.exceptions import (
    AuthenticationFailed,
    InvalidRequest,
    ProviderUnavailable,
    RateLimited,
    UnsafeTransaction,
)
from polar_django.models import CheckoutSession
from polar_django.snapshots import CheckoutSnapshot, CustomerSnapshot

PRO = "/billing/checkout/pro/"
TEAM = "/billing/checkout/team/"


@pytest.fixture
def shop(service, ada, client) -> Client:
    client.force_login(ada)
    return client


def test_the_page_shows_what_is_bought_and_makes_nothing(shop, service):
    page = shop.get(PRO)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Pro Monthly" in text
    assert "$12.00 a month" in text
    assert "$120.00 a year" in text
    assert "<li>Pro</li>" in text
    assert text.count("<button") == 1
    assert service.all(CheckoutSnapshot) == []
    assert service.all(CustomerSnapshot) == []


def test_the_first_product_is_preselected_and_a_link_may_name_another(shop):
    def chosen(page):
        return re.findall(r'value="([^"]+)" checked', page.content.decode())

    assert chosen(shop.get(PRO)) == ["pro-monthly"]
    assert chosen(shop.get(f"{PRO}?product=pro-yearly")) == ["pro-yearly"]
    assert chosen(shop.get(f"{PRO}?product=secret-product")) == ["pro-monthly"]


def test_every_input_has_a_label(shop):
    for address in (PRO, TEAM):
        text = shop.get(address).content.decode()
        inputs = re.findall(r'<input (?![^>]*type="hidden")[^>]*id="([^"]+)"', text)
        labels = re.findall(r'<label[^>]* for="([^"]+)"', text)
        assert inputs
        assert sorted(inputs) == sorted(labels)


def test_the_button_leads_to_the_pay_page(shop, service, ada):
    answer = shop.post(PRO, {"product": "pro-yearly", "next": "/report/?page=2"})
    session = CheckoutSession.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, session.url)
    assert session.product_id == "product-pro-yearly"
    assert (session.subscriber, session.next_url) == (ada, "/report/?page=2")
    assert "no-store" in answer["Cache-Control"]


def test_a_button_elsewhere_may_post_without_choosing(shop, service):
    assert shop.post(PRO).status_code == 303
    assert shop.post(TEAM).status_code == 303
    assert CheckoutSession.objects.get(plan="team").seats == 5


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_signs_in_first_finds_what_they_chose(service, client, ada, method):
    chosen = {"product": "pro-yearly", "discount": "SPRING", "next": "/report/"}
    answer = getattr(client, method)(PRO, {**chosen, "price": "1", "seats": "9" * 999})
    back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert parse_qs(urlsplit(back).query) == {name: [value] for name, value in chosen.items()}
    client.force_login(ada)
    text = client.get(back).content.decode()
    assert 'value="pro-yearly" checked' in text
    assert 'value="SPRING"' in text


def test_a_double_submit_ends_at_one_session(shop, service):
    first = shop.post(PRO, {"product": "pro-monthly"})
    second = shop.post(PRO, {"product": "pro-monthly"})
    assert first["Location"] == second["Location"]
    assert len(service.all(CheckoutSnapshot)) == 1


def test_a_form_without_its_csrf_token_is_refused(service, ada):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(PRO).status_code == 403
    assert service.all(CheckoutSnapshot) == []


def test_the_page_may_send_its_referrer_to_itself_or_csrf_would_fail(shop):
    assert shop.get(PRO)["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("product", ["secret-product", "product-secret-product", "team", "x" * 999])
def test_a_forged_product_is_refused(shop, service, product):
    answer = shop.post(PRO, {"product": product})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert service.all(CheckoutSnapshot) == []


@pytest.mark.parametrize("seats", ["1", "51", "-1", "0", "many", "1e3", "9" * 40])
def test_forged_seats_are_refused(shop, service, seats):
    assert shop.post(TEAM, {"seats": seats}).status_code == 400
    assert service.all(CheckoutSnapshot) == []


def test_nothing_else_the_browser_sends_matters(shop, service, ada):
    forged = {
        "price": "1",
        "amount": "1",
        "discount_id": "all-of-it",
        "trial_interval_count": "1000",
        "success_url": "https://evil.example/",
        "customer_id": "customer-of-somebody",
        "metadata": '{"plan": "team"}',
        "seats": "40",
    }
    shop.post(PRO, {"product": "pro-monthly", **forged})
    made = service.objects[CheckoutSession.objects.get().pk]
    assert made.seats is None
    assert set(made.metadata) == {"plan", "offer"}
    assert made.metadata["plan"] == "pro"
    assert made.amount is None
    assert not made.subscription_id
    assert made.success_url.startswith("http://testserver/billing/return/")
    assert service.objects[made.customer_id].external_id == str(ada.pk)


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "http:///evil.example",
        "\thttps://evil.example",
        "https://testserver.evil.example/",
        "/evil.example\x00/",
        "/evil.example\r\nSet-Cookie: x=1",
    ],
)
def test_next_never_leads_away(shop, service, evil):
    assert "evil.example" not in shop.get(PRO, {"next": evil}).content.decode()
    shop.post(PRO, {"next": evil})
    assert CheckoutSession.objects.get().next_url == ""


def test_the_page_carries_next_into_its_form(shop):
    assert 'name="next" value="/report/"' in shop.get(f"{PRO}?next=/report/").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_plan_does_not_exist(shop, method):
    assert getattr(shop, method)("/billing/checkout/gold/").status_code == 404


def test_other_methods_are_not_allowed(shop):
    assert shop.put(PRO).status_code == 405


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_visitor_signs_in_first_and_comes_back_to_the_page(service, client, method):
    answer = getattr(client, method)(f"{PRO}?next=/report/&customer_session_token=secret")
    target = urlsplit(answer["Location"])
    assert (answer.status_code, target.path) == (302, "/accounts/login/")
    assert parse_qs(target.query)["next"] == [f"{PRO}?next=%2Freport%2F"]


def test_the_login_address_can_be_set(service, client, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "LOGIN_URL": "/door/"}
    assert client.get(PRO)["Location"].startswith("/door/?next=")


def test_who_may_not_manage_billing_is_refused(shop, service, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "CAN_MANAGE_BILLING": lambda request, subscriber: False,
    }
    assert shop.get(PRO).status_code == 403
    assert shop.post(PRO).status_code == 403
    assert service.calls == []


def test_somebody_without_a_subscriber_is_told_so(shop, service, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "SUBSCRIBER_RESOLVER": lambda request: None,
    }
    assert shop.get(PRO).status_code == 403
    assert shop.post(PRO).status_code == 403
    assert service.calls == []


def test_a_customer_conflict_says_what_to_do(service, eve, client):
    client.force_login(eve)
    service.put(CustomerSnapshot(id="customer-legacy", email=eve.email))
    answer = client.post(PRO)
    assert answer.status_code == 409
    assert "Confirm your e-mail address" in answer.content.decode()
    assert eve.email not in answer.content.decode()


def test_a_subscriber_without_email_is_asked_for_one(shop, ada):
    ada.email = ""
    ada.save()
    answer = shop.post(PRO)
    assert answer.status_code == 409
    assert "We need your e-mail address" in answer.content.decode()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ProviderUnavailable("no answer"), 503),
        (AuthenticationFailed("wrong token", status=401), 502),
        (UnsafeTransaction("within a transaction"), 503),
    ],
)
@pytest.mark.parametrize("call", ["list products", "find_customer", "create_checkout"])
def test_a_provider_that_fails_gets_a_page_that_says_so(shop, service, fault, status, call):
    service.faults[call] = fault
    answer = shop.post(f"{PRO}?next=/report/")
    text = answer.content.decode()
    assert answer.status_code == status
    assert f'href="{PRO}?next=%2Freport%2F"' in text
    assert str(fault) not in text


def test_a_developer_is_told_more(shop, service, settings):
    settings.DEBUG = True
    service.faults["find_customer"] = AuthenticationFailed("The token is unknown.", status=401)
    assert "The token is unknown." in shop.post(PRO).content.decode()


def test_an_address_that_the_provider_refuses_is_named_to_the_buyer(shop, service):
    service.faults["create_customer"] = InvalidRequest(
        "It does not accept body.email.",
        errors=[{"loc": ["body", "email"], "msg": "The domain does not accept email."}],
    )
    answer = shop.post(PRO)
    assert answer.status_code == 409
    assert "Your e-mail address was not accepted" in answer.content.decode()


def test_a_rate_limit_says_when_to_come_back(shop, service):
    service.faults["create_checkout"] = RateLimited("slow down", retry_after=12.2)
    answer = shop.post(PRO)
    assert (answer.status_code, answer["Retry-After"]) == (503, "12")


def test_a_plan_whose_product_nobody_knows_is_a_page_and_a_log_line(
    shop, service, settings, caplog
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": {"pro": {"products": ["nope"]}}}
    assert shop.get(PRO).status_code == 503
    assert "nope" in caplog.text


def test_the_provider_is_called_outside_any_transaction(
    transactional_db, service, ada, client, settings
):
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    seen = []
    service.before["create_checkout"] = lambda: seen.append(connection.in_atomic_block)
    client.force_login(ada)
    try:
        assert client.post(PRO).status_code == 303
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert seen == [False]
