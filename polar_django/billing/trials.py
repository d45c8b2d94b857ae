"""The trial of a subscription: moved, given, or ended now.

Each verb calls the provider once and writes the answer to the mirror before it returns. Called
twice it returns quietly. All raise ProviderError.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from polar_django.billing.acting import act, goes_on
from polar_django.models import Subscription

__all__ = ["end_trial", "extend_trial"]

# A provider may keep times less finely than we do.
_SAME_TIME = timedelta(seconds=1)


def extend_trial(subscription: Subscription, until: datetime) -> Subscription:
    """Let the trial last until then (aware): later or earlier than now planned.

    A subscription that is paid for goes back into a trial, which must end after the paid period.
    One call. Raises ValueError for a time without a time zone; InvalidRequest for one that is past
    or within the paid period; ActionRefused where it has ended, or is about to.
    """
    if timezone.is_naive(until):
        raise ValueError("A trial ends at a time with a time zone.")

    def is_as_wanted() -> bool:
        end = subscription.trial_end
        return subscription.is_trialing and end is not None and abs(end - until) < _SAME_TIME

    return act(
        subscription,
        lambda provider: provider.set_trial_end(subscription.pk, until),
        is_as_wanted,
    )


def end_trial(subscription: Subscription) -> Subscription:
    """End the trial now: the first period begins and is charged. One call.

    The charge follows: where it fails the subscription becomes `past_due`, as with any renewal.
    Raises ActionRefused where it has ended, or is about to.
    """
    return act(
        subscription,
        lambda provider: provider.set_trial_end(subscription.pk, None),
        lambda: goes_on(subscription) and not subscription.is_trialing,
    )
