"""A subscription in every standing, as the sandbox has it, and how it compares with the mirror."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from polar_django import billing
from polar_django.models import Discount, Subscription
from polar_django.sandbox.clock import now as sandbox_now
from tests.sandbox_fixtures import FAILS_LATER, PAYS

TRIAL = {
    "name": "Pro with a trial",
    "recurring_interval": "month",
    "trial_interval": "day",
    "trial_interval_count": 14,
    "prices": [{"amount_type": "fixed", "price_amount": 1_000}],
}


@dataclass
class World:
    """One subscription, and what the verbs are given."""

    sandbox: Any
    subscription: Subscription
    moments: dict[str, datetime] = field(default_factory=dict)

    def theirs(self) -> dict[str, Any]:
        path = f"/v1/subscriptions/{self.subscription.pk}"
        return dict(self.sandbox.api.get(path).json())

    def moment(self, days: float) -> datetime:
        """That many days after the test began, the same at each asking."""
        return self.moments.setdefault(str(days), sandbox_now() + timedelta(days=days))


def a_plan(sandbox: Any, key: str = "pro-monthly", *, card: str = PAYS, **body: Any) -> World:
    sandbox.buy(key, card=card, **body)
    sandbox.deliver()
    return World(sandbox, Subscription.objects.get())


def a_team(sandbox: Any) -> World:
    return a_plan(sandbox, "team", seats=3)


def a_trial(sandbox: Any) -> World:
    made = sandbox.api.post("/v1/products/", json=TRIAL).json()
    sandbox.product_ids["trial"] = made["id"]
    sandbox.deliver()
    return a_plan(sandbox, "trial")


def a_pause_to_come(sandbox: Any) -> World:
    world = a_plan(sandbox)
    billing.pause_subscription(world.subscription)
    return world


def a_pause(sandbox: Any) -> World:
    world = a_pause_to_come(sandbox)
    sandbox.advance(days=32)
    world.subscription.refresh_from_db()
    assert world.subscription.status == "paused"
    return world


def an_end_to_come(sandbox: Any) -> World:
    world = a_plan(sandbox)
    billing.cancel_subscription(world.subscription)
    return world


def a_change_to_come(sandbox: Any) -> World:
    world = a_plan(sandbox)
    billing.change_product(world.subscription, "pro-yearly", proration="next_period")
    return world


def a_discounted_plan(sandbox: Any) -> World:
    world = a_plan(sandbox)
    billing.apply_discount(world.subscription, discount(world))
    return world


def discount(world: World, **values: Any) -> str:
    """The id of a mirrored discount that fits every product."""
    body = {"name": "Half", "type": "percentage", "basis_points": 5000, "duration": "forever"}
    made = world.sandbox.api.post("/v1/discounts/", json={**body, **values}).json()
    world.sandbox.deliver()
    return str(made["id"])


def the_discount(world: World) -> str:
    known = Discount.objects.first()
    return str(known.pk) if known else discount(world)


def pending(world: World, name: str) -> Any:
    return (world.theirs()["pending_update"] or {}).get(name)


COMPARED = (
    "status",
    "product_id",
    "discount_id",
    "seats",
    "amount",
    "cancel_at_period_end",
    "pause_at_period_end",
    "pending_update",
)


def mirrored_as_theirs(world: World) -> bool:
    theirs, row = world.theirs(), Subscription.objects.get()
    assert {name: getattr(row, name) for name in COMPARED} == {
        name: theirs[name] for name in COMPARED
    }
    for name in ("trial_end", "current_period_end", "resumes_at", "ends_at", "ended_at"):
        value = theirs[name]
        assert getattr(row, name) == (datetime.fromisoformat(value) if value else None), name
    return True


def what_it_is(world: World) -> dict[str, Any]:
    """The provider's object without what is new at every asking: a change to come is noted anew."""
    theirs = world.theirs()
    noted = theirs["pending_update"] or {}
    to_come = {name: noted.get(name) for name in ("product_id", "seats", "applies_at")}
    return {name: theirs[name] for name in COMPARED} | {"pending_update": to_come}


def archive(world: World) -> None:
    yearly = world.sandbox.product_ids["pro-yearly"]
    world.sandbox.api.patch(f"/v1/products/{yearly}", json={"is_archived": True})


def sit(world: World) -> None:
    for name in ("a", "b", "c"):
        world.sandbox.api.post(
            "/v1/customer-seats",
            json={"subscription_id": world.subscription.pk, "email": f"{name}@example.com"},
        )


def ended(sandbox: Any) -> World:
    """The provider ended it, and we have not heard of it."""
    world = a_plan(sandbox)
    sandbox.api.delete(f"/v1/subscriptions/{world.subscription.pk}")
    return world


def an_ended_team(sandbox: Any) -> World:
    world = a_team(sandbox)
    sandbox.api.delete(f"/v1/subscriptions/{world.subscription.pk}")
    return world


def spent_card(sandbox: Any) -> World:
    """It has paid once, and pays no more."""
    return a_plan(sandbox, card=FAILS_LATER)


def a_full_team(sandbox: Any) -> World:
    world = a_team(sandbox)
    sit(world)
    return world


def an_archived_plan(sandbox: Any) -> World:
    world = a_plan(sandbox)
    archive(world)
    return world


def an_expired_discount(sandbox: Any) -> World:
    world = a_plan(sandbox)
    over = (world.moment(0) + timedelta(days=1)).isoformat()
    discount(world, name="Over", ends_at=over)
    sandbox.advance(days=2)
    return world


Act = Callable[[World], Any]
