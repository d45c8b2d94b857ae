"""The periodic tasks."""

from typing import Any

__all__ = ["beat_schedule"]


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The periodic tasks, for `CELERY_BEAT_SCHEDULE` (seconds between runs)."""
    every = {
        "sweep_inbox": 30.0,
        "send_transitions": 60.0,
        "flush_usage": 30.0,
        "push_customers": 60.0,
        "purge_inbox": 24 * 3600.0,
        "purge_usage": 24 * 3600.0,
        "reconcile": 6 * 3600.0,
    }
    return {
        f"polar_django.{task}": {
            "task": f"polar_django.tasks.{task}",
            "schedule": seconds,
            "options": {"expires": seconds},
        }
        for task, seconds in every.items()
    }
