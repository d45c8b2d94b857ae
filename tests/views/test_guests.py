"""Buying without an account, end to end, against the sandbox."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.test import Client

from polar_django.billing import create_checkout_session, guests
from polar_django.billing.guests import claim_purchases
from polar_django.entitlements import has_benefit
from polar_django.exceptions import InvalidRequest, ProviderUnavailable
from polar_django.models import CheckoutSession, Customer, Order
from polar_django.providers.polar.provider import PolarProvider
from tests.billing.lost_answers import lost_answer
from tests.billing.shelf import plans, stock
from tests.views.test_buying import landing

GIFT = "/billing/checkout/gift/"
BUYER = "grace@example.com"


def vouch_for_all(subscriber: Any) -> bool:
    return True


@pytest.fixture
def shop(sandbox: Any, settings: Any) -> Any:
    stock(sandbox)
    cache.clear()
    plans(
        settings,
        gift={"products": ["euro"], "guests": True},
        pro={"products": ["pro-monthly"]},
    )
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": vouch_for_all}
    return sandbox


@pytest.fixture
def bought(shop: Any, client: Client) -> CheckoutSession:
    """A guest's purchase, paid with Grace's address."""
    client.post(GIFT, {"next": "/report/"})
    session = CheckoutSession.objects.get()
    shop.pay(session.url, customer_email=BUYER)
    return session


def test_a_guest_buys_and_is_asked_to_sign_in(shop, bought, client):
    page = client.get(landing(bought))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Thank you" in text
    assert "/accounts/login/?next=/billing/return/%3Fcheckout_id%3D" in text
    bought.refresh_from_db()
    assert bought.subscriber is None
    assert bought.metadata["guest"] is True
    assert Order.objects.get().subscriber is None


def test_of_a_guest_nobody_asks_who_subscribes(shop, client, settings):
    def of_user(request):
        return request.user.profile.team  # a visitor has neither

    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "SUBSCRIBER_RESOLVER": of_user}
    assert client.get(GIFT).status_code == 200
    assert client.post(GIFT).status_code == 303
    session = CheckoutSession.objects.get()
    status = client.get("/billing/status/", {"checkout_id": session.pk})
    assert (status.status_code, status.json()) == (200, {"state": "pending"})
    assert client.get(landing(session)).status_code == 200


def test_the_purchase_becomes_theirs_who_signs_in_with_the_verified_address(
    shop, bought, client, grace, django_capture_on_commit_callbacks
):
    client.get(landing(bought))
    with django_capture_on_commit_callbacks(execute=True):
        client.force_login(grace)
    assert has_benefit(grace, "thanks")
    customer = Customer.objects.get()
    assert customer.subscriber == grace
    told = shop.api.get(f"/v1/customers/{customer.pk}").json()
    assert told["external_id"] == str(grace.pk)
    back = client.get(landing(bought))
    assert (back.status_code, back["Location"]) == (303, "/report/")


def test_the_return_page_claims_where_the_webhook_came_after_signing_in(
    shop, bought, client, grace
):
    client.force_login(grace)
    assert client.get(landing(bought))["Location"] == "/report/"
    assert has_benefit(grace, "thanks")


@pytest.mark.parametrize("own", ["grace@example.com", "Grace@example.com"])
@pytest.mark.parametrize("typed", ["Grace@example.com", "GRACE@EXAMPLE.COM"])
def test_an_address_is_the_same_in_capitals(shop, client, grace, own, typed):
    client.post(GIFT)
    shop.pay(CheckoutSession.objects.get().url, customer_email=typed)
    shop.deliver()
    grace.email = own
    grace.save()
    assert [row.subscriber for row in claim_purchases(grace)] == [grace]


def test_an_address_that_looks_alike_is_another(shop, bought, client, grace):
    """To MySQL an accent is no difference, and whoever owns the other domain can verify it."""
    shop.deliver()
    grace.email = "grace@exámple.com"
    grace.save()
    assert claim_purchases(grace) == []
    assert Customer.objects.get().subscriber is None


@pytest.mark.parametrize("why", ["unverified", "another address", "inactive"])
def test_nobody_else_gets_it(shop, bought, client, grace, ada, settings, why):
    client.get(landing(bought))
    user = ada if why == "another address" else grace
    if why == "unverified":
        settings.POLAR_DJANGO = {
            **settings.POLAR_DJANGO,
            "EMAIL_VERIFIED": lambda subscriber: False,
        }
    if why == "inactive":
        user.is_active = False
        user.save()
    client.force_login(user)
    assert claim_purchases(user) == []
    assert Customer.objects.get().subscriber is None
    if why != "inactive":
        page = client.get(landing(bought))
        assert page.status_code == 200
        assert "not confirmed in this account" in page.content.decode()


def test_an_imported_customer_is_not_claimed_by_its_address(shop, grace, client):
    shop.api.post("/v1/customers/", json={"email": BUYER})
    shop.deliver()
    client.force_login(grace)
    assert Customer.objects.get().subscriber is None


def test_a_customer_of_another_account_stays_theirs(shop, client, grace):
    shop.api.post("/v1/customers/", json={"email": BUYER, "external_id": "other-shop-7"})
    client.post(GIFT)
    session = CheckoutSession.objects.get()
    shop.pay(session.url, customer_email=BUYER)
    client.get(landing(session))
    client.force_login(grace)
    assert Customer.objects.get().subscriber is None


def test_buying_again_with_an_account_takes_the_guests_customer_over(shop, bought, client, grace):
    client.get(landing(bought))
    create_checkout_session(grace, "pro", success_url="http://testserver/")
    assert Customer.objects.get().subscriber == grace
    assert has_benefit(grace, "thanks")


def test_signing_in_never_fails_for_it(
    shop, bought, client, grace, monkeypatch, django_capture_on_commit_callbacks
):
    client.get(landing(bought))

    def down(self, customer_id, external_id):
        raise ProviderUnavailable("down")

    monkeypatch.setattr(PolarProvider, "set_external_id", down)
    with django_capture_on_commit_callbacks(execute=True):
        client.force_login(grace)
    assert Customer.objects.get().subscriber == grace
    assert has_benefit(grace, "thanks")


def test_signing_in_calls_nobody_before_the_projects_transaction_ends(
    shop, bought, client, grace, django_capture_on_commit_callbacks
):
    """With ATOMIC_REQUESTS the customer's lock is held until then."""
    client.get(landing(bought))
    with django_capture_on_commit_callbacks() as later, transaction.atomic():
        client.force_login(grace)
    customer = Customer.objects.get()
    assert customer.subscriber == grace
    there = f"/v1/customers/{customer.pk}"
    assert shop.api.get(there).json()["external_id"] is None
    for call in later:
        call()
    assert shop.api.get(there).json()["external_id"] == str(grace.pk)


