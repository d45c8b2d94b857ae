"""A free subscription that becomes a paid one at the pay page."""

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import plan_changes, subscriptions
from polar_django.sandbox.models import BenefitGrant, Checkout, Order, Subscription
from tests.sandbox.conftest import Ears, Shop
from tests.sandbox.engine.sequences import RENEWED


@pytest.fixture
def free(shop: Shop, ears: Ears) -> Subscription:
    shop.confirm(shop.open(shop.free, metadata={"from": "free"}), card=None)
    ears.events()
    return Subscription.objects.get()


def upgrade(shop: Shop, free: Subscription, **data: object) -> Checkout:
    return shop.open(shop.pro, subscription_id=free.id, **data)


def test_the_same_subscription_goes_on_with_a_new_product(
    shop: Shop, free: Subscription, ears: Ears
) -> None:
    checkout = upgrade(shop, free, metadata={"to": "pro"})
    assert checkout.customer == free.customer
    assert ears.data("checkout.created")["subscription_id"] == str(free.id)

    shop.confirm(checkout)

    events = ears.events()
    names = [name for name, _ in events if not name.startswith(("checkout", "customer"))]
    assert names == [
        "subscription.updated",
        "order.created",
        "order.updated",
        "order.paid",
        "benefit_grant.created",
    ]
    data = dict(events)
    assert data["subscription.updated"]["id"] == str(free.id)
    assert data["subscription.updated"]["metadata"] == {"from": "free", "to": "pro"}
    assert data["order.paid"]["billing_reason"] == "subscription_update"
    row = Subscription.objects.get()
    assert (row.product, row.amount, row.status) == (shop.pro, 1_000, "active")
    assert row.current_period_start > free.current_period_start
    assert BenefitGrant.objects.filter(granted_at__isnull=False).count() == 2


def test_the_upgraded_one_renews_at_its_new_price(
    shop: Shop, free: Subscription, ears: Ears
) -> None:
    shop.confirm(upgrade(shop, free))
    ears.events()

    from_now = Subscription.objects.get().current_period_end
    shop.roll_to(from_now)

    assert ears.types() == RENEWED
    assert Order.objects.latest("created_at").total_amount == 1_000


def test_an_upgrade_can_begin_with_a_trial(shop: Shop, free: Subscription) -> None:
    shop.confirm(upgrade(shop, free, trial_interval="day", trial_interval_count=7))

    row = Subscription.objects.get()
    assert (row.status, row.trial_end) == ("trialing", row.current_period_end)
    assert Order.objects.latest("created_at").total_amount == 0


def test_only_a_free_one_is_upgraded(shop: Shop, subscription: Subscription) -> None:
    with pytest.raises(errors.InvalidRequest, match="Only free subscriptions"):
        upgrade(shop, subscription)


def test_one_that_ended_meanwhile_is_not_upgraded(shop: Shop, free: Subscription) -> None:
    checkout = upgrade(shop, free)
    subscriptions.revoke(free)

    with pytest.raises(errors.AlreadyCanceledSubscription):
        shop.confirm(checkout)

    assert Order.objects.count() == 1


def test_one_that_was_upgraded_in_another_session_is_not_paid_twice(
    shop: Shop, free: Subscription
) -> None:
    first, second = upgrade(shop, free), upgrade(shop, free)
    shop.confirm(first)

    with pytest.raises(errors.AlreadyActiveSubscriptionError):
        shop.confirm(second)


def test_a_change_of_plan_without_a_card_is_refused_where_it_is_billed_at_once(
    shop: Shop, free: Subscription
) -> None:
    with pytest.raises(errors.PaymentFailed):
        plan_changes.change_product(free, shop.pro.id, "invoice")

    assert Subscription.objects.get().product == shop.free
