from datetime import timedelta

import pytest

from polar_django.sandbox import clock, errors
from polar_django.sandbox.engine import changes, plan_changes, schedule, subscriptions, trials
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import Order, Product, Subscription
from tests.sandbox.conftest import Ears, Shop
from tests.sandbox.engine.sequences import CONVERTED, PAST_DUE


@pytest.fixture
def product(shop: Shop) -> Product:
    return shop.product(
        "Trial",
        2_000,
        interval="month",
        benefits=shop.benefits,
        trial_interval="day",
        trial_interval_count=14,
    )


@pytest.fixture
def trialing(shop: Shop, product: Product, ears: Ears) -> Subscription:
    shop.buy(product)
    ears.events()
    return Subscription.objects.get()


def test_a_trial_begins_active_in_name_with_a_paid_order_of_nothing(
    shop: Shop, product: Product, ears: Ears
) -> None:
    shop.buy(product)

    events = ears.events()
    assert [name for name, _ in events if name.startswith(("subscription", "order"))] == [
        "subscription.created",
        "subscription.active",
        "subscription.updated",
        "order.created",
        "order.updated",
        "order.paid",
    ]
    data = dict(events)
    assert data["subscription.active"]["status"] == "trialing"
    assert data["subscription.active"]["amount"] == 2_000
    assert (data["order.paid"]["status"], data["order.paid"]["total_amount"]) == ("paid", 0)
    assert data["order.paid"]["receipt_number"] is None
    (item,) = data["order.paid"]["items"]
    assert item["label"].startswith("Trial period for Trial (")
    assert (item["amount"], item["product_price_id"]) == (0, None)


def test_a_trial_ended_now_is_charged_and_its_day_becomes_the_day_of_renewal(
    trialing: Subscription, ears: Ears
) -> None:
    schedule.advance(days=3)
    trials.set_trial_end(trialing, "now")

    assert ears.types() == CONVERTED
    row = Subscription.objects.get()
    assert row.status == "active"
    assert row.trial_end == row.current_period_start
    assert row.anchor_day == row.current_period_start.day
    assert Order.objects.latest("created_at").total_amount == 2_000


def test_a_trial_that_cannot_be_charged_is_past_due(
    shop: Shop, product: Product, ears: Ears
) -> None:
    shop.buy(product, "4000 0000 0000 0341")
    ears.events()

    schedule.advance(days=14, minutes=1)

    assert ears.types() == PAST_DUE
    assert Subscription.objects.get().status == "past_due"


def test_a_trial_can_be_made_longer_and_then_ends_later(trialing: Subscription, ears: Ears) -> None:
    new_end = clock.now() + timedelta(days=40)

    trials.set_trial_end(trialing, new_end)

    assert ears.types() == ["subscription.updated", "customer.state_changed"]
    schedule.advance(days=39)
    assert Subscription.objects.get().status == "trialing"
    schedule.advance(days=2)
    row = Subscription.objects.get()
    assert (row.status, row.current_period_start) == ("active", new_end)


def test_an_active_subscription_can_be_given_a_trial_after_what_is_paid(
    subscription: Subscription, ears: Ears
) -> None:
    ears.events()
    with pytest.raises(errors.InvalidRequest, match="after the current period end"):
        trials.set_trial_end(subscription, subscription.current_period_end)

    trials.set_trial_end(subscription, subscription.current_period_end + timedelta(days=7))

    data = ears.data("subscription.updated")
    assert data["status"] == "trialing"
    assert data["trial_end"] == data["current_period_end"]
    orders = Order.objects.count()
    schedule.advance(days=31)
    assert Order.objects.count() == orders


def test_only_a_trial_can_end_now(subscription: Subscription) -> None:
    with pytest.raises(errors.InvalidRequest, match="not in a trial"):
        trials.set_trial_end(subscription, "now")


def test_a_trial_does_not_end_in_the_past(trialing: Subscription) -> None:
    with pytest.raises(errors.InvalidRequest, match="in the future"):
        trials.set_trial_end(trialing, clock.now() - timedelta(days=1))


def test_the_trial_of_one_that_is_to_end_is_not_touched(trialing: Subscription) -> None:
    subscriptions.cancel_at_period_end(trialing)

    with pytest.raises(errors.AlreadyCanceledSubscription):
        trials.set_trial_end(trialing, "now")


def test_a_canceled_trial_ends_without_a_charge(trialing: Subscription, ears: Ears) -> None:
    subscriptions.cancel_at_period_end(trialing)
    ears.events()

    schedule.advance(days=15)

    assert ears.types()[:3] == [
        "subscription.updated",
        "subscription.canceled",
        "subscription.revoked",
    ]
    assert Order.objects.count() == 1


def test_a_product_without_a_trial_ends_it(shop: Shop, trialing: Subscription, ears: Ears) -> None:
    plan_changes.change_product(trialing, shop.pro.id, "prorate")

    assert ears.types() == CONVERTED
    order = Order.objects.latest("created_at")
    assert (order.product, order.total_amount) == (shop.pro, 1_000)
    assert order.items.count() == 1


def test_a_product_with_a_trial_of_its_own_goes_on_with_that(
    shop: Shop, trialing: Subscription, ears: Ears
) -> None:
    longer = shop.product(
        "Longer", 3_000, interval="month", trial_interval="month", trial_interval_count=1
    )
    schedule.advance(days=3)
    ears.events()

    plan_changes.change_product(trialing, longer.id)

    assert ears.types()[0] == "subscription.updated"
    row = Subscription.objects.get()
    assert (row.status, row.product, row.amount) == ("trialing", longer, 3_000)
    assert row.trial_start is not None
    assert row.trial_end is not None
    assert row.trial_end - row.trial_start >= timedelta(days=28)
    assert row.current_period_end == row.trial_end
    assert Order.objects.count() == 1


def test_the_end_of_a_period_can_be_set_also_in_a_trial(trialing: Subscription, ears: Ears) -> None:
    end = clock.now() + timedelta(days=5)

    changes.change_billing_period(trialing, end)

    assert ears.types() == ["subscription.updated", "customer.state_changed"]
    row = Subscription.objects.get()
    assert row.trial_end == row.current_period_end == end


def test_a_second_trial_is_refused_where_the_organization_wants_that(
    shop: Shop, product: Product, trialing: Subscription
) -> None:
    subscriptions.revoke(trialing)
    alias = shop.open(product, customer_email="Ada+again@example.com")
    other = shop.open(product, customer_email="bob@example.com")
    update_organization({"subscription_settings": {"prevent_trial_abuse": True}})

    with pytest.raises(errors.TrialAlreadyRedeemed):
        shop.confirm(alias)
    shop.confirm(alias, allow_trial=False)
    shop.confirm(other)

    statuses = Subscription.objects.order_by("created_at").values_list("status", flat=True)
    assert list(statuses) == ["canceled", "active", "trialing"]
