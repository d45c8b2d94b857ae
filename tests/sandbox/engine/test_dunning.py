"""Payments that fail: the timetable, the grace, the end, and the ways back."""

from datetime import datetime, timedelta

import pytest

from polar_django.sandbox import cards
from polar_django.sandbox.engine import payment_methods, schedule
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import BenefitGrant, Order, Subscription
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop
from tests.sandbox.engine.sequences import RECOVERED, RENEWED

LOST_LATER = "4000 0000 0000 9987"


@pytest.fixture
def past_due(failing: Subscription, ears: Ears) -> Subscription:
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    ears.events()
    return Subscription.objects.get()


def set_grace(days: int) -> None:
    update_organization({"subscription_settings": {"benefit_revocation_grace_period": days}})


def held() -> int:
    return BenefitGrant.objects.filter(granted_at__isnull=False).count()


def next_attempt() -> datetime | None:
    return Order.objects.latest("created_at").next_payment_attempt_at


def test_the_attempts_come_after_two_five_seven_and_seven_days(past_due: Subscription) -> None:
    assert past_due.past_due_at is not None
    days = []
    while (at := next_attempt()) is not None:
        days.append(round((at - past_due.past_due_at) / timedelta(days=1), 1))
        schedule.move_to(at + timedelta(hours=1, minutes=1))

    # Each attempt is made at the full hour, so a day grows a little.
    assert [round(each) for each in days] == [2, 7, 14, 21]
    assert Subscription.objects.get().status == "canceled"
    assert Order.objects.latest("created_at").failed_payment_attempts == 5


def test_nothing_is_said_of_attempts_between_the_first_and_the_last(
    past_due: Subscription, ears: Ears
) -> None:
    schedule.advance(days=20)

    assert ears.types() == []
    assert Order.objects.latest("created_at").failed_payment_attempts == 4


def test_after_the_end_nothing_is_tried_again(past_due: Subscription, ears: Ears) -> None:
    schedule.advance(days=25)
    ears.events()

    schedule.advance(days=60)

    assert ears.types() == []


def test_within_the_grace_the_benefits_stay_and_go_with_the_first_attempt_after_it(
    failing: Subscription, ears: Ears
) -> None:
    set_grace(7)
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    assert "benefit_grant.revoked" not in ears.types()
    assert held() == 2

    # The attempt after two days is inside, the one after seven at the edge.
    schedule.advance(days=6)
    assert held() == 2
    schedule.advance(days=2)

    assert ears.types() == [*["benefit_grant.revoked"] * 2, "customer.state_changed"]
    assert held() == 0
    assert Subscription.objects.get().status == "past_due"


def test_no_timer_ends_the_grace(failing: Subscription) -> None:
    set_grace(2)
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    at = next_attempt()
    assert at is not None

    schedule.move_to(at - timedelta(seconds=1))
    assert held() == 2
    schedule.move_to(at + timedelta(hours=1, minutes=1))

    assert held() == 0


def test_a_payment_within_the_grace_brings_no_grants_since_none_went(
    failing: Subscription, ears: Ears
) -> None:
    set_grace(21)
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    ears.events()

    payment_methods.replace_card(failing.customer, cards.find_card(PAYS))

    assert ears.types() == [name for name in RECOVERED if name != "benefit_grant.created"]


def test_at_the_end_the_grace_protects_nothing(failing: Subscription) -> None:
    set_grace(21)
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))

    schedule.advance(days=23)

    assert Subscription.objects.get().status == "canceled"
    assert held() == 0


def test_a_card_replaced_late_recovers_and_the_next_renewal_is_on_its_old_day(
    past_due: Subscription, ears: Ears
) -> None:
    end = past_due.current_period_end
    schedule.advance(days=9)

    payment_methods.replace_card(past_due.customer, cards.find_card(PAYS))

    assert ears.types() == RECOVERED
    row = Subscription.objects.get()
    assert (row.status, row.past_due_at, row.current_period_end) == ("active", None, end)
    schedule.move_to(end + timedelta(minutes=1))
    assert ears.types() == RENEWED


def test_another_bad_card_changes_nothing_and_spends_no_attempt(
    past_due: Subscription, ears: Ears
) -> None:
    before = next_attempt()

    payment_methods.replace_card(past_due.customer, cards.find_card(FAILS_LATER))

    assert ears.types() == []
    assert next_attempt() == before
    assert Order.objects.latest("created_at").failed_payment_attempts == 1


def test_a_lost_card_is_tried_once_more_when_all_attempts_would_be_over(
    shop: Shop, ears: Ears
) -> None:
    shop.buy(shop.pro, LOST_LATER)
    shop.roll_to(Subscription.objects.get().current_period_end)
    ears.events()
    past_due_at = Subscription.objects.get().past_due_at
    assert past_due_at is not None
    assert next_attempt() == past_due_at + timedelta(days=21, minutes=1)

    schedule.advance(days=20)
    assert ears.types() == []
    schedule.advance(days=2)

    assert ears.types()[:3] == [
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
    ]
    assert Order.objects.latest("created_at").failed_payment_attempts == 2


def test_without_any_card_the_order_says_when_it_is_tried_again(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro)
    Subscription.objects.update(payment_method=None)
    ears.events()

    schedule.advance(days=31, minutes=1)

    names = ears.types()
    assert names[2:6] == [
        "order.created",
        "order.updated",
        "subscription.updated",
        "subscription.past_due",
    ]


def test_a_weekly_plan_piles_up_orders_while_it_is_not_paid(shop: Shop) -> None:
    weekly = shop.product("Weekly", 700, interval="week")
    shop.buy(weekly, FAILS_LATER)

    schedule.advance(days=16)

    assert Order.objects.filter(status="pending").count() == 2
    payment_methods.replace_card(Subscription.objects.get().customer, cards.find_card(PAYS))
    assert not Order.objects.filter(status="pending").exists()
    assert Subscription.objects.get().status == "active"
