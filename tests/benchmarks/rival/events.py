"""What Stripe would send the rival."""

from typing import Any

from tests.benchmarks.rival.fake_stripe import NOW

SECRET = "whsec_benchmark"


def event(subscription: dict[str, Any], event_id: str) -> dict[str, Any]:
    """`customer.subscription.updated` about it."""
    return {
        "id": event_id,
        "object": "event",
        "type": "customer.subscription.updated",
        "api_version": "2024-06-20",
        "created": NOW,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "data": {"object": subscription},
    }
