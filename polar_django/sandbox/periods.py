"""Calendar arithmetic of subscriptions."""

from calendar import monthrange
from datetime import datetime, timedelta

__all__ = ["MONTHS", "add_interval", "ceil_to_minutes", "day_in_month"]

MONTHS = {"month": 1, "year": 12}


def add_interval(start: datetime, interval: str, count: int, *, anchor_day: int) -> datetime:
    """`count` intervals (day, week, month, year) after `start`.

    Months and years fall on `anchor_day`, or on the last day of a shorter month: from 31 January
    to 28 February to 31 March.
    """
    if interval == "day":
        return start + timedelta(days=count)
    if interval == "week":
        return start + timedelta(weeks=count)
    years, month = divmod(start.month - 1 + MONTHS[interval] * count, 12)
    first = start.replace(year=start.year + years, month=month + 1, day=1)
    return first.replace(day=day_in_month(first, anchor_day))


def day_in_month(time: datetime, anchor_day: int) -> int:
    """Where `anchor_day` falls in the month of `time`: on the last day of a shorter one."""
    return min(anchor_day, monthrange(time.year, time.month)[1])


def ceil_to_minutes(time: datetime, minutes: int) -> datetime:
    """The next run at or after `time` of a job that runs every `minutes` of the hour."""
    step = timedelta(minutes=minutes)
    midnight = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - time) // step) * step
