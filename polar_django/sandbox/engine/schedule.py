"""Moving the clock: everything that falls due on the way happens, one thing after another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from polar_django.sandbox import clock, delivery
from polar_django.sandbox.engine import archive
from polar_django.sandbox.engine.checkouts import expire_checkout
from polar_django.sandbox.engine.dunning import retry_payment
from polar_django.sandbox.engine.refunds import settle_refund
from polar_django.sandbox.engine.renewals import resume, roll_meters, roll_period
from polar_django.sandbox.errors import ClockRunsForward
from polar_django.sandbox.models import BILLABLE_STATUSES, Checkout, Order, Refund, Subscription
from polar_django.sandbox.periods import ceil_to_minutes

__all__ = ["advance", "move_to", "run_due"]

# Polar's own timetable: sessions every quarter of an hour, failed payments at the full hour.
CHECKOUT_MINUTES = 15
DUNNING_MINUTES = 60
MINUTES_OF_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    run: Callable[[], object]


def advance(
    *,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
    deliver: bool = False,
) -> int:
    """Move the clock forward by a span. Returns and raises as `move_to`."""
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return move_to(clock.now() + span, deliver=deliver)


def move_to(to: datetime, *, deliver: bool = False) -> int:
    """Move the clock to `to` (aware). Returns how many things fell due.

    Each happens at its own time, with all its jobs and events, before the next: a jump of half a
    year makes six periods and six orders. With `deliver`, webhooks are sent between the steps, and
    retried when they are due; without, they wait. Raises ClockRunsForward for a time in the past.
    """
    if to < clock.now():
        raise ClockRunsForward
    steps = _run_until(to, deliver=deliver)
    if to > clock.now():
        clock.jump(to)
    return steps


def run_due(*, deliver: bool = False) -> int:
    """What fell due while time passed by itself, without moving the clock."""
    return _run_until(clock.now(), deliver=deliver)


def _run_until(to: datetime, *, deliver: bool) -> int:
    steps = 0
    if deliver:
        delivery.flush()
    while (due := _next_due(to, deliver=deliver)) is not None:
        if due.at > clock.now():
            clock.jump(due.at)
        due.run()
        if deliver:
            delivery.flush()
        steps += 1
    return steps


def _next_due(until: datetime, *, deliver: bool) -> _Due | None:
    """The earliest thing not later than `until`.

    At the same time sessions come first, then periods, ends of pauses, payments, what settles and
    what is put away, deliveries.
    """
    candidates = [
        _next_checkout(),
        _next_period(),
        _next_meter_period(),
        _next_resume(),
        _next_payment(),
        _next_refund(),
        _next_archive(),
    ]
    if deliver:
        candidates.append(_next_delivery())
    found = [each for each in candidates if each is not None and each.at <= until]
    return min(found, key=lambda each: each.at) if found else None


def _next_checkout() -> _Due | None:
    row = Checkout.objects.filter(status="open").order_by("expires_at").first()
    if row is None:
        return None
    at = ceil_to_minutes(row.expires_at, CHECKOUT_MINUTES)
    return _Due(at, lambda: expire_checkout(row))


def _next_period() -> _Due | None:
    row = (
        Subscription.objects.filter(status__in=BILLABLE_STATUSES)
        .order_by("current_period_end", "created_at")
        .only("current_period_end")
        .first()
    )
    return None if row is None else _Due(row.current_period_end, lambda: roll_period(row.id))


def _next_meter_period() -> _Due | None:
    """Of active subscriptions: one that is past due stands still."""
    row = (
        Subscription.objects.filter(status="active", current_meter_period_end__isnull=False)
        .order_by("current_meter_period_end", "created_at")
        .only("current_meter_period_end")
        .first()
    )
    if row is None or row.current_meter_period_end is None:
        return None
    return _Due(row.current_meter_period_end, lambda: roll_meters(row.id))


def _next_resume() -> _Due | None:
    row = (
        Subscription.objects.filter(status="paused", resumes_at__isnull=False)
        .order_by("resumes_at", "created_at")
        .only("resumes_at")
        .first()
    )
    if row is None or row.resumes_at is None:
        return None
    return _Due(row.resumes_at, lambda: resume(row.id))


def _next_payment() -> _Due | None:
    row = (
        Order.objects.filter(status="pending", next_payment_attempt_at__isnull=False)
        .order_by("next_payment_attempt_at", "created_at")
        .only("next_payment_attempt_at")
        .first()
    )
    if row is None or row.next_payment_attempt_at is None:
        return None
    at = ceil_to_minutes(row.next_payment_attempt_at, DUNNING_MINUTES)
    return _Due(at, lambda: retry_payment(row.id))


def _next_refund() -> _Due | None:
    row = (
        Refund.objects.filter(settles_at__isnull=False)
        .order_by("settles_at", "created_at")
        .only("settles_at")
        .first()
    )
    if row is None or row.settles_at is None:
        return None
    return _Due(row.settles_at, lambda: settle_refund(row.id))


def _next_archive() -> _Due | None:
    oldest = archive.oldest_kept_at()
    if oldest is None:
        return None
    return _Due(ceil_to_minutes(oldest + archive.KEPT_FOR, MINUTES_OF_A_DAY), archive.put_away)


def _next_delivery() -> _Due | None:
    """A retry. It needs no handler: webhooks are sent after every step."""
    at = delivery.next_due_at(ours=True)
    return None if at is None else _Due(at, lambda: None)
