"""One customer's year: trial, conversion, failure, recovery, upgrade, pause, resume, the end.

Every step's deliveries are asserted, and after each the app's own mirror and gate are asked, which
know the sandbox by its API and its webhooks alone.
"""

import time
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from polar_django.entitlements import entitlements_for
from polar_django.models import Subscription
from polar_django.sandbox import cards
from polar_django.sandbox.engine import payment_methods
from polar_django.sandbox.models import Customer
from polar_django.sandbox.seed import seed
from tests.sandbox.engine.sequences import (
    CONVERTED,
    ENDED,
    PAST_DUE,
    PAUSED,
    RECOVERED,
    RENEWED,
    RESUMED,
)
from tests.sandbox_fixtures import FAILS_LATER, PAYS, SandboxInTests

SECONDS_FOR_A_YEAR = 10
CATALOGUE: dict[str, dict[str, dict[str, Any]]] = {
    "benefits": {
        "start": {"description": "To begin"},
        "export": {"description": "Export"},
        "premium": {"description": "Everything else"},
    },
    "products": {
        "starter": {
            "name": "Starter",
            "recurring_interval": "month",
            "trial_interval": "day",
            "trial_interval_count": 14,
            "prices": [{"amount_type": "fixed", "price_amount": 1_000}],
            "benefits": ["start", "export"],
        },
        "premium": {
            "name": "Premium",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 3_000}],
            "benefits": ["start", "premium"],
        },
    },
}


class Life:
    """What was heard since one last asked, and what the customer may do now."""

    def __init__(self, sandbox: SandboxInTests, user: Any) -> None:
        self.sandbox, self.user = sandbox, user
        self.heard: set[str] = set()

    def heard_now(self) -> list[str]:
        """Types of the new deliveries in the order of their making, all of them accepted."""
        self.sandbox.deliver()
        new = [each for each in self.sandbox.deliveries(500) if each["id"] not in self.heard]
        self.heard |= {each["id"] for each in new}
        assert {each["state"] for each in new} <= {"delivered"}
        return [each["type"] for each in reversed(new)]

    def patch(self, **body: Any) -> dict[str, Any]:
        (row,) = self.sandbox.api.get("/v1/subscriptions/").json()["items"]
        answer = self.sandbox.api.patch(f"/v1/subscriptions/{row['id']}", json=body)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()
        return data

    def wait(self, days: float) -> None:
        self.sandbox.advance(days=days, deliver=False)

    def period(self) -> int:
        """Days from now to the end of the period, and a little more."""
        (row,) = self.sandbox.api.get("/v1/subscriptions/").json()["items"]
        now = self.sandbox.api.get("/v1/products/").headers["X-Polar-Sandbox-Time"]
        span = datetime.fromisoformat(row["current_period_end"]) - datetime.fromisoformat(now)
        return span.days + 1

    def keys(self) -> set[str]:
        # A user remembers its answer for as long as the object lives, which is one request.
        return set(entitlements_for(get_user_model().objects.get(pk=self.user.pk)).keys)

    def status(self) -> str:
        return str(Subscription.objects.get().status)

    def paid(self) -> list[int]:
        orders = self.sandbox.api.get("/v1/orders/?sorting=created_at&limit=100").json()["items"]
        return [order["total_amount"] for order in orders if order["status"] == "paid"]


@pytest.fixture
def life(bare_sandbox: SandboxInTests) -> Life:
    bare_sandbox.product_ids = seed(CATALOGUE)["products"]
    user = get_user_model().objects.create_user("ada", "ada@example.com")
    life = Life(bare_sandbox, user)
    life.heard_now()
    return life


def test_a_year_of_life(life: Life) -> None:
    sandbox = life.sandbox

    sandbox.buy(
        "starter",
        card=FAILS_LATER,
        external_customer_id=str(life.user.pk),
        customer_email="ada@example.com",
    )
    begun = life.heard_now()
    assert begun[begun.index("subscription.created") :] == [
        "subscription.created",
        "subscription.active",
        "subscription.updated",
        "order.created",
        "order.updated",
        "order.paid",
        "checkout.updated",
        "benefit_grant.created",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    assert (life.status(), life.keys()) == ("trialing", {"start", "export"})

    # The trial converts, with a card that has been replaced in time; the next payment fails.
    replace_card(PAYS)
    life.wait(14.1)
    assert life.heard_now() == CONVERTED
    assert (life.status(), life.paid()) == ("active", [0, 1_000])

    replace_card(FAILS_LATER)
    life.wait(life.period())
    assert life.heard_now() == PAST_DUE
    assert (life.status(), life.keys()) == ("past_due", set())

    life.wait(8)
    assert life.heard_now() == []
    replace_card(PAYS)
    assert life.heard_now() == RECOVERED
    assert (life.status(), life.keys()) == ("active", {"start", "export"})

    life.patch(product_id=sandbox.product_ids["premium"], proration_behavior="invoice")
    assert life.heard_now() == [
        "order.created",
        "subscription.updated",
        "order.updated",
        "order.paid",
        "benefit_grant.revoked",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    assert life.keys() == {"start", "premium"}
    assert 0 < life.paid()[-1] < 2_000

    life.wait(life.period())
    assert life.heard_now() == RENEWED
    assert life.paid()[-1] == 3_000

    life.patch(pause_at_period_end=True)
    assert life.heard_now() == ["subscription.updated", "customer.state_changed"]
    life.wait(life.period())
    assert life.heard_now() == PAUSED
    assert (life.status(), life.keys()) == ("paused", set())

    life.wait(60)
    assert life.heard_now() == []
    life.patch(resume=True)
    assert life.heard_now() == RESUMED
    assert (life.status(), life.keys()) == ("active", {"start", "premium"})

    for _ in range(5):
        life.wait(life.period())
        assert life.heard_now() == RENEWED

    life.patch(cancel_at_period_end=True, customer_cancellation_reason="unused")
    assert life.heard_now() == [
        "subscription.updated",
        "subscription.canceled",
        "customer.state_changed",
    ]
    assert life.keys() == {"start", "premium"}
    life.wait(life.period())
    assert life.heard_now() == ENDED
    assert (life.status(), life.keys()) == ("canceled", set())

    life.wait(60)
    assert life.heard_now() == []
    assert len(life.paid()) == 3 + 1 + 1 + 1 + 5


def replace_card(number: str) -> None:
    """What the buyer does in the portal."""
    payment_methods.replace_card(Customer.objects.get(), cards.find_card(number))


def test_a_simulated_year_takes_less_than_ten_seconds(life: Life) -> None:
    life.sandbox.buy("premium", customer_email="ada@example.com")
    # The processor's time, so that a busy machine does not matter.
    began = time.process_time()

    life.sandbox.advance(days=366, deliver=False)

    assert time.process_time() - began < SECONDS_FOR_A_YEAR
    assert len(life.paid()) == 13
