"""What can be done to a subscription: cancel, take that back, end it now.

Each verb calls the provider once and writes the answer to the mirror before it returns; the row it
was given is read again. Called twice it returns quietly: where the provider refuses, the
subscription is read from it (one call more), and only if it is not as wanted is the refusal raised.
Benefits follow by the provider's own events. All raise ProviderError.
"""

from collections.abc import Callable

from polar_django.billing.answers import write_answer
from polar_django.exceptions import ActionRefused
from polar_django.mirror.answers import stored_keys
from polar_django.models import Subscription
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Answer

__all__ = ["cancel_subscription", "revoke_subscription", "uncancel_subscription"]

_ENDED = frozenset({"canceled", "unpaid", "incomplete_expired"})


def cancel_subscription(
    subscription: Subscription, *, reason: str = "", comment: str = ""
) -> Subscription:
    """It will not renew; access lasts to the end of the paid period.

    `reason` is one of Polar's (`too_expensive`, `missing_features`, …, `other`), `comment` the
    customer's own words.
    """
    return _act(
        subscription,
        lambda provider: provider.cancel_subscription(
            subscription.pk, reason=reason, comment=comment
        ),
        lambda: subscription.cancel_at_period_end or subscription.status in _ENDED,
    )


def uncancel_subscription(subscription: Subscription) -> Subscription:
    """Take a scheduled cancellation back: it renews again."""
    return _act(
        subscription,
        lambda provider: provider.uncancel_subscription(subscription.pk),
        lambda: not subscription.cancel_at_period_end and subscription.status not in _ENDED,
    )


def revoke_subscription(subscription: Subscription) -> Subscription:
    """End it now, and with it the access it gives."""
    return _act(
        subscription,
        lambda provider: provider.revoke_subscription(subscription.pk),
        lambda: subscription.status in _ENDED,
    )


def _act(
    subscription: Subscription,
    call: Callable[[Provider], Answer],
    is_as_wanted: Callable[[], bool],
) -> Subscription:
    provider = get_provider(subscription.provider)
    sent = stored_keys(subscription)
    try:
        answer = call(provider)
    except ActionRefused:
        sent = stored_keys(subscription)
        write_answer(provider.get_subscription(subscription.pk), sent=sent)
        subscription.refresh_from_db()
        if is_as_wanted():
            return subscription
        raise
    write_answer(answer, sent=sent)
    subscription.refresh_from_db()
    return subscription
