from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import refunds, schedule
from polar_django.sandbox.models import BenefitGrant, Order, Refund, Subscription
from tests.sandbox.conftest import Ears, Shop

REFUNDS_LATER = "4000 0000 0000 7726"
REFUND_FAILS = "4000 0000 0000 5126"


@pytest.fixture
def order(shop: Shop) -> Order:
    """15.00 and 20 % tax, which is in the price there."""
    shop.buy(shop.product("Course", 1_800, benefits=shop.benefits[1:]), country="FR")
    return Order.objects.get()


def refund(order: Order, amount: int, **data: Any) -> Refund:
    body = {"order_id": order.id, "reason": "customer_request", "amount": amount, **data}
    found = refunds.create_refund(body)
    order.refresh_from_db()
    return found


def test_a_part_is_refunded_in_the_recorded_order(order: Order, ears: Ears) -> None:
    ears.events()

    refund(order, 500)

    events = ears.events()
    assert [name for name, _ in events] == [
        "refund.created",
        "order.updated",
        "order.refunded",
        "refund.updated",
    ]
    assert events[0][1]["status"] == "succeeded"
    assert events[2][1]["status"] == "partially_refunded"
    assert BenefitGrant.objects.get().is_granted


def test_the_tax_goes_back_with_its_part_to_the_last_cent(order: Order) -> None:
    assert [refund(order, amount).tax_amount for amount in (333, 333, 834)] == [67, 67, 166]
    assert (order.status, order.refundable_amount, order.refundable_tax_amount) == (
        "refunded",
        0,
        0,
    )


def test_benefits_go_when_that_was_asked(order: Order, ears: Ears) -> None:
    ears.events()

    refund(order, 1_500, revoke_benefits=True)

    assert ears.types()[-2:] == ["benefit_grant.revoked", "customer.state_changed"]
    assert BenefitGrant.objects.get().is_revoked


def test_a_refund_never_ends_a_subscription(shop: Shop) -> None:
    shop.buy(shop.pro)
    order = Order.objects.get()

    with pytest.raises(errors.RevokeSubscriptionBenefitsProhibited):
        refund(order, 10, revoke_benefits=True)
    refund(order, 1_000)

    assert Subscription.objects.get().status == "active"
    assert BenefitGrant.objects.filter(granted_at__isnull=False).count() == 2


def test_nobody_gets_back_more_than_was_paid(order: Order) -> None:
    refund(order, 1_000)

    with pytest.raises(errors.InvalidRequest, match="exceeds refundable amount") as refused:
        refund(order, 501)
    assert refused.value.errors[0]["loc"] == ["body", "amount"]
    refund(order, 500)
    with pytest.raises(errors.RefundedAlready, match=str(order.id)):
        refund(order, 1)
    assert Refund.objects.count() == 2


def test_what_cost_nothing_has_no_payment_to_refund(shop: Shop) -> None:
    shop.confirm(shop.open(shop.free), card=None)

    with pytest.raises(errors.RefundUnknownPayment):
        refund(Order.objects.get(), 1)


def test_an_unknown_order_is_refused(shop: Shop) -> None:
    with pytest.raises(errors.InvalidRequest, match="Order not found"):
        refunds.create_refund({"order_id": uuid4(), "reason": "other", "amount": 1})


def paid_with(shop: Shop, card: str) -> Order:
    shop.buy(shop.ebook, card)
    return Order.objects.get()


def test_some_refunds_take_a_day(shop: Shop, ears: Ears) -> None:
    order = paid_with(shop, REFUNDS_LATER)
    ears.events()

    made = refund(order, 1_500, revoke_benefits=True)

    assert ears.types() == ["refund.created"]
    assert (made.status, order.status) == ("pending", "paid")
    with pytest.raises(errors.InvalidRequest, match="exceeds refundable amount"):
        refund(order, 1)
    schedule.advance(days=1.01)
    assert ears.types() == [
        "refund.updated",
        "order.updated",
        "order.refunded",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]
    order.refresh_from_db()
    assert order.status == "refunded"


def test_some_refunds_fail_after_they_had_succeeded(shop: Shop, ears: Ears) -> None:
    order = paid_with(shop, REFUND_FAILS)
    refund(order, 1_000)
    refund(order, 500)
    assert order.status == "refunded"
    ears.events()

    schedule.advance(days=1.01)

    assert ears.types() == ["refund.updated", "order.updated"] * 2
    order.refresh_from_db()
    assert (order.status, order.refunded_amount) == ("paid", 0)
    assert set(Refund.objects.values_list("status", flat=True)) == {"failed"}
    refund(order, 1_500)
    assert order.status == "refunded"
