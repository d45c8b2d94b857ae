"""What can be done to a subscription: cancel, take that back, end it now.

Each verb calls the provider once and writes the answer to the mirror before it returns; the row it
was given is read again. Called twice it returns quietly (`acting.act`). Benefits follow by the
provider's own events. All raise ProviderError: ActionRefused where a rule of the provider is
against it, and ProviderUnavailable where it cannot be known whether the change was made.
"""

from polar_django.billing.acting import act
from polar_django.models import Subscription

__all__ = ["cancel_subscription", "revoke_subscription", "uncancel_subscription"]


def cancel_subscription(
    subscription: Subscription, *, reason: str = "", comment: str = ""
) -> Subscription:
    """It will not renew; access lasts to the end of the paid period.

    `reason` is one of Polar's (`too_expensive`, `missing_features`, …, `other`), `comment` the
    customer's own words.
    """
    return act(
        subscription,
        lambda provider: provider.cancel_subscription(
            subscription.pk, reason=reason, comment=comment
        ),
        lambda: subscription.cancel_at_period_end or subscription.has_ended,
    )


def uncancel_subscription(subscription: Subscription) -> Subscription:
    """Take a scheduled cancellation back: it renews again."""
    return act(
        subscription,
        lambda provider: provider.uncancel_subscription(subscription.pk),
        lambda: not subscription.cancel_at_period_end and not subscription.has_ended,
    )


def revoke_subscription(subscription: Subscription) -> Subscription:
    """End it now, and with it the access it gives."""
    return act(
        subscription,
        lambda provider: provider.revoke_subscription(subscription.pk),
        lambda: subscription.has_ended,
    )
