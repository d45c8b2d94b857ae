"""What a customer may change to: what the plans sell, and nothing else."""

import pytest

from polar_django.billing import ensure_customer
from polar_django.billing.alternatives import alternatives_to, proration_of, seats_to_choose
from polar_django.exceptions import ConfigurationError
from polar_django.models import Product, Subscription
from tests.billing.teamwork import buy_seats
from tests.entitlements.worlds import subscription as subscribe
from tests.mirror.worlds import mirror_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def monthly(service, ada):
    ensure_customer(ada)
    mirror_all()
    return subscribe(ada, provider="fake", product_id="product-pro-monthly")


def plans(settings, **more):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PLANS": {**settings.POLAR_DJANGO["PLANS"], **more},
    }


def test_the_other_products_of_the_plans_are_offered(
    monthly, service, settings, django_assert_num_queries
):
    service.sell("max", price=5000)
    service.sell("book", is_recurring=False, recurring_interval=None)
    service.sell("old")
    mirror_all()
    Product.objects.filter(key="old").update(is_archived=True)
    plans(
        settings, max={"products": ["max"]}, book={"products": ["book"]}, old={"products": ["old"]}
    )
    with django_assert_num_queries(3):  # products, prices, benefits
        offers = alternatives_to(monthly)
    # Neither what it is already, nor seats, nor what is bought once, nor what no plan sells.
    assert list(offers) == ["pro-yearly", "max"]
    assert offers["max"].price_texts == ("$50.00 a month",)


def test_a_price_that_the_plan_computes_is_not_one_of_the_catalogue(monthly, service, settings):
    service.sell("max")
    mirror_all()
    price = [{"amount_type": "fixed", "price_amount": 1, "price_currency": "usd"}]
    plans(settings, max={"products": ["max"], "prices": {"max": price}})
    assert list(alternatives_to(monthly)) == ["pro-yearly"]


def test_what_polar_refuses_to_change_to_is_not_offered(monthly, service, settings):
    for key, price in (
        ("tips", {"amount_type": "custom", "price_amount": None}),
        ("yen", {"price_currency": "jpy"}),
    ):
        service.sell(key)
        service.change(f"price-{key}", **price)
    mirror_all()
    plans(settings, tips={"products": ["tips"]}, yen={"products": ["yen"]})
    Subscription.objects.update(currency="usd")
    monthly.refresh_from_db()
    assert list(alternatives_to(monthly)) == ["pro-yearly"]


def test_another_providers_subscription_has_no_alternatives_here(monthly):
    Subscription.objects.update(provider="polar")
    monthly.refresh_from_db()
    assert alternatives_to(monthly) == {}


def test_a_team_changes_to_what_has_seats(service, ada, settings):
    bought = buy_seats(service, ada)
    service.sell("team-yearly")
    mirror_all()
    plans(settings, teams={"products": ["team-yearly"], "min_seats": 1})
    assert list(alternatives_to(bought)) == ["team-yearly"]


def test_seats_lie_within_the_plan_and_are_no_fewer_than_are_taken(service, ada, monthly):
    bought = buy_seats(service, ada)
    assert seats_to_choose(bought) == (2, 50)
    for number in range(3):
        bought.seat_set.create(
            pk=str(number), provider="fake", status="claimed", synced_at=bought.synced_at
        )
    assert seats_to_choose(bought) == (3, 50)
    Product.objects.filter(pk=bought.product_id).update(key="unsold", id="unsold")
    Subscription.objects.filter(pk=bought.pk).update(product="unsold")
    assert seats_to_choose(Subscription.objects.get(pk=bought.pk)) == (3, 10_000)
    assert seats_to_choose(monthly) is None


def downgrades_wait(subscription, *, product=None, seats=None):
    return "next_period" if seats and seats < subscription.seats else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", None),
        ("invoice", "invoice"),
        ("next_period", "next_period"),
        (lambda subscription, product, seats: "reset", "reset"),
        ("tests.billing.test_alternatives.downgrades_wait", "next_period"),
    ],
)
def test_the_project_says_how_a_change_is_billed(said, expected, service, ada, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": said}
    assert proration_of(buy_seats(service, ada), seats=2) == expected


def test_a_word_that_is_none_of_polars_is_an_error(monthly, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PRORATION": lambda *_, **__: "often"}
    with pytest.raises(ConfigurationError, match="next_period"):
        proration_of(monthly)
