"""Moving the clock: everything that falls due on the way happens, one thing after another."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from polar_django.sandbox import clients, clock, courier, delivery
from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import agenda, archive
from polar_django.sandbox.engine.agenda import Agenda, Kind
from polar_django.sandbox.engine.checkouts import expire_checkout
from polar_django.sandbox.engine.dunning import retry_payment
from polar_django.sandbox.engine.refunds import settle_refund
from polar_django.sandbox.engine.renewals import resume, roll_meters, roll_period
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import ClockRunsForward, invalid
from polar_django.sandbox.models import BILLABLE_STATUSES, Checkout, Order, Refund, Subscription

__all__ = ["advance", "catch_up", "move_to", "run_due"]

# So that no period that begins by then ends after the calendar does.
LAST_YEAR = 8000
TOO_FAR = "The calendar does not go that far."

logger = logging.getLogger("polar_django.sandbox")


def advance(
    *,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
    deliver: bool = False,
) -> int:
    """Move the clock forward by a span; none does what is due now. Returns, raises as `move_to`."""
    try:
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        to = clock.now() + span
    except (OverflowError, ValueError) as error:
        raise invalid(TOO_FAR) from error
    if span < timedelta():
        raise ClockRunsForward
    return _move(to, deliver=deliver)


def move_to(to: datetime, *, deliver: bool = False) -> int:
    """Move the clock to `to` (aware). Returns how many things fell due.

    Each happens at its own time, with all its jobs and events, before the next: a jump of half a
    year makes six periods and six orders. With `deliver`, webhooks are sent between the steps, and
    retried when they are due; without, they wait. Raises ClockRunsForward for a time in the past,
    InvalidRequest for one after the year 8000.
    """
    if to < clock.now():
        raise ClockRunsForward
    return _move(to, deliver=deliver)


def _move(to: datetime, *, deliver: bool) -> int:
    if to.year > LAST_YEAR:
        raise invalid(TOO_FAR, value=str(to))
    steps = _run_until(to, deliver=deliver)
    # The clock stays where it is if it has come further by itself meanwhile.
    clock.jump(to)
    return steps


def run_due() -> int:
    """What fell due while time passed by itself, without moving the clock. Sends nothing."""
    return _run_until(clock.now(), deliver=False)


def catch_up() -> None:
    """Before somebody is answered: what passing time has brought, and a sender for what waits.

    Only where webhooks are sent by themselves: elsewhere nothing happens behind a test's back.
    One query where nothing is due. What fails is logged, and the request is answered all the same.
    """
    if not get_settings().auto_deliver:
        return
    waiting = agenda.read()
    if "delivery" in waiting.due:
        courier.start()
    if _next(waiting, waiting.now, deliver=False) is None:
        return
    try:
        run_due()
    except Exception:
        # Else nobody could open the page that starts over.
        logger.exception("The sandbox could not do what fell due; the next request tries again.")


def _run_until(to: datetime, *, deliver: bool) -> int:
    """Between two steps everything goes out, and what receivers cause meanwhile."""
    if not deliver:
        return _take_all(to, deliver=False)
    try:
        with clients.kept_client():
            return _take_all(to, deliver=True)
    finally:
        # For what is left in spite of it all: a step that failed, a receiver that never rests.
        courier.wake()


def _take_all(to: datetime, *, deliver: bool) -> int:
    steps = rounds = 0
    while True:
        waiting = agenda.read()
        if deliver and rounds < delivery.ROUNDS and _is_delivery_due(waiting):
            rounds += 1
            if delivery.deliver_due().total:
                continue
        found = _next(waiting, to, deliver=deliver)
        if found is None:
            return steps
        steps += _take(*found)
        rounds = 0


def _is_delivery_due(waiting: Agenda) -> bool:
    at = waiting.due.get("delivery")
    return at is not None and at <= waiting.now


def _next(waiting: Agenda, until: datetime, *, deliver: bool) -> tuple[str, datetime] | None:
    """The kind and time of the earliest thing not later than `until`."""
    due: dict[str, datetime | None] = dict(waiting.due)
    if not deliver:
        due["delivery"] = None
    elif _is_delivery_due(waiting):
        # It was not sent just now: another sender is busy with it.
        due["delivery"] = delivery.next_due_at(ours=True)
    found = [(kind, at) for kind, at in due.items() if at is not None and at <= until]
    return min(found, key=lambda each: each[1]) if found else None


def _take(kind: str, at: datetime) -> int:
    """One step, and the clock's move to it, in one transaction; 0 where it is gone meanwhile."""
    with business_transaction():
        step = STEPS.get(kind)
        if step is None:
            clock.move(at)
            return 1
        pk = step.first(agenda.KINDS[kind], at)
        if pk is None:
            return 0
        clock.move(at)
        step.run(pk)
        return 1


@dataclass(frozen=True, slots=True)
class _Step:
    """What happens to the first of the rows that wait."""

    waiting: Callable[[], QuerySet[Any]]
    run: Callable[[UUID], object]

    def first(self, kind: Kind, at: datetime) -> UUID | None:
        """The row that is due at `at`, None where that has changed since it was read."""
        ordered = self.waiting().order_by(kind.column, "created_at")
        row = ordered.values_list("pk", kind.column).first()
        return None if row is None or kind.runs_at(row[1]) != at else row[0]


# What is not here needs no row: a delivery goes out after every step by itself.
STEPS: Mapping[str, _Step] = {
    "checkout": _Step(lambda: Checkout.objects.filter(status="open"), expire_checkout),
    "period": _Step(lambda: Subscription.objects.filter(status__in=BILLABLE_STATUSES), roll_period),
    "meters": _Step(
        lambda: Subscription.objects.filter(
            status="active", current_meter_period_end__isnull=False
        ),
        roll_meters,
    ),
    "resume": _Step(
        lambda: Subscription.objects.filter(status="paused", resumes_at__isnull=False), resume
    ),
    "payment": _Step(
        lambda: Order.objects.filter(status="pending", next_payment_attempt_at__isnull=False),
        retry_payment,
    ),
    "refund": _Step(lambda: Refund.objects.filter(settles_at__isnull=False), settle_refund),
    "archive": _Step(archive.kept, lambda _: archive.put_away()),
}
