"""What of the figures is a fault, and what to do about it."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from polar_django.health.figures import Fault, Health, Queue, ReachedProvider
from polar_django.health.limits import LATE, SILENT, STALE

__all__ = ["faults_in"]


def faults_in(health: Health, *, is_inline: bool) -> Iterator[Fault]:
    """The faults, grave ones first. `is_inline` where no worker is needed. No queries."""
    found = [
        *_sweeper(health, is_inline),
        *_late(health),
        *(fault for one in health.providers for fault in _provider(one)),
        *_dead(health),
        *([] if is_inline else _reconcile(health)),
    ]
    return iter(sorted(found, key=lambda fault: not fault.is_grave))


def _sweeper(health: Health, is_inline: bool) -> Iterator[Fault]:
    ran_at = health.sweeper_ran_at
    if is_inline or (ran_at is not None and health.measured_at - ran_at <= SILENT):
        return
    what = (
        _("The sweeper has not run for %(time)s: beat or the workers have stopped.")
        % {"time": timesince(ran_at, health.measured_at)}
        if ran_at
        else _("The sweeper has never run: beat or the workers have not been started.")
    )
    yield Fault(
        code="beat-silent",
        what=what,
        fix=_("Start celery beat and a worker; polar_doctor says which of them is missing."),
    )


def _late(health: Health) -> Iterator[Fault]:
    now = health.measured_at
    if _is_late(health.inbox, now):
        yield Fault(
            code="inbox-late",
            what=ngettext(
                "%(count)s delivery waits for a worker, for %(time)s.",
                "%(count)s deliveries wait for a worker, the oldest for %(time)s.",
                health.inbox.due,
            )
            % _waiting(health.inbox, now),
            fix=_("See whether workers run, and start more of them."),
        )
    if _is_late(health.outbox, now):
        yield Fault(
            code="outbox-late",
            what=ngettext(
                "%(count)s signal has not been sent, for %(time)s.",
                "%(count)s signals have not been sent, the oldest for %(time)s.",
                health.outbox.due,
            )
            % _waiting(health.outbox, now),
            fix=_("See whether workers run, and start more of them."),
        )
    if _is_late(health.usage, now):
        yield Fault(
            code="usage-late",
            what=ngettext(
                "%(count)s usage event has not been sent, for %(time)s.",
                "%(count)s usage events have not been sent, the oldest for %(time)s.",
                health.usage.due,
            )
            % _waiting(health.usage, now),
            fix=_("See whether workers and beat run, and whether the provider answers."),
            is_grave=False,
        )


def _dead(health: Health) -> Iterator[Fault]:
    if count := health.inbox.dead:
        yield Fault(
            code="inbox-dead",
            what=ngettext(
                "%(count)s delivery could not be processed and is given up.",
                "%(count)s deliveries could not be processed and are given up.",
                count,
            )
            % {"count": count},
            fix=_("Mend what the causes below name, then process them again there."),
            is_grave=False,
        )
    if count := health.outbox.dead:
        yield Fault(
            code="outbox-dead",
            what=ngettext(
                "%(count)s signal failed in its receivers to the last.",
                "%(count)s signals failed in their receivers to the last.",
                count,
            )
            % {"count": count},
            fix=_("Mend the receiver that its error names, and tell it again."),
            is_grave=False,
        )
    if count := health.usage.dead:
        yield Fault(
            code="usage-dead",
            what=ngettext(
                "%(count)s usage event was refused and is given up.",
                "%(count)s usage events were refused and are given up.",
                count,
            )
            % {"count": count},
            fix=_("polar_usage list --state dead tells why; then polar_usage retry --all"),
            is_grave=False,
        )


def _reconcile(health: Health) -> Iterator[Fault]:
    """The first copy is as good as a comparison; one that runs since today is not late yet."""
    if not health.walks:
        yield Fault(
            code="reconcile-never",
            what=_("The mirror has not been compared with the provider yet."),
            fix=_("Once: python manage.py polar_sync. From then on beat runs it."),
            is_grave=False,
        )
    for provider in sorted({walk.provider for walk in health.walks}):
        latest = max(
            walk.finished_at or walk.started_at
            for walk in health.walks
            if walk.provider == provider
        )
        if health.measured_at - latest > STALE:
            yield Fault(
                code="reconcile-late",
                what=_("The mirror has not been compared with %(provider)s for %(time)s.")
                % {"provider": provider, "time": timesince(latest, health.measured_at)},
                fix=_("Run celery beat; at once: python manage.py polar_sync --repair"),
                is_grave=False,
            )


def _provider(answer: ReachedProvider) -> Iterator[Fault]:
    if not answer.is_reachable:
        yield Fault(
            code="provider-unreachable",
            what=_("%(provider)s does not answer: %(error)s")
            % {"provider": answer.provider, "error": answer.error},
            fix=_("Nothing can be bought meanwhile. See its status page, and polar_doctor."),
        )
    elif answer.error:
        yield Fault(
            code="provider-refuses",
            what=_("%(provider)s refuses to be asked: %(error)s")
            % {"provider": answer.provider, "error": answer.error},
            fix=_("polar_doctor says what is wrong with the access token."),
            is_grave=answer.is_refused,
        )
    for what in answer.endpoint_faults:
        yield Fault(
            code="endpoint-faulty",
            what=_("The webhook endpoint at %(provider)s: %(fault)s.")
            % {"provider": answer.provider, "fault": what},
            fix=_("python manage.py polar_webhook ensure --url https://your.site"),
        )


def _is_late(queue: Queue, now: datetime) -> bool:
    return queue.oldest_due_at is not None and now - queue.oldest_due_at > LATE


def _waiting(queue: Queue, now: datetime) -> dict[str, object]:
    assert queue.oldest_due_at is not None
    return {"count": queue.due, "time": timesince(queue.oldest_due_at, now)}
