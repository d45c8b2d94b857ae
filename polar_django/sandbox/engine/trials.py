"""Trials of subscriptions that there are: ended now, moved, or given again."""

from datetime import datetime

from polar_django.sandbox import clock
from polar_django.sandbox.engine import renewals, rows
from polar_django.sandbox.engine.emit import emit_subscription
from polar_django.sandbox.engine.organization import subscription_setting
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    AlreadyCanceledSubscription,
    InactiveSubscription,
    TrialAlreadyRedeemed,
    invalid,
)
from polar_django.sandbox.models import ACTIVE_STATUSES, BILLABLE_STATUSES, Product, Subscription
from polar_django.sandbox.periods import add_interval

__all__ = ["check_trial_is_first", "end_of_trial", "set_trial_end"]


def end_of_trial(product: Product, start: datetime) -> datetime | None:
    """When a trial of `product` that began at `start` ends; None where it has none."""
    if product.trial_interval is None or not product.trial_interval_count:
        return None
    return add_interval(
        start, product.trial_interval, product.trial_interval_count, anchor_day=start.day
    )


def check_trial_is_first(email: str | None) -> None:
    """Raises TrialAlreadyRedeemed where this address, whatever follows its plus sign, had a trial.

    Only where the organization asks for it. Polar compares cards too; all test cards are alike.
    """
    if not email or not subscription_setting("prevent_trial_abuse"):
        return
    had_one = Subscription.objects.filter(trial_start__isnull=False, customer__email__isnull=False)
    addresses = had_one.values_list("customer__email", flat=True)
    if _without_alias(email) in {_without_alias(str(each)) for each in addresses}:
        raise TrialAlreadyRedeemed


def _without_alias(email: str) -> str:
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def set_trial_end(subscription: Subscription, trial_end: datetime | str) -> Subscription:
    """End a trial `"now"`, move its end, or turn an active subscription back to trialing.

    Ending sends what a renewal does; the others subscription.updated. A new end of a trial may be
    any time to come, that of an active subscription must lie after the period that is paid. Raises
    InvalidRequest, AlreadyCanceledSubscription, InactiveSubscription.
    """
    with business_transaction():
        subscription.refresh_from_db()
        _check(subscription)
        now = clock.tick()
        if isinstance(trial_end, str):
            if subscription.status != "trialing":
                message = "The subscription is not in a trial."
                raise invalid(message, "trial_end", value=trial_end)
            renewals.convert_trial(subscription)
            return subscription
        if trial_end <= now:
            raise _too_early("Trial end must be in the future.", trial_end)
        if subscription.status == "active" and trial_end <= subscription.current_period_end:
            message = "Trial end must be after the current period end."
            raise _too_early(message, trial_end)
        rows.change(
            subscription,
            status="trialing",
            trial_start=subscription.trial_start if subscription.status == "trialing" else now,
            trial_end=trial_end,
            current_period_end=trial_end,
            anchor_day=trial_end.day,
        )
        emit_subscription(subscription, "updated")
        return subscription


def _check(subscription: Subscription) -> None:
    if subscription.status not in (*BILLABLE_STATUSES, "paused"):
        raise AlreadyCanceledSubscription
    if subscription.cancel_at_period_end:
        raise AlreadyCanceledSubscription
    if subscription.status not in ACTIVE_STATUSES:
        raise InactiveSubscription


def _too_early(message: str, trial_end: datetime) -> Exception:
    return invalid(message, "trial_end", value=trial_end.isoformat())
