"""Somebody who has a subscription already, and comes to buy another."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from polar_django.models import CheckoutSession, Subscription
from polar_django.snapshots import CheckoutSnapshot

PRO = "/billing/checkout/pro/"


@pytest.fixture
def shop(service, ada, client) -> Client:
    client.force_login(ada)
    return client


def hold(owner, product, **values):
    """A subscription in the mirror."""
    return Subscription.objects.create(
        id=f"subscription-{Subscription.objects.count()}",
        provider="fake",
        subscriber=owner,
        product_id=f"product-{product}",
        synced_at=timezone.now(),
        **{"status": "active", "amount": 1200, **values},
    )


@pytest.mark.parametrize("status", ["active", "trialing", "past_due", "paused"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_subscriber_of_the_plan_goes_where_it_is_changed(shop, service, ada, method, status):
    shop.get(PRO)
    Subscription.objects.create(
        id="subscription-1",
        provider="fake",
        subscriber=ada,
        product_id="product-pro-yearly",
        status=status,
        synced_at=timezone.now(),
    )
    answer = getattr(shop, method)(PRO)
    assert (answer.status_code, answer["Location"]) == (303, f"{reverse('polar:manage')}?plan=pro")
    assert service.all(CheckoutSnapshot) == []


@pytest.mark.parametrize(
    ("product", "told"),
    [
        ("pro-yearly", "You have this plan already, and it is paused: let it go on, or end it."),
        (
            "team",
            "You have a subscription that is paused: let it go on and change it, or end it, before "
            "you buy another one.",
        ),
    ],
)
def test_who_has_paused_is_told_to_go_on_or_to_end_it(shop, ada, product, told):
    shop.get(PRO)
    hold(ada, product, status="paused")
    answer = shop.post(PRO)
    assert answer["Location"] == "/billing/manage/?plan=pro"
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [told]


def test_a_subscription_that_ended_or_is_somebody_elses_is_no_hindrance(shop, service, ada, eve):
    shop.get(PRO)
    hold(ada, "pro-yearly", status="canceled")
    hold(eve, "pro-yearly")
    assert shop.post(PRO).status_code == 303
    assert CheckoutSession.objects.count() == 1


def test_another_subscription_is_changed_because_a_second_checkout_would_fail(
    shop, service, ada, settings
):
    shop.get(PRO)
    hold(ada, "team")
    assert shop.post(PRO)["Location"] == "/billing/manage/?plan=pro"
    assert service.all(CheckoutSnapshot) == []
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "MULTIPLE_SUBSCRIPTIONS": True}
    assert "/checkout/" in shop.post(PRO)["Location"]


def test_what_is_bought_once_is_never_hindered(shop, service, ada, settings):
    service.sell("ebook", is_recurring=False, recurring_interval=None)
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PLANS": {"ebook": {"products": ["ebook"]}},
    }
    hold(ada, "team")
    assert shop.post("/billing/checkout/ebook/")["Location"].startswith("https://pay.example/")


def test_a_free_subscription_is_upgraded_by_the_checkout(shop, service, ada):
    shop.get(PRO)
    free = hold(ada, "hobby", amount=0)
    assert shop.post(PRO)["Location"].startswith("https://pay.example/")
    assert CheckoutSession.objects.get().subscription_id == free.pk


def test_what_hinders_may_show_only_when_the_product_is_chosen(shop, service, ada, settings):
    service.sell("hobby", price=0)
    service.sell("ebook", is_recurring=False, recurring_interval=None)
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PLANS": {
            "any": {"products": ["hobby", "pro-monthly"]},
            "mixed": {"products": ["pro-monthly", "ebook"]},
        },
    }
    hold(ada, "hobby", amount=0)
    path = "/billing/checkout/any/"
    assert shop.get(path).status_code == 200
    assert shop.post(path, {"product": "hobby"})["Location"] == "/billing/manage/?plan=any"
    assert shop.post(path, {"product": "pro-monthly"})["Location"].startswith("https://pay.")

    Subscription.objects.update(amount=1200)
    path = "/billing/checkout/mixed/"
    assert shop.get(path).status_code == 200
    assert shop.post(path, {"product": "pro-monthly"})["Location"].startswith("/billing/manage/")
    assert shop.post(path, {"product": "ebook"})["Location"].startswith("https://pay.")


@pytest.mark.parametrize(
    "state",
    [
        {"amount": 1200},
        {"status": "trialing"},
        {"cancel_at_period_end": True},
        {"status": "paused"},
    ],
)
def test_only_a_free_subscription_that_lives_can_be_upgraded(shop, service, ada, state):
    shop.get(PRO)
    hold(ada, "hobby", **{"amount": 0, **state})
    assert not shop.post(PRO)["Location"].startswith("https://pay.example/")
    assert service.all(CheckoutSnapshot) == []
