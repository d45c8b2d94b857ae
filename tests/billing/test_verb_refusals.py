"""What stands in the way of each verb on a subscription: the right error, and nothing changed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from polar_django import billing
from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    ForeignObject,
    InvalidRequest,
    ObjectNotFound,
    PaymentFailed,
)
from polar_django.models import Discount, Order, Product, Subscription
from tests.billing.verb_worlds import (
    Act,
    World,
    a_full_team,
    a_pause,
    a_pause_to_come,
    a_plan,
    a_team,
    a_trial,
    an_archived_plan,
    an_end_to_come,
    an_ended_team,
    an_expired_discount,
    ended,
    mirrored_as_theirs,
    spent_card,
)


def to_yearly(w: World) -> Any:
    return billing.change_product(w.subscription, "pro-yearly", proration="invoice")


# What stands in the way → a world, the act, the error, and its code where the provider has one.
REFUSALS: dict[str, tuple[Callable[[Any], World], Act, type[Exception], str]] = {
    "uncancel what has ended": (
        ended,
        lambda w: billing.uncancel_subscription(w.subscription),
        ActionRefused,
        "ResourceUnavailable",
    ),
    "change what has ended": (ended, to_yearly, ActionRefused, "AlreadyCanceledSubscription"),
    "change what has ended, to what it was": (
        ended,
        lambda w: billing.change_product(w.subscription, "pro-monthly"),
        ActionRefused,
        "AlreadyCanceledSubscription",
    ),
    "change what is to end": (
        an_end_to_come,
        to_yearly,
        ActionRefused,
        "AlreadyCanceledSubscription",
    ),
    "change what is paused": (a_pause, to_yearly, ActionRefused, "InactiveSubscription"),
    "change with a card that does not pay": (spent_card, to_yearly, PaymentFailed, "PaymentFailed"),
    "change to what is archived": (an_archived_plan, to_yearly, InvalidRequest, ""),
    "change to what is bought once": (
        a_plan,
        lambda w: billing.change_product(w.subscription, "ebook"),
        InvalidRequest,
        "",
    ),
    "change to what nobody knows": (
        a_plan,
        lambda w: billing.change_product(w.subscription, "pro-yaerly"),
        InvalidRequest,
        "unknown_product",
    ),
    "fewer seats than people": (
        a_full_team,
        lambda w: billing.change_seats(w.subscription, 2),
        ActionRefused,
        "SeatsAlreadyAssigned",
    ),
    "no seats at all": (
        a_team,
        lambda w: billing.change_seats(w.subscription, 0),
        InvalidRequest,
        "",
    ),
    "seats where there are none": (
        a_plan,
        lambda w: billing.change_seats(w.subscription, 2),
        ActionRefused,
        "NotASeatBasedSubscription",
    ),
    "seats of what has ended": (
        an_ended_team,
        lambda w: billing.change_seats(w.subscription, 5),
        ActionRefused,
        "AlreadyCanceledSubscription",
    ),
    "an expired discount": (
        an_expired_discount,
        lambda w: billing.apply_discount(w.subscription, Discount.objects.get()),
        InvalidRequest,
        "",
    ),
    "a discount that nobody knows": (
        a_plan,
        lambda w: billing.apply_discount(w.subscription, "NOSUCH"),
        InvalidRequest,
        "unknown_discount",
    ),
    "a trial within the paid period": (
        a_plan,
        lambda w: billing.extend_trial(w.subscription, w.moment(3)),
        InvalidRequest,
        "",
    ),
    "a trial that would have ended": (
        a_trial,
        lambda w: billing.extend_trial(w.subscription, w.moment(-3)),
        InvalidRequest,
        "",
    ),
    "the trial of what has ended": (
        ended,
        lambda w: billing.end_trial(w.subscription),
        ActionRefused,
        "AlreadyCanceledSubscription",
    ),
    "a pause of what is to end": (
        an_end_to_come,
        lambda w: billing.pause_subscription(w.subscription),
        ActionRefused,
        "AlreadyCanceledSubscription",
    ),
    "a pause of what is on trial": (
        a_trial,
        lambda w: billing.pause_subscription(w.subscription),
        ActionRefused,
        "InactiveSubscription",
    ),
    "a pause that ends before it begins": (
        a_plan,
        lambda w: billing.pause_subscription(w.subscription, until=w.moment(3)),
        InvalidRequest,
        "",
    ),
    "a pause until another time": (
        a_pause_to_come,
        lambda w: billing.pause_subscription(w.subscription, until=w.moment(60)),
        ActionRefused,
        "BadRequest",
    ),
    "resume what has ended": (
        ended,
        lambda w: billing.resume_subscription(w.subscription),
        ActionRefused,
        "ResourceUnavailable",
    ),
}


@pytest.mark.parametrize(("begin", "act", "error", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_the_right_error_and_the_mirror_knows_what_is(
    sandbox, begin, act, error, code
):
    world = begin(sandbox)
    before = world.theirs()
    with pytest.raises(error) as refused:
        act(world)
    if code:
        assert refused.value.code == code
    assert world.theirs() == before
    assert mirrored_as_theirs(world)


def test_a_change_that_was_not_paid_leaves_no_order_behind(sandbox):
    world = spent_card(sandbox)
    with pytest.raises(PaymentFailed):
        to_yearly(world)
    sandbox.deliver()
    assert Order.objects.count() == 1


def test_a_subscription_that_the_provider_does_not_know_is_not_found(sandbox):
    subscription = Subscription(pk="00000000-0000-4000-8000-000000000000", provider="polar")
    with pytest.raises(ObjectNotFound):
        billing.cancel_subscription(subscription)


def test_another_providers_product_is_foreign(sandbox):
    world = a_plan(sandbox)
    with pytest.raises(ForeignObject):
        billing.change_product(world.subscription, Product(pk="x", provider="stripe"))


def test_a_bad_token_is_told_at_once(sandbox, settings):
    world = a_plan(sandbox)
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": "polar_oat_wrong"}
    with pytest.raises(AuthenticationFailed):
        billing.cancel_subscription(world.subscription)


def test_a_time_without_a_zone_is_refused_before_anything_is_asked():
    subscription = Subscription(pk="x", provider="polar")
    with pytest.raises(ValueError, match="time zone"):
        billing.extend_trial(subscription, datetime(2030, 1, 1))
    with pytest.raises(ValueError, match="time zone"):
        billing.pause_subscription(subscription, until=datetime(2030, 1, 1))


def test_a_proration_of_no_kind_is_refused_before_anything_is_asked():
    with pytest.raises(ValueError, match="next_period"):
        billing.change_seats(Subscription(pk="x", provider="polar"), 2, proration="later")
