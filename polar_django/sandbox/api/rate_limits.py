"""How often somebody may ask, as Polar's own sandbox has it; off unless chaos switches it on.

Counted in this process and by real time, because a caller really waits `Retry-After` seconds.
"""

import math
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from django.http import HttpRequest, HttpResponse

from polar_django.sandbox import chaos
from polar_django.sandbox.api.access import bearer_token
from polar_django.sandbox.api.refusals import too_many_requests

__all__ = ["RateLimits", "refuse_too_many"]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds; who asks more waits `block` seconds, if there is one."""

    requests: int
    seconds: float
    block: float = 0


MINUTE, HOUR = 60, 3_600
# The first pattern that fits decides; addresses are relative to `v1/`.
LIMITS: Mapping[str, tuple[Limit, ...]] = {
    r"customer-portal/license-keys/(validate|activate|deactivate)": (Limit(3, 1, block=60),),
    r"checkouts/client/[^/]+/confirm": (
        Limit(6, MINUTE),
        Limit(20, HOUR, block=30 * MINUTE),
    ),
    r".*": (Limit(100, MINUTE),),
}
# Who shows no token shares one of these per address.
WITHOUT_TOKEN = (Limit(60, MINUTE),)


@dataclass(slots=True)
class _Caller:
    asked: deque[float] = field(default_factory=deque)
    blocked_until: float = 0


class RateLimits:
    """Who asked when. `now` is in seconds, from any start."""

    def __init__(self) -> None:
        self._callers: dict[tuple[str, str], _Caller] = {}
        self._lock = Lock()

    def seconds_to_wait(self, path: str, token: str | None, address: str, now: float) -> int:
        """0 where the request may pass, which then counts; else the whole seconds until one may."""
        rule = next(pattern for pattern in LIMITS if re.fullmatch(pattern, path))
        limits = LIMITS[rule]
        if rule == r".*" and token is None:
            limits = WITHOUT_TOKEN
        with self._lock:
            caller = self._callers.setdefault((rule, token or address), _Caller())
            return _wait(caller, limits, now)

    def forget(self) -> None:
        """Nobody has asked for anything."""
        with self._lock:
            self._callers.clear()


def _wait(caller: _Caller, limits: Iterable[Limit], now: float) -> int:
    if caller.blocked_until > now:
        return math.ceil(caller.blocked_until - now)
    longest = max(limit.seconds for limit in limits)
    while caller.asked and caller.asked[0] <= now - longest:
        caller.asked.popleft()
    for limit in limits:
        recent = [asked for asked in caller.asked if asked > now - limit.seconds]
        if len(recent) >= limit.requests:
            if limit.block:
                caller.blocked_until = now + limit.block
            free_at = caller.blocked_until if limit.block else recent[0] + limit.seconds
            return max(1, math.ceil(free_at - now))
    caller.asked.append(now)
    return 0


_limits = RateLimits()


def refuse_too_many(request: HttpRequest, rest: str) -> HttpResponse | None:
    """The 429 for who asks too often, None for who may pass. One query."""
    if not chaos.read().rate_limits:
        # So that switching it on again begins anew.
        _limits.forget()
        return None
    address = request.META.get("REMOTE_ADDR", "")
    seconds = _limits.seconds_to_wait(rest, bearer_token(request), address, time.time())
    return too_many_requests(seconds) if seconds else None
