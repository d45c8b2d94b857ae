"""A pause at the end of the period, taken back, or ended."""

from datetime import datetime

from polar_django.sandbox.engine import renewals, rows
from polar_django.sandbox.engine.emit import emit_subscription
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    AlreadyCanceledSubscription,
    BadRequest,
    InactiveSubscription,
    ResourceUnavailable,
    invalid,
)
from polar_django.sandbox.models import BILLABLE_STATUSES, Subscription

__all__ = ["resume_now", "schedule_pause", "unschedule_pause"]


def schedule_pause(
    subscription: Subscription, *, resumes_at: datetime | None = None
) -> Subscription:
    """Pause when the period ends, until `resumes_at` or until it is resumed.

    Sends subscription.updated. Raises AlreadyCanceledSubscription, InactiveSubscription (only an
    active one can be paused), BadRequest (a pause is scheduled), InvalidRequest (`resumes_at`).
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.status not in (*BILLABLE_STATUSES, "paused"):
            raise AlreadyCanceledSubscription
        if subscription.cancel_at_period_end or subscription.ends_at is not None:
            raise AlreadyCanceledSubscription
        if subscription.status != "active":
            raise InactiveSubscription
        if subscription.pause_at_period_end:
            raise BadRequest("This subscription is already set to be paused.")
        if resumes_at is not None and resumes_at <= subscription.current_period_end:
            message = "The resume date must be after the current period end."
            raise invalid(message, "resumes_at", value=resumes_at.isoformat())
        rows.change(subscription, pause_at_period_end=True, resumes_at=resumes_at)
        emit_subscription(subscription, "updated")
        return subscription


def unschedule_pause(subscription: Subscription) -> Subscription:
    """Take a scheduled pause back. Sends subscription.updated.

    Raises ResourceUnavailable (it has ended), BadRequest (no pause is scheduled).
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.ended_at is not None:
            raise ResourceUnavailable
        if not subscription.pause_at_period_end:
            raise BadRequest
        rows.change(subscription, pause_at_period_end=False, resumes_at=None)
        emit_subscription(subscription, "updated")
        return subscription


def resume_now(subscription: Subscription) -> Subscription:
    """End a pause: a new period from now, charged. Sends subscription.updated, .resumed, and more.

    Raises AlreadyCanceledSubscription (it has ended), BadRequest (it is not paused).
    """
    with business_transaction():
        subscription.refresh_from_db()
        if subscription.ended_at is not None:
            raise AlreadyCanceledSubscription
        if subscription.status != "paused":
            raise BadRequest("This subscription is not paused.")
        renewals.resume(subscription.id)
        subscription.refresh_from_db()
        return subscription
