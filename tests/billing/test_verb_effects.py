"""Every verb on a subscription against the sandbox, over HTTP.

What it does at the provider, what the mirror knows before it returns, that twice is once, and what
becomes of it where the network loses the call or its answer.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from polar_django import billing
from polar_django.exceptions import InvalidRequest, ProviderUnavailable, RateLimited
from polar_django.models import Discount, Order, Product, Subscription
from tests.billing.lost_answers import lost_answer
from tests.billing.verb_worlds import (
    COMPARED,
    Act,
    World,
    a_change_to_come,
    a_discounted_plan,
    a_pause,
    a_pause_to_come,
    a_plan,
    a_team,
    a_trial,
    an_end_to_come,
    discount,
    mirrored_as_theirs,
    pending,
    the_discount,
    what_it_is,
)

# The verb → a world, the act, and what the provider's own object then says.
EFFECTS: dict[str, tuple[Callable[[Any], World], Act, Callable[[World], Any], Any]] = {
    "cancel": (
        a_plan,
        lambda w: billing.cancel_subscription(w.subscription, reason="unused", comment="Bye"),
        lambda w: (
            w.theirs()["cancel_at_period_end"],
            w.theirs()["customer_cancellation_reason"],
        ),
        (True, "unused"),
    ),
    "uncancel": (
        an_end_to_come,
        lambda w: billing.uncancel_subscription(w.subscription),
        lambda w: w.theirs()["cancel_at_period_end"],
        False,
    ),
    "revoke": (
        a_plan,
        lambda w: billing.revoke_subscription(w.subscription),
        lambda w: w.theirs()["status"],
        "canceled",
    ),
    "change product": (
        a_plan,
        lambda w: billing.change_product(w.subscription, "pro-yearly", proration="invoice"),
        lambda w: w.theirs()["product"]["name"],
        "Pro, yearly",
    ),
    "change product, as the organization has it": (
        a_plan,
        lambda w: billing.change_product(w.subscription, "pro-yearly"),
        lambda w: w.theirs()["product"]["name"],
        "Pro, yearly",
    ),
    "change product later": (
        a_plan,
        lambda w: billing.change_product(w.subscription, "pro-yearly", proration="next_period"),
        lambda w: pending(w, "product_id") == w.sandbox.product_ids["pro-yearly"],
        True,
    ),
    "change seats": (
        a_team,
        lambda w: billing.change_seats(w.subscription, 5, proration="prorate"),
        lambda w: w.theirs()["seats"],
        5,
    ),
    "change seats later": (
        a_team,
        lambda w: billing.change_seats(w.subscription, 2, proration="next_period"),
        lambda w: (w.theirs()["seats"], pending(w, "seats")),
        (3, 2),
    ),
    "apply a discount": (
        a_plan,
        lambda w: billing.apply_discount(w.subscription, the_discount(w)),
        lambda w: w.theirs()["discount_id"] == the_discount(w),
        True,
    ),
    "remove a discount": (
        a_discounted_plan,
        lambda w: billing.remove_discount(w.subscription),
        lambda w: w.theirs()["discount_id"],
        None,
    ),
    "extend a trial": (
        a_trial,
        lambda w: billing.extend_trial(w.subscription, w.moment(20)),
        lambda w: datetime.fromisoformat(w.theirs()["trial_end"]) == w.moment(20),
        True,
    ),
    "give a trial": (
        a_plan,
        lambda w: billing.extend_trial(w.subscription, w.moment(40)),
        lambda w: w.theirs()["status"],
        "trialing",
    ),
    "end a trial": (
        a_trial,
        lambda w: billing.end_trial(w.subscription),
        lambda w: w.theirs()["status"],
        "active",
    ),
    "pause": (
        a_plan,
        lambda w: billing.pause_subscription(w.subscription),
        lambda w: (w.theirs()["pause_at_period_end"], w.theirs()["resumes_at"]),
        (True, None),
    ),
    "pause until": (
        a_plan,
        lambda w: billing.pause_subscription(w.subscription, until=w.moment(60)),
        lambda w: datetime.fromisoformat(w.theirs()["resumes_at"]) == w.moment(60),
        True,
    ),
    "take a pause back": (
        a_pause_to_come,
        lambda w: billing.resume_subscription(w.subscription),
        lambda w: w.theirs()["pause_at_period_end"],
        False,
    ),
    "resume": (
        a_pause,
        lambda w: billing.resume_subscription(w.subscription),
        lambda w: w.theirs()["status"],
        "active",
    ),
    "clear what waits": (
        a_change_to_come,
        lambda w: billing.clear_pending_update(w.subscription),
        lambda w: w.theirs()["pending_update"],
        None,
    ),
}


@pytest.mark.parametrize(("begin", "act", "look", "wanted"), EFFECTS.values(), ids=EFFECTS)
def test_a_verb_has_its_effect_at_the_provider_and_in_the_mirror(sandbox, begin, act, look, wanted):
    world = begin(sandbox)
    returned = act(world)
    assert returned is world.subscription
    assert look(world) == wanted
    assert mirrored_as_theirs(world)
    assert {name: getattr(returned, name) for name in COMPARED} == {
        name: getattr(Subscription.objects.get(), name) for name in COMPARED
    }
    # The deliveries of it, which come later, tell the mirror nothing else.
    sandbox.deliver()
    assert mirrored_as_theirs(world)


@pytest.mark.parametrize(("begin", "act", "look", "wanted"), EFFECTS.values(), ids=EFFECTS)
def test_a_verb_called_twice_returns_quietly_and_does_nothing_more(
    sandbox, begin, act, look, wanted
):
    world = begin(sandbox)
    act(world)
    orders = sandbox.api.get("/v1/orders/").json()["pagination"]["total_count"]
    before = what_it_is(world)
    act(world)
    assert what_it_is(world) == before
    assert sandbox.api.get("/v1/orders/").json()["pagination"]["total_count"] == orders
    assert look(world) == wanted
    assert mirrored_as_theirs(world)


@pytest.mark.parametrize(("begin", "act", "look", "wanted"), EFFECTS.values(), ids=EFFECTS)
def test_a_verb_whose_answer_was_lost_has_worked(sandbox, begin, act, look, wanted):
    world = begin(sandbox)
    the_discount(world)
    method = "DELETE" if act is EFFECTS["revoke"][1] else "PATCH"
    with lost_answer(method, f"/v1/subscriptions/{world.subscription.pk}"):
        act(world)
    assert look(world) == wanted
    assert mirrored_as_theirs(world)


@pytest.mark.parametrize(("begin", "act", "look", "wanted"), EFFECTS.values(), ids=EFFECTS)
def test_a_verb_that_never_arrived_says_that_it_is_not_known(sandbox, begin, act, look, wanted):
    world = begin(sandbox)
    the_discount(world)
    before = world.theirs()
    method = "DELETE" if act is EFFECTS["revoke"][1] else "PATCH"
    path = f"/v1/subscriptions/{world.subscription.pk}"
    with lost_answer(method, path, arrives=False), pytest.raises(ProviderUnavailable):
        act(world)
    assert world.theirs() == before
    assert mirrored_as_theirs(world)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_verb_that_was_one_too_many_says_how_long_to_wait(sandbox, name):
    begin, act, *_ = EFFECTS[name]
    world = begin(sandbox)
    the_discount(world)
    before = world.theirs()
    method = "DELETE" if name == "revoke" else "PATCH"
    path = f"/v1/subscriptions/{world.subscription.pk}"
    with (
        lost_answer(method, path, arrives=False, status=429, retry_after=30),
        pytest.raises(RateLimited) as refused,
    ):
        act(world)
    assert refused.value.retry_after == 30
    assert world.theirs() == before


@pytest.mark.parametrize("name", ["product", "key", "id"])
def test_a_product_may_be_a_row_a_key_or_an_id(sandbox, name):
    world = a_plan(sandbox)
    yearly = Product.objects.get(key="pro-yearly")
    given = {"product": yearly, "key": "pro-yearly", "id": yearly.pk}[name]
    assert billing.change_product(world.subscription, given).product == yearly


@pytest.mark.parametrize("name", ["discount", "code", "id"])
def test_a_discount_may_be_a_row_a_code_or_an_id(sandbox, name):
    world = a_plan(sandbox)
    key = discount(world, code="HALF")
    given = {"discount": Discount.objects.get(), "code": "half", "id": key}[name]
    assert billing.apply_discount(world.subscription, given).discount_id == key


def test_a_pause_that_began_unheard_of_is_ended(sandbox):
    world = a_pause_to_come(sandbox)
    sandbox.advance(days=32, deliver=False)
    assert world.subscription.status == "active"
    assert billing.resume_subscription(world.subscription).status == "active"
    assert world.theirs()["status"] == "active"
    assert not world.subscription.can_resume


def test_a_previews_amount_is_what_the_change_then_costs(sandbox):
    world = a_plan(sandbox)
    sandbox.advance(days=10)
    preview = billing.preview_product_change(world.subscription, "pro-yearly", proration="invoice")
    assert [line.amount < 0 for line in preview.lines] == [True, False]
    billing.change_product(world.subscription, "pro-yearly", proration="invoice")
    sandbox.deliver()
    order = Order.objects.order_by("created_at").last()
    assert order.due_amount == pytest.approx(preview.due_amount, abs=1)


def test_a_preview_changes_nothing_and_is_refused_as_the_change_would_be(sandbox):
    world = a_team(sandbox)
    before = world.theirs()
    preview = billing.preview_seat_change(world.subscription, 5, proration="invoice")
    assert preview.due_amount == pytest.approx(3000, abs=2)
    assert world.theirs() == before
    with pytest.raises(InvalidRequest):
        billing.preview_seat_change(world.subscription, 0)
