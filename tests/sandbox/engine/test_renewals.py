from datetime import datetime, timedelta
from typing import Any

import pytest

from polar_django.sandbox import cards, clock, errors
from polar_django.sandbox.engine import checkouts, payment_methods, schedule
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.models import BenefitGrant, Discount, Order, PaymentMethod, Subscription
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop
from tests.sandbox.engine.sequences import PAST_DUE, RECOVERED, RENEWED


def test_a_renewal_charges_and_cycles_the_grants(subscription: Subscription, ears: Ears) -> None:
    end = subscription.current_period_end
    ears.events()

    schedule.move_to(end + timedelta(hours=1))

    events = ears.events()
    assert [name for name, _ in events] == RENEWED
    created = next(data for name, data in events if name == "order.created")
    paid = next(data for name, data in events if name == "order.paid")
    assert (created["status"], paid["status"]) == ("pending", "paid")
    assert created["billing_reason"] == "subscription_cycle"
    assert created["checkout_id"] is None
    assert Subscription.objects.get().current_period_start == end


def test_half_a_year_makes_six_orders_one_after_another(
    subscription: Subscription, ears: Ears
) -> None:
    ears.events()

    steps = schedule.advance(days=184)

    assert steps == 6
    assert ears.types() == RENEWED * 6
    assert Order.objects.count() == 7
    numbers = Order.objects.order_by("created_at").values_list("invoice_number", flat=True)
    assert [str(number)[-4:] for number in numbers] == [f"{n:04}" for n in range(1, 8)]


def test_a_free_subscription_renews_with_an_order_of_nothing(shop: Shop, ears: Ears) -> None:
    shop.confirm(shop.open(shop.free), card=None)
    ears.events()

    schedule.advance(days=31)

    assert ears.types()[:5] == RENEWED[:5]
    assert Order.objects.latest("created_at").total_amount == 0


def test_a_trial_converts_without_another_active_event(shop: Shop, ears: Ears) -> None:
    product = shop.product(
        "Trial", 2_000, interval="month", trial_interval="day", trial_interval_count=14
    )
    shop.buy(product)
    trial_end = Subscription.objects.get().trial_end
    ears.events()

    schedule.advance(days=14, minutes=1)

    assert ears.types() == [*RENEWED[:5], "customer.state_changed"]
    row = Subscription.objects.get()
    assert (row.status, row.current_period_start) == ("active", trial_end)
    assert Order.objects.latest("created_at").total_amount == 2_000


def discount(duration: str, **columns: Any) -> Discount:
    return Discount.objects.create(
        created_at=clock.now(),
        name="Half",
        code="HALF",
        type="percentage",
        basis_points=5_000,
        duration=duration,
        **columns,
    )


@pytest.mark.parametrize(
    ("duration", "columns", "totals"),
    [
        ("once", {}, [500, 1_000, 1_000]),
        ("repeating", {"duration_in_months": 2}, [500, 500, 1_000]),
        ("forever", {}, [500, 500, 500]),
    ],
)
def test_a_discount_counts_as_long_as_it_lasts(
    shop: Shop, duration: str, columns: dict[str, int], totals: list[int]
) -> None:
    half = discount(duration, **columns)
    checkout = shop.open(shop.pro)
    checkouts.update_checkout_by_buyer(checkout, {"discount_code": "half"})
    shop.confirm(checkout)
    schedule.advance(days=62)

    orders = Order.objects.order_by("created_at")
    assert [order.total_amount for order in orders] == totals
    assert Subscription.objects.get().amount == totals[-1]
    half.refresh_from_db()
    assert half.redemptions_count == 1


def test_a_discount_waits_for_the_end_of_the_trial(shop: Shop) -> None:
    product = shop.product(
        "Trial", 2_000, interval="month", trial_interval="day", trial_interval_count=14
    )
    shop.buy(product, discount_id=discount("once").id)
    schedule.advance(days=14 + 32)

    orders = Order.objects.order_by("created_at")
    assert [order.total_amount for order in orders] == [0, 1_000, 2_000]


def test_a_used_up_discount_is_refused_and_the_buyer_stays_open(shop: Shop) -> None:
    half = discount("once", max_redemptions=1)
    first = shop.open(shop.pro, discount_id=half.id)
    second = shop.open(shop.ebook, discount_id=half.id, customer_email="bob@example.com")
    shop.confirm(first)

    with pytest.raises(errors.DiscountRedemptionLimitReached):
        shop.confirm(second)

    second.refresh_from_db()
    assert second.status == "open"


