"""Buying in a project as strict as Django can be. Run by test_strict.py, in its own settings."""

import re
import uuid

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from polar_django.billing import cancel_subscription, revoke_subscription
from polar_django.models import BenefitGrant, CheckoutSession, Customer, Subscription

pytestmark = pytest.mark.django_db

# Django's test client asks for addresses beneath the prefix, as a server does.
HERE = "/de"


@pytest.fixture(autouse=True)
def a_language_of_its_own_for_the_sandbox(monkeypatch):
    """In these tests the sandbox answers in the same thread; elsewhere it is another process."""
    answer = httpx.WSGITransport.handle_request

    def answer_and_put_back(transport, request):
        language = translation.get_language()
        try:
            return answer(transport, request)
        finally:
            translation.activate(language)

    monkeypatch.setattr(httpx.WSGITransport, "handle_request", answer_and_put_back)


@pytest.fixture
def person(sandbox):
    cache.clear()
    return get_user_model().objects.create_user("ada@example.com")


@pytest.fixture
def browser(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


def press_buy(browser, **data):
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"',
        browser.get(f"{HERE}/billing/checkout/pro/").content.decode(),
    )
    assert token
    return browser.post(
        f"{HERE}/billing/checkout/pro/", {"csrfmiddlewaretoken": token.group(1), **data}
    )


def without_prefix(address):
    return address.removeprefix("http://testserver").removeprefix("/app")


def test_a_whole_purchase_from_the_gate_and_back_through_it(browser, person, sandbox):
    refused = browser.get(f"{HERE}/report/")
    assert refused["Location"].startswith(f"/app{HERE}/pricing/?")
    assert f"next=/app{HERE}/report/" in refused["Location"]

    answer = press_buy(browser, next=f"/app{HERE}/report/")
    session = CheckoutSession.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, session.url)
    assert session.success_url == (
        f"http://testserver/app{HERE}/billing/return/?checkout_id={session.pk}"
    )
    customer = Customer.objects.get()
    assert customer.subscriber == person
    assert customer.external_id == f"staging:{person.pk}"

    sandbox.pay(session.url)
    landed = browser.get(without_prefix(f"{session.success_url}&customer_session_token=secret"))
    assert landed.status_code == 303
    landed = browser.get(without_prefix(landed["Location"]))
    assert (landed.status_code, landed["Location"]) == (303, f"/app{HERE}/report/")
    assert browser.get(f"{HERE}/report/").content == b"open"
    assert browser.get(f"{HERE}/areport/").content == b"open"

    sandbox.deliver()
    subscription = Subscription.objects.get()
    assert subscription.subscriber == person
    assert cancel_subscription(subscription).cancel_at_period_end
    revoke_subscription(subscription)
    sandbox.deliver()
    assert not BenefitGrant.objects.active().exists()
    assert browser.get(f"{HERE}/report/").status_code == 302


def test_without_next_the_success_address_is_found_by_its_name(browser, sandbox):
    press_buy(browser)
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    landed = browser.get(f"{HERE}/billing/return/", {"checkout_id": session.pk})
    assert landed["Location"] == f"/app{HERE}/pricing/"


def test_a_visitor_reaches_the_login_and_no_more(client, person):
    for address in ("checkout/pro/", "portal/", "return/?checkout_id=x&token=secret"):
        answer = client.get(f"{HERE}/billing/{address}")
        if answer.status_code == 303:
            answer = client.get(without_prefix(answer["Location"]))
        assert answer["Location"].startswith(f"/app{HERE}/login/?next=/app{HERE}/billing/")
        assert "secret" not in answer["Location"]
    assert client.get(f"{HERE}/billing/status/", {"checkout_id": "x"}).status_code == 404


def test_the_portal_opens_for_who_has_bought(browser, sandbox):
    assert browser.get(f"{HERE}/billing/portal/")["Location"] == f"/app{HERE}/pricing/"
    press_buy(browser)
    assert "customer_session_token=" in browser.get(f"{HERE}/billing/portal/")["Location"]


def test_a_customer_of_the_other_environment_is_nobody_here(person, sandbox):
    for prefix in ("", "production:"):
        sandbox.api.post(
            "/v1/customers/",
            json={"email": f"{uuid.uuid4()}@example.com", "external_id": f"{prefix}{person.pk}"},
        )
    sandbox.deliver()
    assert Customer.objects.count() == 2
    assert not Customer.objects.filter(subscriber=person).exists()


def test_the_button_of_another_page_brings_its_own_token(browser, person):
    page = browser.get(f"{HERE}/pricing/?next=/app{HERE}/report/").content.decode()
    action = re.search(r'action="([^"]+)"', page)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]+)"', page))
    assert action
    assert browser.post(without_prefix(action.group(1)), fields).status_code == 303
    assert CheckoutSession.objects.get().next_url == f"/app{HERE}/report/"


def test_a_forged_host_buys_nothing(browser):
    answer = browser.get(f"{HERE}/billing/checkout/pro/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
