"""Buying, end to end: our pages, the sandbox's API and its signed deliveries; nothing is faked."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from polar_django.billing import (
    cancel_subscription,
    create_checkout_session,
    create_portal_session,
    ensure_customer,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.entitlements import entitlements_for, refresh_entitlements
from polar_django.exceptions import ActionRefused
from polar_django.models import CheckoutSession, Customer, Order, Subscription, WebhookDelivery
from tests.billing.shelf import plans, stock
from tests.sandbox_fixtures import NotPaid

PRO = "/billing/checkout/pro/"


@pytest.fixture
def shop(sandbox: Any, ada: Any, client: Client) -> Client:
    cache.clear()
    client.force_login(ada)
    return client


def holds(user: Any, key: str) -> bool:
    refresh_entitlements(user)
    return key in entitlements_for(user)


def landing(session: CheckoutSession) -> str:
    """Where the pay page sends the buyer, as our client asks for it."""
    parts = urlsplit(session.success_url)
    return f"{parts.path}?{parts.query}"


def test_a_purchase_opens_the_gate_before_any_webhook_arrives(shop, sandbox, ada):
    answer = shop.post(PRO, {"product": "pro-yearly", "next": "/report/"})
    assert answer.status_code == 303
    session = CheckoutSession.objects.get()
    assert answer["Location"] == session.url

    paid = sandbox.pay(answer["Location"])
    token = paid["customer_session_token"]
    back = shop.get(f"{landing(session)}&customer_session_token={token}")
    assert token
    assert token not in back["Location"]
    onwards = shop.get(back["Location"])

    assert (onwards.status_code, onwards["Location"]) == (303, "/report/")
    assert holds(ada, "pro")
    assert holds(ada, "export")
    assert Order.objects.get().subscriber == ada
    before = Subscription.objects.get()
    assert before.subscriber == ada
    assert before.product.key == "pro-yearly"


def test_the_deliveries_that_follow_change_nothing(shop, sandbox, ada):
    shop.post(PRO)
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    shop.get(landing(session))
    sandbox.deliver()
    assert holds(ada, "pro")
    assert (Customer.objects.count(), Subscription.objects.count(), Order.objects.count()) == (
        1,
        1,
        1,
    )
    session.refresh_from_db()
    assert (session.subscriber, session.plan, session.status) == (ada, "pro", "succeeded")
    assert not WebhookDelivery.objects.filter(state__in=["failed", "dead"]).exists()


def test_a_declined_card_gives_nothing_and_the_same_session_can_be_paid(shop, sandbox, ada):
    shop.post(PRO)
    session = CheckoutSession.objects.get()
    with pytest.raises(NotPaid):
        sandbox.pay(session.url, card="4000 0000 0000 0002")
    waiting = shop.get(landing(session))
    assert waiting.status_code == 200
    assert session.url in waiting.content.decode()
    assert not holds(ada, "pro")

    cache.clear()
    assert shop.post(PRO)["Location"] == session.url
    sandbox.pay(session.url)
    assert shop.get(landing(session)).status_code == 303
    assert holds(ada, "pro")


def test_an_expired_session_says_so_and_a_new_one_can_be_made(shop, sandbox):
    shop.post(PRO)
    session = CheckoutSession.objects.get()
    sandbox.advance(days=2)
    assert "not completed" in shop.get(landing(session)).content.decode()
    assert shop.post(PRO)["Location"] != session.url


def test_who_has_the_plan_is_led_to_pages_that_exist(shop, sandbox):
    shop.post(PRO)
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    shop.get(landing(session))

    answer = shop.get(PRO)
    assert (answer.status_code, answer["Location"]) == (303, "/billing/manage/?plan=pro")
    assert shop.get(answer["Location"], follow=True).status_code == 200
    portal = shop.get("/billing/portal/")
    address = urlsplit(portal["Location"])
    assert portal.status_code == 303
    assert address.path.endswith("/portal")
    assert parse_qs(address.query)["customer_session_token"]


def test_a_purchase_seen_by_somebody_else_is_not_theirs(shop, sandbox, grace):
    shop.post(PRO)
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    other = Client()
    other.force_login(grace)
    assert other.get(landing(session)).status_code == 404
    assert not holds(grace, "pro")


def test_a_team_is_bought_with_the_seats_that_were_chosen(shop, sandbox, ada):
    shop.post("/billing/checkout/team/", {"seats": "7"})
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    assert shop.get(landing(session)).status_code == 303
    assert Subscription.objects.get().seats == 7


def test_a_thing_bought_once_is_held_and_can_be_bought_again(shop, sandbox, ada):
    shop.post("/billing/checkout/ebook/")
    session = CheckoutSession.objects.get()
    sandbox.pay(session.url)
    assert shop.get(landing(session)).status_code == 303
    assert holds(ada, "export")
    assert not Subscription.objects.exists()
    assert shop.post("/billing/checkout/ebook/")["Location"] != session.url


def test_an_email_that_is_taken_is_a_page_until_it_is_verified(shop, sandbox, ada, settings):
    taken = sandbox.api.post("/v1/customers/", json={"email": ada.email}).json()
    assert shop.post(PRO).status_code == 409
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda subscriber: True}
    assert shop.post(PRO).status_code == 303
    assert Customer.objects.get(subscriber=ada).pk == taken["id"]
    there = sandbox.api.get(f"/v1/customers/external/{ada.pk}").json()
    assert there["id"] == taken["id"]


def test_an_email_of_somebody_elses_customer_stays_theirs_even_if_verified(
    shop, sandbox, ada, settings
):
    sandbox.api.post("/v1/customers/", json={"email": ada.email, "external_id": "other-shop-1"})
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EMAIL_VERIFIED": lambda subscriber: True}
    assert shop.post(PRO).status_code == 409
    assert not Customer.objects.filter(subscriber=ada).exists()


def test_a_wrong_token_is_a_page_not_a_failure(shop, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": "polar_oat_wrong"}
    assert shop.post(PRO).status_code == 502


def test_a_server_nobody_answers_at_is_a_page_not_a_failure(shop, settings, caplog):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "SERVER": "http://testserver/nowhere"}
    assert shop.post(PRO).status_code in {502, 503}


@pytest.fixture
def subscription(sandbox, ada) -> Subscription:
    """Ada's, bought and delivered."""
    cache.clear()
    session = create_checkout_session(ada, "pro", success_url="http://testserver/")
    sandbox.pay(session.url)
    sandbox.deliver()
    return Subscription.objects.get()