def test_a_failed_renewal_is_past_due_and_takes_the_benefits(
    failing: Subscription, ears: Ears
) -> None:
    ears.events()

    schedule.move_to(failing.current_period_end + timedelta(minutes=1))

    assert ears.types() == PAST_DUE
    row = Subscription.objects.get()
    assert row.status == "past_due"
    order = Order.objects.get(status="pending")
    assert order.next_payment_attempt_at is not None
    assert row.past_due_at is not None
    assert order.next_payment_attempt_at - row.past_due_at < timedelta(days=2, minutes=1)


def test_the_grace_period_leaves_the_benefits(failing: Subscription, ears: Ears) -> None:
    organization = get_organization()
    organization.settings["subscription_settings"]["benefit_revocation_grace_period"] = 7
    organization.save()
    ears.events()

    schedule.move_to(failing.current_period_end + timedelta(minutes=1))

    assert "benefit_grant.revoked" not in ears.types()


def test_a_new_card_recovers_the_subscription_with_the_same_grants(
    failing: Subscription, ears: Ears
) -> None:
    before = set(BenefitGrant.objects.values_list("pk", flat=True))
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    PaymentMethod.objects.update(behaviour="pays")
    ears.events()

    schedule.advance(days=3)

    assert ears.types() == RECOVERED
    assert set(BenefitGrant.objects.values_list("pk", flat=True)) == before
    assert Subscription.objects.get().past_due_at is None


def test_a_new_card_in_the_portal_is_charged_at_once(failing: Subscription, ears: Ears) -> None:
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    ears.events()

    payment_methods.replace_card(failing.customer, cards.find_card(PAYS))

    assert ears.types()[:4] == [
        "subscription.updated",
        "subscription.active",
        "order.updated",
        "order.paid",
    ]
    schedule.advance(days=31)
    assert "subscription.past_due" not in ears.types()


def test_a_new_card_sends_nothing_where_nothing_was_owed(
    subscription: Subscription, ears: Ears
) -> None:
    ears.events()

    payment_methods.replace_card(subscription.customer, cards.find_card(FAILS_LATER))

    assert ears.types() == []
    schedule.advance(days=31)
    assert Subscription.objects.get().status == "past_due"


def test_exhausted_retries_end_the_subscription_and_void_the_order(
    failing: Subscription, ears: Ears
) -> None:
    schedule.move_to(failing.current_period_end + timedelta(minutes=1))
    ears.events()

    # 2 + 5 + 7 + 7 days, each attempt at the next full hour.
    schedule.advance(days=22)

    assert ears.types() == [
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
        "order.updated",
        "customer.state_changed",
    ]
    assert Subscription.objects.get().status == "canceled"
    assert Order.objects.latest("created_at").status == "void"


def test_the_renewal_day_returns_after_a_short_month(shop: Shop) -> None:
    schedule.move_to(_january_31())
    shop.buy(shop.pro)
    days = []
    for _ in range(3):
        end = Subscription.objects.get().current_period_end
        days.append((end.month, end.day))
        schedule.move_to(end + timedelta(minutes=1))

    assert days == [(2, 28), (3, 31), (4, 30)]


def _january_31() -> datetime:
    now = clock.now()
    year = now.year + 1
    while year % 4 == 0:
        year += 1
    return now.replace(year=year, month=1, day=31, hour=12)


def test_an_untouched_session_expires_at_the_next_quarter_of_an_hour(
    shop: Shop, ears: Ears
) -> None:
    checkout = shop.open(shop.pro)
    ears.events()

    schedule.advance(hours=23)
    assert ears.types() == []
    schedule.advance(hours=2)

    assert ears.types() == ["checkout.expired"]
    checkout.refresh_from_db()
    assert checkout.status == "expired"


def test_time_that_has_passed_does_not_come_back(shop: Shop) -> None:
    with pytest.raises(errors.ClockRunsForward):
        schedule.move_to(clock.now() - timedelta(days=1))


def test_what_is_due_by_itself_is_done_without_moving_the_clock(
    subscription: Subscription, ears: Ears
) -> None:
    clock.jump(subscription.current_period_end + timedelta(hours=1))
    ears.events()

    assert schedule.run_due() == 1
    assert ears.types() == RENEWED
    assert schedule.run_due() == 0
