"""One measurement of everything."""

import dataclasses

from django.utils import timezone

from polar_django.conf import beat_schedule, get_settings
from polar_django.health.causes import failure_causes
from polar_django.health.figures import Health, WalkFigures
from polar_django.health.news import failed_news
from polar_django.health.queues import hours_of_inbox, last_received, queue_figures
from polar_django.health.reaching import last_answers, reach_providers
from polar_django.health.verdict import faults_in
from polar_django.heartbeats import last_beat
from polar_django.models import Transition, UsageEvent, Walk, WebhookDelivery
from polar_django.models.databases import on_primary

__all__ = ["measure_health"]

# By its name in the schedule: the tasks bring Celery into every process that shows the admin.
_SWEEPER = beat_schedule()["polar_django.sweep_inbox"]["task"]


def measure_health(*, ask_provider: bool = False) -> Health:
    """How the installation stands now. Fourteen queries at most; none reads the history.

    With `ask_provider` each configured provider is called once, unless that was done within the
    last minute: some seconds, where it does not answer. Without, what it answered last is told,
    and is no fault. Raises what the database raises.
    """
    now = timezone.now()
    asked = reach_providers() if ask_provider else ()
    health = Health(
        measured_at=now,
        inbox=queue_figures(WebhookDelivery, now),
        outbox=queue_figures(Transition, now),
        usage=queue_figures(UsageEvent, now),
        causes=failure_causes(),
        news=failed_news(),
        hours=hours_of_inbox(now),
        received_at=last_received(),
        sweeper_ran_at=last_beat(_SWEEPER),
        walks=_walks(),
        providers=asked,
    )
    is_inline = get_settings().process_inline
    faults = tuple(faults_in(health, is_inline=is_inline))
    return dataclasses.replace(health, faults=faults, providers=asked or last_answers())


def _walks() -> tuple[WalkFigures, ...]:
    return tuple(
        WalkFigures(
            provider=walk.provider,
            purpose=walk.purpose,
            started_at=walk.started_at,
            finished_at=walk.finished_at,
            report=walk.report,
        )
        for walk in on_primary(Walk).order_by("provider", "purpose")
    )