def test_cancel_uncancel_and_revoke_hold_there_and_here(subscription, sandbox, ada):
    def there() -> dict[str, Any]:
        return sandbox.api.get(f"/v1/subscriptions/{subscription.pk}").json()

    for _ in range(2):
        cancel_subscription(subscription, reason="too_expensive", comment="Sorry")
        assert there()["cancel_at_period_end"] is True
        assert Subscription.objects.get().is_ending
    assert there()["customer_cancellation_reason"] == "too_expensive"
    assert holds(ada, "pro")

    for _ in range(2):
        uncancel_subscription(subscription)
        assert there()["cancel_at_period_end"] is False
        assert not Subscription.objects.get().is_ending

    for _ in range(2):
        revoke_subscription(subscription)
        assert there()["status"] == "canceled"
        assert not Subscription.objects.get().is_active
    sandbox.deliver()
    assert not holds(ada, "pro")
    with pytest.raises(ActionRefused):
        uncancel_subscription(subscription)


def test_a_verb_and_the_deliveries_it_causes_agree(subscription, sandbox):
    cancel_subscription(subscription)
    after_verb = Subscription.objects.values().get()
    sandbox.deliver()
    after_delivery = Subscription.objects.values().get()
    changing = {"as_of", "synced_at", "raw"}
    assert {k: v for k, v in after_verb.items() if k not in changing} == {
        k: v for k, v in after_delivery.items() if k not in changing
    }


def test_a_canceled_subscription_runs_out_with_its_period(subscription, sandbox, ada):
    cancel_subscription(subscription)
    sandbox.advance(days=40)
    assert Subscription.objects.get().status == "canceled"
    assert not holds(ada, "pro")


def test_the_portal_of_somebody_the_mirror_has_lost_is_found(sandbox, ada):
    customer = ensure_customer(ada)
    Customer.objects.all().delete()
    session = create_portal_session(ada, "http://testserver/account/")
    assert "customer_session_token=" in session.url
    assert Customer.objects.get().pk == customer.pk


def test_a_full_copy_after_losing_everything_gives_the_same_access(subscription, sandbox, ada):
    for table in (Subscription, Order, Customer):
        table.objects.all().delete()
    assert not Subscription.objects.exists()
    with pytest.raises(CommandError):
        call_command("polar_sync", "--check")
    call_command("polar_sync")
    call_command("polar_sync", "--check")
    assert Subscription.objects.get().subscriber == ada
    assert holds(ada, "pro")


def test_a_deleted_customer_is_not_used_again(sandbox, ada):
    first = ensure_customer(ada)
    sandbox.api.delete(f"/v1/customers/{first.pk}")
    sandbox.deliver()
    second = ensure_customer(ada)
    assert second.pk != first.pk
    assert second.subscriber == ada


def test_a_free_plan_is_upgraded_on_the_same_way(shop, sandbox, ada, settings):
    stock(sandbox)
    plans(settings, hobby={"products": ["hobby"]}, pro={"products": ["pro-monthly"]})
    shop.post("/billing/checkout/hobby/")
    free = CheckoutSession.objects.get()
    sandbox.confirm(free.url, customer_name="Ada", customer_billing_address={"country": "NL"})
    assert shop.get(landing(free)).status_code == 303
    assert holds(ada, "thanks")
    assert not holds(ada, "pro")
    assert shop.get("/billing/checkout/hobby/")["Location"] == "/billing/manage/?plan=hobby"

    cache.clear()
    assert shop.get(PRO).status_code == 200
    shop.post(PRO)
    session = CheckoutSession.objects.get(plan="pro")
    sandbox.pay(session.url)
    assert shop.get(landing(session)).status_code == 303
    assert holds(ada, "pro")
    assert Subscription.objects.get().product.key == "pro-monthly"


def test_the_pages_can_be_read_without_a_style_or_a_script(shop, sandbox):
    """Headings, labels and one button each: what a screen reader goes by."""
    for path in (PRO, "/billing/checkout/team/"):
        text = shop.get(path).content.decode()
        assert text.count("<h1") == 1
        assert text.count("<button") == 1
        assert "<script" not in text
        assert '<html lang="en' in text
