"""What a subscription says of itself."""

from datetime import UTC, datetime

import pytest

from polar_django.models import Subscription
from polar_django.models.subscriptions import PendingChange

PERIOD_END = datetime(2026, 12, 1, tzinfo=UTC)
RESUMES = datetime(2027, 1, 1, tzinfo=UTC)

# What is stored → the claims that hold, and when it renews. Every other claim must not hold.
STANDINGS = {
    "active": ({"status": "active"}, {"is_active"}, PERIOD_END),
    "trialing": ({"status": "trialing"}, {"is_active", "is_trialing"}, PERIOD_END),
    "to be canceled": (
        {"status": "active", "cancel_at_period_end": True},
        {"is_active", "is_ending"},
        None,
    ),
    "to be paused": (
        {"status": "active", "pause_at_period_end": True},
        {"is_active", "can_resume"},
        None,
    ),
    "paused for good": ({"status": "paused"}, {"can_resume"}, None),
    "paused until": ({"status": "paused", "resumes_at": RESUMES}, {"can_resume"}, RESUMES),
    "past due": ({"status": "past_due"}, {"in_grace"}, None),
    "canceled": ({"status": "canceled", "cancel_at_period_end": True}, {"has_ended"}, None),
    "unpaid": ({"status": "unpaid"}, {"has_ended"}, None),
    "incomplete": ({"status": "incomplete"}, set(), None),
    "of a status to come": ({"status": "hibernating"}, set(), None),
}
CLAIMS = {"is_active", "is_trialing", "is_ending", "in_grace", "can_resume", "has_ended"}


@pytest.mark.parametrize(("stored", "claims", "renews_at"), STANDINGS.values(), ids=STANDINGS)
def test_a_subscription_claims_what_is_so_and_nothing_else(stored, claims, renews_at):
    subscription = Subscription(current_period_end=PERIOD_END, **stored)
    assert {claim for claim in CLAIMS if getattr(subscription, claim)} == claims
    assert subscription.renews_at == renews_at


def test_a_change_that_waits_is_an_object_with_its_time():
    noted = {"product_id": "p", "seats": 3, "applies_at": "2026-12-01T00:00:00Z", "id": "x"}
    assert Subscription(pending_update=noted).pending_change == PendingChange(
        product_id="p", seats=3, applies_at=PERIOD_END
    )


@pytest.mark.parametrize("noted", [None, {}, "soon", []])
def test_where_nothing_waits_there_is_no_change(noted):
    assert Subscription(pending_update=noted).pending_change is None


@pytest.mark.parametrize("time", [None, 7, "soon", "2026-13-45T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_none(time):
    change = Subscription(pending_update={"seats": 3, "applies_at": time}).pending_change
    assert change == PendingChange(seats=3)