def test_a_statement_that_is_refused_leaves_the_projects_transaction_whole(
    shop, bought, client, grace, monkeypatch
):
    """PostgreSQL takes no statement after it, unless the transaction goes back before it."""
    client.get(landing(bought))

    def refuse(customer, user):
        Customer.objects.update(name="half done")
        raise DatabaseError("of the project's own trigger")

    monkeypatch.setattr(guests, "link_customer", refuse)
    client.force_login(grace)
    assert not Customer.objects.filter(name="half done").exists()
    assert client.session["_auth_user_id"] == str(grace.pk)


def test_a_function_that_fails_keeps_nobody_out(shop, bought, client, grace, settings):
    def fail(subscriber):
        raise RuntimeError("of the project's own")

    client.get(landing(bought))
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": fail}
    client.force_login(grace)
    assert client.session["_auth_user_id"] == str(grace.pk)


def test_the_return_page_is_for_the_browser_that_bought(shop, bought, ada):
    assert Client().get(landing(bought)).status_code == 302
    assert Client().get(f"/billing/status/?checkout_id={bought.pk}").status_code == 404
    other = Client()
    other.force_login(ada)
    assert other.get(landing(bought)).status_code == 404


def test_a_guests_status_is_told_to_their_browser(shop, bought, client):
    answer = client.get(f"/billing/status/?checkout_id={bought.pk}")
    assert answer.json() == {"state": "active"}


def test_a_second_click_finds_the_same_session_and_another_browser_does_not(shop, client):
    first = client.post(GIFT)["Location"]
    assert client.post(GIFT)["Location"] == first
    assert Client().post(GIFT)["Location"] != first


def test_a_guests_session_is_found_although_no_answer_named_it(shop, client):
    other = Client()
    other.post(GIFT)
    with lost_answer("POST", "/v1/checkouts/"):
        first = client.post(GIFT)
    assert first.status_code == 303
    assert client.post(GIFT)["Location"] == first["Location"]
    assert other.post(GIFT)["Location"] != first["Location"]
    assert shop.api.get("/v1/checkouts/").json()["pagination"]["total_count"] == 2


def test_a_guest_never_gets_the_session_of_another(shop, client):
    Client().post(GIFT)
    CheckoutSession.objects.all().delete()
    with lost_answer("POST", "/v1/checkouts/", arrives=False):
        assert client.post(GIFT).status_code == 503
    assert not CheckoutSession.objects.exists()


def test_other_plans_still_ask_for_an_account(shop, client):
    assert client.post("/billing/checkout/pro/").status_code == 302
    assert client.get("/billing/checkout/none/").status_code == 302
    with pytest.raises(InvalidRequest) as caught:
        create_checkout_session(None, "pro", success_url="http://testserver/")
    assert caught.value.code == "guests_not_served"


def test_who_is_signed_in_is_no_guest(shop, client, ada):
    client.force_login(ada)
    client.post(GIFT)
    assert CheckoutSession.objects.get().subscriber == ada
