"""Failed deliveries by what made them fail: twenty errors are seldom twenty faults.

Two have one cause where the error is of one class and says the same, but for ids and numbers.
"""

import hashlib
import re
from collections import Counter
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from polar_django.health.figures import Cause, Causes
from polar_django.models import WebhookDelivery
from polar_django.models.databases import on_primary

__all__ = ["failure_causes"]

_STATE = WebhookDelivery.State
# Failures that are read, latest first. What an outage leaves behind is of one cause or two.
_MOST = 10_000
_VARYING = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # a UUID
    r"|\b[a-z]+_(?=\w*\d)\w+"  # cus_4fj2
    r"|'[^']*'|\"[^\"]*\""
    r"|\b(?=\w*\d)[0-9a-f]{8,}\b"
    r"|\b\d{5,}\b",  # not the number of a line
    re.IGNORECASE,
)


class _Failure(NamedTuple):
    pk: int
    state: str
    type: str
    error_type: str
    error: str
    received_at: datetime


def failure_causes() -> Causes:
    """Why the deliveries failed that are dead or wait for another attempt. Two queries.

    Of each kind the ten thousand latest are read, without their bodies.
    """
    failures: list[_Failure] = []
    is_complete = True
    for state in (_STATE.DEAD, _STATE.FAILED):
        rows = on_primary(WebhookDelivery).filter(state=state).order_by("-received_at")
        read = list(rows.values_list(*_Failure._fields)[: _MOST + 1])
        is_complete = is_complete and len(read) <= _MOST
        failures += (_Failure(*row) for row in read[:_MOST])
    failures.sort(key=lambda one: (one.received_at, one.pk))
    by_cause: dict[str, list[_Failure]] = {}
    for failure in failures:
        by_cause.setdefault(_cause_key(failure.error_type, failure.error), []).append(failure)
    found = [_cause(key, same) for key, same in by_cause.items()]
    found.sort(key=lambda cause: (-cause.count, cause.key))
    return Causes(found=tuple(found), is_complete=is_complete)


def _cause(key: str, same: list[_Failure]) -> Cause:
    dead = sum(one.state == _STATE.DEAD for one in same)
    return Cause(
        key=key,
        error_type=same[-1].error_type,
        error=same[-1].error,
        dead=dead,
        put_off=len(same) - dead,
        first_at=same[0].received_at,
        last_at=same[-1].received_at,
        event_types=dict(Counter(one.type for one in same).most_common()),
        pks=tuple(one.pk for one in same),
    )


@lru_cache(maxsize=2_000)
def _cause_key(error_type: str, error: str) -> str:
    text = f"{error_type} {_VARYING.sub('…', error)}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
