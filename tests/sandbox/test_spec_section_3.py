"""Rules of a subscription's life that the tests of each module leave open."""

from datetime import UTC, datetime, timedelta

import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.engine import (
    catalog,
    checkouts,
    manual_payments,
    pauses,
    schedule,
    seats,
    subscriptions,
)
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import (
    Order,
    PaymentMethod,
    Subscription,
)
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop
from tests.sandbox.engine.sequences import ENDED, PAST_DUE, RENEWED, RESUMED
from tests.sandbox.lives import SEATS, held, on, past_due, subscribe

# Ends, and pauses


def test_one_that_is_past_due_can_be_canceled_at_the_end_of_its_period(
    shop: Shop, ears: Ears
) -> None:
    weekly = shop.product("Weekly", 700, interval="week", benefits=shop.benefits)
    subscription = past_due(shop, weekly)
    ears.events()

    subscriptions.cancel_at_period_end(subscription)
    assert ears.types() == ["subscription.updated", "subscription.canceled", ENDED[-1]]
    shop.roll_to(subscription.current_period_end)

    # The benefits were gone before, and the order that nobody paid is void.
    assert ears.types() == [*ENDED[:3], "order.updated", "customer.state_changed"]
    row = Subscription.objects.get()
    assert (row.status, row.ends_at) == ("canceled", subscription.current_period_end)
    assert row.ended_at is not None
    assert row.ended_at > subscription.current_period_end
    assert Order.objects.latest("created_at").status == "void"


@pytest.mark.parametrize("scheduled", ["end", "pause"])
def test_ending_at_once_forgets_what_was_scheduled(shop: Shop, scheduled: str) -> None:
    subscription = subscribe(shop)
    end = subscription.current_period_end
    if scheduled == "end":
        subscriptions.cancel_at_period_end(subscription, reason="too_complex")
    else:
        pauses.schedule_pause(subscription, resumes_at=end + timedelta(days=5))

    subscriptions.revoke(subscription)

    row = Subscription.objects.get()
    assert row.canceled_at == row.ends_at == row.ended_at != end
    assert (row.cancel_at_period_end, row.pause_at_period_end, row.resumes_at) == (
        False,
        False,
        None,
    )
    kept = "too_complex" if scheduled == "end" else None
    assert row.customer_cancellation_reason == kept


def test_a_rest_does_not_turn_into_a_debt(shop: Shop, ears: Ears) -> None:
    """A plan can rest while an order of an earlier week is still tried."""
    subscription = past_due(shop, shop.product("Weekly", 700, interval="week"))
    shop.roll_to(subscription.current_period_end)
    newest = Order.objects.latest("created_at")
    manual_payments.pay_order(newest, token=PAYS, method=None)
    pauses.schedule_pause(Subscription.objects.get())
    PaymentMethod.objects.update(behaviour="declines")
    (owed,) = Order.objects.filter(status="pending")
    Order.objects.filter(pk=owed.pk).update(next_payment_attempt_at=clock.now() + timedelta(days=8))
    shop.roll_to(Subscription.objects.get().current_period_end)
    assert Subscription.objects.get().status == "paused"
    ears.events()

    schedule.advance(days=3)

    owed.refresh_from_db()
    assert (owed.status, owed.failed_payment_attempts) == ("pending", 3)
    assert Subscription.objects.get().status == "paused"
    assert ears.types() == []


def test_the_end_of_all_attempts_is_an_end_at_once_seats_first(shop: Shop, ears: Ears) -> None:
    team = catalog.create_product(
        {"name": "Team", "recurring_interval": "month", "prices": [SEATS]}
    )
    shop.buy(team, FAILS_LATER, seats=2)
    seats.assign_seat(
        Subscription.objects.get(), {"email": "bob@example.com", "immediate_claim": True}
    )
    shop.roll_to(Subscription.objects.get().current_period_end)
    subscriptions.cancel_at_period_end(Subscription.objects.get())
    ears.events()

    schedule.advance(days=22)

    assert ears.types() == [
        "customer_seat.revoked",
        "customer_seat.revoked",
        *ENDED[:3],
        "order.updated",
        "customer.state_changed",
    ]
    row = Subscription.objects.get()
    assert row.canceled_at == row.ends_at == row.ended_at
    assert row.cancel_at_period_end is False


@pytest.mark.parametrize("days", [2, 7, 14, 21])
def test_every_grace_is_looked_at_when_a_payment_is_tried(shop: Shop, days: int) -> None:
    update_organization({"subscription_settings": {"benefit_revocation_grace_period": days}})
    subscription = past_due(shop)
    assert subscription.past_due_at is not None
    assert held() == 2

    schedule.move_to(subscription.past_due_at + timedelta(days=days) - timedelta(minutes=1))
    assert held() == 2
    schedule.move_to(subscription.past_due_at + timedelta(days=days, hours=5))
    assert held() == 0


def test_a_grace_that_is_over_between_two_attempts_lasts_until_the_second(shop: Shop) -> None:
    update_organization({"subscription_settings": {"benefit_revocation_grace_period": 7}})
    subscription = past_due(shop)
    # Attempts come after 2 and 7 days: a grace of 7 days that began with the failure is over with
    # the second of them, not a day later.
    assert subscription.past_due_at is not None
    schedule.move_to(subscription.past_due_at + timedelta(days=6))
    assert held() == 2
    schedule.move_to(subscription.past_due_at + timedelta(days=7, hours=2))
    assert held() == 0


