"""`polar_django.testing`: what a project's test writes down, the gates believe."""

from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.entitlements import entitlements_for, has_benefit, has_purchased, plan_of
from polar_django.models import Benefit
from polar_django.testing import (
    end_subscription,
    give_benefit,
    make_order,
    make_subscription,
    set_meter,
    take_benefit,
)
from polar_django.usage import meter_balance
from tests.entitlements.worlds import again

pytestmark = pytest.mark.django_db


def test_a_benefit_is_held_at_once_and_taken_at_once(ada, grace):
    assert not has_benefit(ada, "pro")
    give_benefit(ada, "pro", metadata={"projects": 10})
    give_benefit(ada, "pro")
    assert has_benefit(ada, "pro")
    assert entitlements_for(ada).limit("projects") == 10
    assert not has_benefit(grace, "pro")
    assert take_benefit(ada, "pro") == 2
    assert not has_benefit(ada, "pro")
    assert take_benefit(ada, "pro") == 0


def test_a_seat_is_its_holders_and_can_be_taken(ada, grace):
    give_benefit(ada, "pro", user=grace)
    assert has_benefit(grace, "pro")
    assert not has_benefit(ada, "pro")
    assert take_benefit(grace, "pro") == 1
    assert not has_benefit(again(grace), "pro")


def test_a_benefit_ends_when_it_is_said_to(ada):
    give_benefit(ada, "pro", expires_at=timezone.now() - timedelta(seconds=1))
    assert not has_benefit(ada, "pro")


def test_a_key_of_the_settings_is_that_benefit(ada, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "BENEFITS": {"gold": "ben_1"}}
    give_benefit(ada, "gold")
    assert has_benefit(ada, "gold")
    assert Benefit.objects.get().pk == "ben_1"


def test_a_subscription_brings_its_benefits_and_takes_them_along(ada):
    bought = make_subscription(ada, "pro", benefits=["pro", "export"])
    make_subscription(ada, "team", status="past_due", seats=5)
    assert plan_of(ada) == "pro"
    assert bought.is_active
    assert (bought.product.key, bought.customer.subscriber) == ("pro-monthly", ada)
    assert has_benefit(ada, "export")
    end_subscription(bought)
    assert bought.has_ended
    assert plan_of(ada) is None
    assert not has_benefit(ada, "export")


def test_an_order_is_a_purchase_until_it_is_refunded(ada):
    order = make_order(ada, "ebook", tax_amount=190)
    assert (order.net_amount, order.total_amount) == (1000, 1190)
    assert has_purchased(ada, "ebook")
    order.delete()
    make_order(ada, "ebook", refunded_amount=1000, status="refunded")
    assert not has_purchased(ada, "ebook")


def test_a_meter_stands_where_it_was_set(ada):
    set_meter(ada, "tokens", credited=1000, consumed=300)
    assert meter_balance(ada, "tokens").available == 700
    set_meter(ada, "tokens", credited=1000, consumed=1000)
    assert meter_balance(ada, "tokens").available == 0
    assert entitlements_for(ada).meters["tokens"].balance == 0
