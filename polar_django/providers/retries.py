"""How often a call is repeated, and how long to wait in between."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """`attempts` in all. Waits, in seconds, double from `first_wait` and are spread at random over
    half their length; none is longer than `longest_wait`, because a visitor may be waiting too.
    `sleep` takes the place of `time.sleep`.
    """

    attempts: int = 3
    first_wait: float = 0.4
    longest_wait: float = 4.0
    sleep: Callable[[float], None] | None = None
    random: Callable[[], float] = random.random

    def wait(self, attempt: int, asked: float | None = None) -> bool:
        """Wait after that many attempts, and say whether to try again.

        `asked` is what the provider asked for: waited for exactly, or not at all where it is more
        than we are ready to wait.
        """
        if attempt >= self.attempts or (asked is not None and asked > self.longest_wait):
            return False
        backoff = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
        seconds = backoff * (0.5 + self.random() / 2) if asked is None else asked
        (self.sleep or time.sleep)(seconds)
        return True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in `Retry-After`, a number or a date; None where it is absent or unreadable."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        until, now = date_in(value), date_in(headers.get("date", ""))
        seconds = (until - now).total_seconds() if until and now else -1.0
        return max(seconds, 0.0) if until and now else None
    return seconds if isfinite(seconds) and seconds >= 0 else None


def date_in(value: str) -> datetime | None:
    """The aware time in an HTTP date, None where it is none."""
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else None
