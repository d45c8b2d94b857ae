"""The end of a period: planned end, pause, renewal, trial conversion; and how a new one begins."""

from datetime import datetime
from functools import partial
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import billing, dunning, grants, metered, rows, subscriptions
from polar_django.sandbox.engine.emit import emit_order, emit_subscription
from polar_django.sandbox.engine.pending import apply_pending
from polar_django.sandbox.engine.plans import plan_of
from polar_django.sandbox.engine.work import business_transaction, current_work
from polar_django.sandbox.models import Subscription
from polar_django.sandbox.periods import add_interval
from polar_django.sandbox.pricing import lasts

__all__ = [
    "begin_period",
    "bill_period",
    "convert_trial",
    "resume",
    "roll_meters",
    "roll_period",
]


def roll_period(subscription_id: UUID) -> None:
    """One period's end, at the clock's present time; a late subscription needs several calls.

    A planned end sends subscription.updated, .canceled (a second time), .revoked; a planned pause
    .updated, .paused. A renewal sends subscription.cycled, .updated; then order.created, and what
    the payment brings.
    """
    with business_transaction():
        subscription = subscriptions.get(subscription_id)
        if subscription.cancel_at_period_end:
            # `ends_at` keeps the planned end; `ended_at` is when it really happened.
            subscriptions.end(subscription, ended_at=clock.tick())
        elif subscription.pause_at_period_end:
            _pause(subscription)
        else:
            _renew(subscription, subscription.current_period_end)


def convert_trial(subscription: Subscription) -> None:
    """End a trial now: the first paid period begins, and its day is the day of all that follow.

    Sends what a renewal does; there is no subscription.active.
    """
    now = clock.tick()
    subscription.anchor_day = now.day
    _renew(subscription, now, trial_end=now)


def _renew(subscription: Subscription, start: datetime, **values: object) -> None:
    work = current_work()
    meters_end = subscription.current_meter_period_end
    is_end_of_usage = meters_end is None or meters_end <= start
    if is_end_of_usage:
        metered.close_usage(subscription)
    if subscription.pending_update is not None:
        apply_pending(subscription)
        work.later(partial(grants.sync_subscription, subscription.id))
    status = _status_after(subscription)
    begin_period(subscription, start, status=status, new_meters=is_end_of_usage, **values)
    emit_subscription(subscription, "cycled", "updated")
    if meters_end is not None and is_end_of_usage:
        work.later(partial(grants.cycle_subscription, subscription.id))
    work.later(partial(_bill, subscription))


def _status_after(subscription: Subscription) -> str:
    return "active" if subscription.status == "trialing" else subscription.status


def begin_period(
    subscription: Subscription, start: datetime, *, new_meters: bool = True, **values: object
) -> None:
    """The period from `start`, at its price with or without the discount. Saves; sends nothing.

    Without `new_meters` a longer period of usage goes on.
    """
    end = add_interval(
        start,
        subscription.recurring_interval,
        subscription.recurring_interval_count,
        anchor_day=subscription.anchor_day,
    )
    rows.change(
        subscription,
        anchor_day=subscription.anchor_day,
        current_period_start=start,
        current_period_end=end,
        **(_meter_values(subscription, start) if new_meters else {}),
        **_discount_values(subscription, start),
        **values,
    )


def _meter_values(subscription: Subscription, start: datetime) -> dict[str, datetime | None]:
    return metered.meter_period(subscription.product, start, subscription.anchor_day)


def roll_meters(subscription_id: UUID) -> None:
    """The end of a period of usage inside a longer one, at the clock's present time.

    Sends subscription.updated, then benefit_grant.cycled (credits begin anew), and where something
    was used beyond them order.created and what the payment brings.
    """
    with business_transaction() as work:
        subscription = subscriptions.get(subscription_id)
        end = subscription.current_meter_period_end
        if subscription.status != "active" or end is None:
            return
        metered.close_usage(subscription)
        rows.change(subscription, **_meter_values(subscription, end))
        emit_subscription(subscription, "updated")
        work.later(partial(grants.cycle_subscription, subscription.id))
        work.later(partial(_bill_usage, subscription.id))


def _bill_usage(subscription_id: UUID) -> None:
    subscription = subscriptions.get(subscription_id)
    order = billing.add_usage_order(subscription, "subscription_meter_cycle")
    if order is not None:
        emit_order(order, "created")
        current_work().later(partial(dunning.charge, order, subscription))


def _discount_values(subscription: Subscription, start: datetime) -> dict[str, object]:
    """Whether the discount still counts for the new period, and what the period costs then."""
    discount = subscription.discount
    if discount is None:
        return {}
    if lasts(discount, subscription.discount_applied_at, start):
        return {"discount_applied_at": subscription.discount_applied_at or start}
    return {
        "discount": None,
        "amount": plan_of(subscription).amount(None, subscription.currency),
    }


def bill_period(subscription_id: UUID) -> None:
    """The order of the present period, and its payment. Sends order.created, and what follows."""
    _bill(subscriptions.get(subscription_id))


def _bill(subscription: Subscription) -> None:
    """The same for a row that nothing has changed since."""
    order = billing.add_renewal_order(subscription)
    emit_order(order, "created")
    if order.due_amount == 0:
        dunning.charge(order, subscription)
    else:
        current_work().later(partial(dunning.charge, order, subscription))


def _pause(subscription: Subscription) -> None:
    """The period that ended stays on the row; nothing is billed until it is resumed."""
    metered.close_usage(subscription)
    rows.change(subscription, status="paused", paused_at=clock.tick(), pause_at_period_end=False)
    emit_subscription(subscription, "updated", "paused")
    current_work().later(partial(grants.sync_subscription, subscription.id))


def resume(subscription_id: UUID) -> None:
    """paused → active: a new period from now, charged; nothing where it is not paused.

    Sends subscription.updated, .resumed; grants come back, then the order and its payment.
    """
    with business_transaction() as work:
        subscription = subscriptions.get(subscription_id)
        if subscription.status != "paused":
            return
        now = clock.tick()
        subscription.anchor_day = now.day
        if subscription.pending_update is not None:
            apply_pending(subscription)
        metered.open_usage(subscription)
        begin_period(
            subscription, now, status="active", paused_at=None, resumes_at=None, past_due_at=None
        )
        emit_subscription(subscription, "updated", "resumed")
        work.later(partial(grants.sync_subscription, subscription.id))
        work.later(partial(bill_period, subscription.id))
