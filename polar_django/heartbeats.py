"""Signs of life: a task that ran proves that beat asked for it and that a worker took it.

Nothing else does: beat answers nobody, and a worker that answers may hear of no beat.
"""

from datetime import datetime

from django.utils import timezone

from polar_django.models import Heartbeat
from polar_django.models.databases import on_primary

__all__ = ["last_beat", "note_beat"]


def note_beat(name: str) -> None:
    """Remember that this periodic task runs now. One statement, the first time two."""
    now = timezone.now()
    if not on_primary(Heartbeat).filter(pk=name).update(beat_at=now):
        on_primary(Heartbeat).bulk_create(
            [Heartbeat(name=name, beat_at=now)], ignore_conflicts=True
        )


def last_beat(name: str) -> datetime | None:
    """When it last ran, None where it never did. One query."""
    return on_primary(Heartbeat).filter(pk=name).values_list("beat_at", flat=True).first()
