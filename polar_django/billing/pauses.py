"""A subscription that rests: paused when its period ends, and resumed.

Each verb calls the provider once and writes the answer to the mirror before it returns. Called
twice it returns quietly. All raise ProviderError.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from polar_django.billing.acting import act
from polar_django.exceptions import ActionRefused, InvalidRequest
from polar_django.models import Subscription

__all__ = ["pause_subscription", "resume_subscription"]

# A provider may keep times less finely than we do.
_SAME_TIME = timedelta(seconds=1)


def pause_subscription(
    subscription: Subscription, *, until: datetime | None = None
) -> Subscription:
    """Pause it when the paid period ends, until `until` (aware) or until it is resumed.

    Nothing is billed in a pause, and its benefits rest. To move the end of a pause, resume first.
    One call. Raises ValueError for a time without a time zone; ActionRefused for one that is not
    active, is to be canceled, or is paused until another time; InvalidRequest for an end within the
    paid period.
    """
    if until is not None and timezone.is_naive(until):
        raise ValueError("A pause ends at a time with a time zone.")

    def is_as_wanted() -> bool:
        end = subscription.resumes_at
        rests = subscription.pause_at_period_end or subscription.status == "paused"
        if until is None or end is None:
            return rests and until is end
        return rests and abs(end - until) < _SAME_TIME

    return act(
        subscription,
        lambda provider: provider.pause_subscription(subscription.pk, until=until),
        is_as_wanted,
    )


def resume_subscription(subscription: Subscription) -> Subscription:
    """End its pause now: a new period begins and is charged. One that has not begun is taken back.

    One call, three where the mirror did not know that the pause had begun. Raises ActionRefused for
    one that has ended.
    """
    was_paused = subscription.status == "paused"
    try:
        return _resume(subscription)
    except (ActionRefused, InvalidRequest):
        # It has been read again: taking back a pause that has begun is refused, and the reverse.
        if (subscription.status == "paused") == was_paused:
            raise
        return _resume(subscription)


def _resume(subscription: Subscription) -> Subscription:
    is_paused = subscription.status == "paused"
    return act(
        subscription,
        lambda provider: (
            provider.resume_subscription(subscription.pk)
            if is_paused
            else provider.unschedule_pause(subscription.pk)
        ),
        lambda: not subscription.can_resume and not subscription.has_ended,
    )
