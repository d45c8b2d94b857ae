"""Times as Polar writes them."""

from datetime import datetime

__all__ = ["moment", "moment_or_none"]


def moment(time: datetime) -> str:
    """`2026-11-21T06:36:49.240179Z`: UTC, always six digits of a second."""
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment_or_none(time: datetime | None) -> str | None:
    return None if time is None else moment(time)
