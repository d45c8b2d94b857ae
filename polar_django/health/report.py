"""The measurement as JSON."""

from datetime import datetime
from typing import Any

from polar_django.health.figures import Cause, Health, Queue, ReachedProvider, WalkFigures

__all__ = ["report_of"]


def report_of(health: Health) -> dict[str, Any]:
    """What `health/` answers: plain values, times as ISO 8601 in UTC. No queries."""
    return {
        "healthy": health.is_well,
        "measured_at": _time(health.measured_at),
        "faults": [
            {"code": one.code, "what": one.what, "fix": one.fix, "grave": one.is_grave}
            for one in health.faults
        ],
        "inbox": {**_queue(health, health.inbox), "last_received_at": _time(health.received_at)},
        "outbox": _queue(health, health.outbox),
        "usage": _queue(health, health.usage),
        "causes": [_cause(one) for one in health.causes.found],
        "causes_are_complete": health.causes.is_complete,
        "news": [{"name": one.name, "count": one.count, "error": one.error} for one in health.news],
        "hours": [
            {
                "starts_at": _time(hour.starts_at),
                "received": hour.received,
                "waiting": hour.waiting,
                "dead": hour.dead,
            }
            for hour in health.hours
        ],
        "sweeper_ran_at": _time(health.sweeper_ran_at),
        "walks": [_walk(one) for one in health.walks],
        "providers": [_provider(one) for one in health.providers],
    }


def _queue(health: Health, queue: Queue) -> dict[str, Any]:
    oldest = queue.oldest_due_at
    return {
        "due": queue.due,
        "oldest_due_at": _time(oldest),
        "oldest_due_seconds": (
            round((health.measured_at - oldest).total_seconds(), 1) if oldest else 0
        ),
        "put_off": queue.put_off,
        "dead": queue.dead,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "key": cause.key,
        "error_type": cause.error_type,
        "error": cause.error,
        "dead": cause.dead,
        "put_off": cause.put_off,
        "first_received_at": _time(cause.first_at),
        "last_received_at": _time(cause.last_at),
        "event_types": dict(cause.event_types),
    }


def _walk(walk: WalkFigures) -> dict[str, Any]:
    return {
        "provider": walk.provider,
        "purpose": walk.purpose,
        "started_at": _time(walk.started_at),
        "finished_at": _time(walk.finished_at),
        "drift": walk.drift,
        "report": walk.report,
    }


def _provider(answer: ReachedProvider) -> dict[str, Any]:
    return {
        "provider": answer.provider,
        "asked_at": _time(answer.asked_at),
        "reachable": answer.is_reachable,
        "error": answer.error,
        "endpoints": list(answer.endpoints),
        "endpoint_faults": list(answer.endpoint_faults) if answer.endpoint_is_known else None,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
