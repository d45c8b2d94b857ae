"""Who holds a benefit, which plan they are on, what they have bought."""

import pytest

from polar_django.entitlements import entitlements_for, has_purchased, holders_of, plan_of
from tests.entitlements.worlds import (
    again,
    benefit,
    blocked,
    expired,
    grant,
    order,
    person,
    revoked,
    seat,
)
from tests.entitlements.worlds import subscription as subscribe

pytestmark = pytest.mark.django_db

PLANS = {
    "pro": {"products": ["pro-monthly", "pro-yearly"]},
    "team": {"products": ["prod_team"]},
    "mapped": {"products": ["lifetime"]},
}


def test_holders_are_those_of_whom_the_gate_says_yes(settings, django_assert_num_queries):
    settings.POLAR_DJANGO = {"BENEFITS": {"gold": "ben_mapped"}}
    benefit("pro", id="ben_mapped")
    benefit("", id="ben_bare")
    people = [person() for _ in range(9)]
    grant(people[0], "pro")
    grant(people[0], "pro")
    revoked(people[1], "pro")
    expired(people[2], "pro")
    blocked(people[3], "pro")
    seat(people[4], people[5], "pro")
    grant(people[6], benefit_id="ben_mapped")
    grant(people[7], benefit_id="ben_bare")
    grant(people[8], benefit_id="ben_unseen")
    grant(None, "pro")
    for key in ["pro", "gold", "ben_bare", "ben_unseen", "ben_mapped", "ben_pro", "unknown", ""]:
        with django_assert_num_queries(1):
            holders = set(holders_of(key))
        assert holders == {one for one in people if key in entitlements_for(again(one))}, key
    assert set(holders_of("pro")) == {people[0], people[5]}


def test_a_free_benefit_is_held_by_everybody(settings):
    settings.POLAR_DJANGO = {"FREE_BENEFITS": ["read"]}
    ada = person("ada")
    assert list(holders_of("read")) == [ada]


def test_the_plan_is_the_one_that_has_the_product_of_an_active_subscription(
    settings, django_assert_num_queries
):
    settings.POLAR_DJANGO = {"PLANS": PLANS, "PRODUCTS": {"lifetime": "prod_forever"}}
    ada, grace, edsger, alan = person(), person(), person(), person()
    subscribe(ada, "pro-yearly")
    subscribe(grace, "pro-yearly", status="past_due")
    subscribe(grace, "team", status="trialing")
    subscribe(edsger, "never-configured")
    subscribe(alan, product_id="prod_forever")
    with django_assert_num_queries(2):
        assert plan_of(ada) == "pro"
        assert plan_of(ada) == "pro"
    assert plan_of(grace) == "team"
    assert plan_of(edsger) is None
    assert plan_of(alan) == "mapped"
    assert plan_of(None) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"net_amount": 0, "total_amount": 0, "tax_amount": 0}, True),
        ({"status": "partially_refunded", "refunded_amount": 400}, True),
        ({"status": "refunded", "refunded_amount": 1000}, False),
        ({"refunded_amount": 1000}, False),
        ({"paid": False, "status": "pending"}, False),
        ({"product_id": "prod_other"}, False),
    ],
)
def test_a_purchase_is_a_paid_order_that_was_not_wholly_refunded(values, expected):
    ada = person("ada")
    order(ada, "ebook", **values)
    assert has_purchased(ada, "ebook") is expected
    assert has_purchased(ada, "prod_ebook") is expected
    assert not has_purchased(person("grace"), "ebook")
    assert not has_purchased(None, "ebook")


def test_a_plan_is_purchased_with_any_of_its_products(settings):
    settings.POLAR_DJANGO = {"PLANS": {"book": {"products": ["ebook", "paper"]}}}
    ada = person("ada")
    order(ada, "paper")
    assert has_purchased(ada, "book")
    assert not has_purchased(ada, "ebook")


def test_a_name_means_what_it_means_at_checkout(settings):
    settings.POLAR_DJANGO = {
        "PLANS": {"ebook": {"products": ["paper"]}},
        "PRODUCTS": {"paper": "prod_newest"},
    }
    ada, grace = person("ada"), person("grace")
    order(ada, "ebook")
    order(ada, "paper")
    assert not has_purchased(ada, "ebook")
    assert not has_purchased(ada, "paper")
    order(grace, product_id="prod_newest")
    assert has_purchased(grace, "ebook")
    assert has_purchased(grace, "paper")