def test_from_a_trial_to_the_end(shop: Shop, ears: Ears) -> None:
    """Trial, conversion that fails, dunning within the grace, and the end after three weeks."""
    update_organization({"subscription_settings": {"benefit_revocation_grace_period": 2}})
    trial = {"trial_interval": "day", "trial_interval_count": 14}
    product = shop.product("Trial", 2_000, interval="month", benefits=shop.benefits, **trial)
    subscription = subscribe(shop, product, FAILS_LATER)
    ears.events()

    shop.roll_to(subscription.current_period_end)
    # Within the grace nothing is revoked.
    assert ears.types() == [*PAST_DUE[:5], "customer.state_changed"]
    row = Subscription.objects.get()
    assert row.current_period_start == subscription.trial_end
    schedule.advance(days=2, hours=1)
    assert ears.types() == ["benefit_grant.revoked"] * 2 + ["customer.state_changed"]
    schedule.advance(days=18)
    assert ears.types() == []
    schedule.advance(days=3)

    assert ears.types() == [*ENDED[:3], "order.updated", "customer.state_changed"]
    orders = Order.objects.order_by("created_at")
    assert [(each.billing_reason, each.status) for each in orders] == [
        ("subscription_create", "paid"),
        ("subscription_cycle", "void"),
    ]


# Days of the calendar


def test_a_yearly_plan_of_a_leap_day_comes_back_to_it(shop: Shop) -> None:
    on("2068-02-29")
    subscription = subscribe(shop, shop.product("Yearly", 9_000, interval="year"))

    ends = []
    for _ in range(4):
        ends.append(Subscription.objects.get().current_period_end)
        shop.roll_to(ends[-1])

    days = [end.date().isoformat() for end in ends]
    assert days == ["2069-02-28", "2070-02-28", "2071-02-28", "2072-02-29"]
    assert {end.time() for end in ends} == {subscription.current_period_start.time()}


def test_a_monthly_plan_of_the_31st_takes_the_last_day_of_each_month(shop: Shop) -> None:
    on("2067-12-31")
    subscribe(shop)

    days = []
    for _ in range(5):
        end = Subscription.objects.get().current_period_end
        days.append(f"{end:%m-%d}")
        shop.roll_to(end)

    assert days == ["01-31", "02-29", "03-31", "04-30", "05-31"]


def test_a_trial_that_ends_on_a_31st_makes_that_the_day(shop: Shop) -> None:
    on("2067-01-17")
    trial = {"trial_interval": "day", "trial_interval_count": 14}
    subscribe(shop, shop.product("Trial", 2_000, interval="month", **trial))

    days = []
    for _ in range(3):
        end = Subscription.objects.get().current_period_end
        days.append(f"{end:%m-%d}")
        shop.roll_to(end)

    assert days == ["01-31", "02-28", "03-31"]


def test_one_that_rested_renews_on_the_day_it_went_on(shop: Shop, ears: Ears) -> None:
    on("2067-01-15")
    subscription = subscribe(shop)
    resumes_at = datetime(2067, 5, 31, 12, tzinfo=UTC)
    pauses.schedule_pause(subscription, resumes_at=resumes_at)
    shop.roll_to(subscription.current_period_end)
    ears.events()

    shop.roll_to(resumes_at)

    assert ears.types() == RESUMED
    row = Subscription.objects.get()
    assert (row.anchor_day, f"{row.current_period_end:%m-%d}") == (31, "06-30")
    shop.roll_to(row.current_period_end)
    assert f"{Subscription.objects.get().current_period_end:%m-%d}" == "07-31"


def test_what_is_late_is_caught_up_one_period_after_another(shop: Shop, ears: Ears) -> None:
    """As a scheduler does that was off for a while: every period has an order of its own."""
    subscribe(shop)
    # Whatever day it is: the ends are some 80, 50 and 20 days ago.
    began = Subscription.objects.get().current_period_start - timedelta(days=100)
    end = began + timedelta(days=20)
    Subscription.objects.update(
        current_period_start=began, current_period_end=end, anchor_day=end.day
    )
    ears.events()

    steps = schedule.run_due()

    assert steps == 3
    assert [name for name in ears.types() if name != "customer.state_changed"] == [
        *RENEWED[:-1] * 3
    ]
    assert (
        Subscription.objects.get().current_period_end
        > Order.objects.latest("created_at").created_at
    )


# One subscription per customer


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_who_has_a_subscription_opens_a_session_but_neither_changes_nor_confirms_it(
    shop: Shop, email: str
) -> None:
    past_due(shop)

    # Not looked at before.
    second = shop.open(shop.free, customer_email=email)

    with pytest.raises(errors.AlreadyActiveSubscriptionError):
        checkouts.update_checkout_by_buyer(second, {"customer_name": "Ada"})
    with pytest.raises(errors.AlreadyActiveSubscriptionError):
        shop.confirm(second, card=None)
    shop.buy(shop.ebook, customer_email=email)
    subscriptions.revoke(Subscription.objects.get())
    shop.confirm(second, card=None)
    assert Subscription.objects.filter(status="active").count() == 1
