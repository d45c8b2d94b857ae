"""The life of a subscription after it was bought."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import Subscription


def create_free_subscription(data: Mapping[str, Any]) -> Subscription:
    """`data` as SubscriptionCreate: product_id, customer_id or external_customer_id, metadata. No order."""
    raise NotImplementedError


def cancel_at_period_end(
    subscription: Subscription, *, reason: str | None = None, comment: str | None = None
) -> Subscription:
    """Raises AlreadyCanceledSubscription. Sends subscription.updated, subscription.canceled."""
    raise NotImplementedError


def uncancel(subscription: Subscription) -> Subscription:
    """Raises ResourceUnavailable (ended), BadRequest (nothing is scheduled). Sends subscription.updated, .uncanceled."""
    raise NotImplementedError


def revoke(
    subscription: Subscription, *, reason: str | None = None, comment: str | None = None
) -> Subscription:
    """End it now. Raises AlreadyCanceledSubscription. Sends .updated, .canceled, .revoked; then grants are revoked."""
    raise NotImplementedError


def update_metadata(subscription: Subscription, metadata: Mapping[str, Any]) -> Subscription:
    """Replace the metadata. Sends subscription.updated."""
    raise NotImplementedError
