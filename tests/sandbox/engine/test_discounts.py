from datetime import timedelta
from typing import Any

import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.engine import changes, checkouts, discounts, plan_changes, schedule
from polar_django.sandbox.models import Customer, Discount, DiscountRedemption, Order, Subscription
from tests.sandbox.conftest import Ears, Shop


def make(**data: Any) -> Discount:
    defaults = {"name": "Half", "type": "percentage", "basis_points": 5_000, "duration": "once"}
    return discounts.create_discount({**defaults, **data})


def test_a_discount_is_made_changed_and_deleted(ears: Ears) -> None:
    discount = make(code="HALF", metadata={"why": "spring"})
    discounts.update_discount(discount, {"name": "Spring", "max_redemptions": 3})
    discounts.delete_discount(discount)

    events = ears.events()
    assert [name for name, _ in events] == [
        "discount.created",
        "discount.updated",
        "discount.deleted",
    ]
    assert [data["name"] for _, data in events] == ["Half", "Spring", "Spring"]
    assert events[0][1]["modified_at"] is None
    assert events[0][1]["metadata"] == {"why": "spring"}


def test_a_code_is_one_discounts_in_any_case_of_letters_until_that_is_deleted(db: None) -> None:
    first = make(code="Spring")
    with pytest.raises(errors.InvalidRequest, match="already exists"):
        make(code="SPRING")
    discounts.update_discount(first, {"code": "SPRING"})
    discounts.delete_discount(first)

    make(code="spring")


def test_a_fixed_amount_is_told_by_currency_or_in_the_old_way(db: None) -> None:
    old = make(type="fixed", basis_points=None, amount=500, currency="usd")
    new = make(type="fixed", basis_points=None, amounts={"usd": 500, "eur": 400})

    assert old.amounts == {"usd": 500}
    assert new.amounts == {"usd": 500, "eur": 400}
    with pytest.raises(errors.InvalidRequest, match="Amount is required"):
        make(type="fixed", basis_points=None)


def test_a_fixed_discount_takes_no_more_than_there_is(shop: Shop) -> None:
    discount = make(type="fixed", basis_points=None, amount=5_000)

    shop.buy(shop.pro, discount_id=discount.id)

    order = Order.objects.get()
    assert (order.discount_amount, order.total_amount) == (1_000, 0)


def test_percentages_round_half_a_cent_up(shop: Shop) -> None:
    shop.buy(shop.product("Odd", 1_015), discount_id=make(basis_points=1_000).id)

    order = Order.objects.get()
    assert (order.discount_amount, order.total_amount) == (102, 913)


def test_what_it_takes_off_is_fixed_once_it_was_used(shop: Shop) -> None:
    discount = make()
    shop.buy(shop.ebook, discount_id=discount.id)

    with pytest.raises(errors.InvalidRequest, match="already redeemed"):
        discounts.update_discount(discount, {"basis_points": 100})
    with pytest.raises(errors.InvalidRequest, match="type"):
        discounts.update_discount(discount, {"type": "fixed"})
    discounts.update_discount(discount, {"name": "Still half"})


@pytest.mark.parametrize("days", [{"starts_at": 2}, {"ends_at": -2}], ids=["not yet", "no more"])
def test_outside_its_dates_it_does_not_exist_for_buyers(shop: Shop, days: dict[str, int]) -> None:
    dates = {name: clock.now() + timedelta(days=number) for name, number in days.items()}
    make(code="HALF", **dates)

    with pytest.raises(errors.InvalidRequest, match="does not exist"):
        checkouts.update_checkout_by_buyer(shop.open(shop.pro), {"discount_code": "HALF"})


def test_one_customer_uses_it_no_oftener_than_allowed_and_others_still_may(shop: Shop) -> None:
    discount = make(max_redemptions_per_customer=1)
    shop.buy(shop.ebook, discount_id=discount.id)

    with pytest.raises(errors.DiscountRedemptionLimitReached):
        shop.buy(shop.ebook, discount_id=discount.id)
    with pytest.raises(errors.InvalidRequest, match="does not exist"):
        shop.open(shop.ebook, discount_id=discount.id, customer_id=Customer.objects.get().id)

    shop.buy(shop.ebook, discount_id=discount.id, customer_email="bob@example.com")
    assert DiscountRedemption.objects.count() == 2
    discount.refresh_from_db()
    assert discount.redemptions_count == 2


def test_a_declined_card_uses_no_discount_up(shop: Shop) -> None:
    discount = make(max_redemptions=1)
    checkout = shop.open(shop.pro, discount_id=discount.id)

    with pytest.raises(errors.PaymentError):
        shop.confirm(checkout, "4000 0000 0000 0002")

    discount.refresh_from_db()
    assert discount.redemptions_count == 0
    shop.confirm(checkout)


def test_a_subscription_takes_a_discount_from_its_next_period_on(
    subscription: Subscription, ears: Ears
) -> None:
    discount = make(duration="repeating", duration_in_months=2)
    ears.events()

    changes.update_subscription(subscription, {"discount_id": discount.id})

    events = ears.events()
    assert [name for name, _ in events] == ["subscription.updated", "customer.state_changed"]
    assert (events[0][1]["amount"], events[0][1]["discount_id"]) == (500, str(discount.id))
    schedule.advance(days=93)
    totals = list(Order.objects.order_by("created_at").values_list("total_amount", flat=True))
    assert totals == [1_000, 500, 500, 1_000]
    assert DiscountRedemption.objects.get().subscription == subscription


def test_none_takes_a_discount_away(shop: Shop) -> None:
    shop.buy(shop.pro, discount_id=make(duration="forever").id)
    subscription = Subscription.objects.get()
    assert subscription.amount == 500

    changes.update_subscription(subscription, {"discount_id": None})

    row = Subscription.objects.get()
    assert (row.amount, row.discount) == (1_000, None)


def test_a_deleted_discount_goes_on_for_those_who_have_it(shop: Shop) -> None:
    discount = make(duration="forever")
    shop.buy(shop.pro, discount_id=discount.id)
    discounts.delete_discount(discount)

    schedule.advance(days=32)

    assert Order.objects.latest("created_at").total_amount == 500


def test_a_discount_for_some_products_is_for_no_others(shop: Shop) -> None:
    discount = make(products=[shop.pro.id], duration="forever")
    shop.buy(shop.pro, discount_id=discount.id)
    subscription = Subscription.objects.get()
    other = shop.product("Other", 1_000, interval="month")

    plan_changes.change_product(subscription, other.id)

    row = Subscription.objects.get()
    assert (row.discount, row.amount) == (None, 1_000)
    with pytest.raises(errors.InvalidRequest, match="not applicable"):
        changes.update_subscription(row, {"discount_id": discount.id})


def test_a_change_gives_back_no_more_than_was_paid(shop: Shop) -> None:
    shop.buy(shop.pro, discount_id=make(duration="forever").id)
    subscription = Subscription.objects.get()
    best = shop.product("Best", 3_000, interval="month")
    half = (subscription.current_period_end - subscription.current_period_start) / 2
    schedule.move_to(subscription.current_period_start + half)

    plan_changes.change_product(subscription, best.id, "invoice")

    # 1,500 a month instead of 500, for half a month.
    order = Order.objects.latest("created_at")
    assert [item.amount for item in order.items.all()] == [-250, 750]
    assert (order.discount_amount, order.total_amount) == (0, 500)
