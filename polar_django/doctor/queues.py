"""What waits: received deliveries, news for the project, usage, and the repair of the mirror."""

from collections.abc import Iterator

from django.db.models import Min
from django.utils import timezone

from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.health.limits import LATE, STALE
from polar_django.health.queues import queue_figures
from polar_django.models import Customer, Product, Transition, UsageEvent, Walk, WebhookDelivery
from polar_django.models.databases import on_primary
from polar_django.webhooks import inbox

__all__ = ["look_at_inbox", "look_at_outbox", "look_at_reconcile", "look_at_usage"]


def look_at_inbox(case: Case) -> Iterator[Finding]:
    """What is late, and what gave up. Two queries."""
    found = inbox.backlog(LATE)
    if found.due:
        yield Finding(
            code="inbox-late",
            what=f"{found.due} deliveries wait since {found.oldest_due_at:%Y-%m-%d %H:%M} UTC.",
            why="What they tell of is not in the mirror: bought and not given, or ended and not "
            "closed.",
            fix="Start more workers, and see why they are slow: "
            "python manage.py polar_inbox list --state failed",
        )
    if found.dead:
        yield Finding(
            code="inbox-dead",
            what=f"{found.dead} deliveries could not be processed and are given up.",
            why="Reconcile mends what they would have changed; `@on` handlers never heard of them.",
            fix="python manage.py polar_inbox list --state dead, mend the cause, then "
            "python manage.py polar_inbox replay --dead",
            level=Level.WARNING,
        )


def look_at_outbox(case: Case) -> Iterator[Finding]:
    """Signals and handlers that are late, or gave up. Two queries."""
    waiting = on_primary(Transition).filter(
        state__in=(Transition.State.PENDING, Transition.State.FAILED),
        due_at__lte=timezone.now() - LATE,
    )
    if late := waiting.count():
        yield Finding(
            code="outbox-late",
            what=f"{late} signals have not been sent for ten minutes.",
            why="Whatever the project does about them has not happened: mails, invitations, "
            "clean-up.",
            fix="Start a worker and beat, which runs polar_django.tasks.send_transitions.",
        )
    dead = on_primary(Transition).filter(state=Transition.State.DEAD)
    if number := dead.count():
        names = dead.order_by().values_list("name", flat=True).distinct()[:3]
        yield Finding(
            code="outbox-dead",
            what=f"{number} signals failed in their receivers to the last ({', '.join(names)}).",
            why="A receiver of the project raised eight times; what it was to do is not done.",
            fix="See Transition.error in the admin, mend the receiver, and tell it again there.",
            level=Level.WARNING,
        )


def look_at_usage(case: Case) -> Iterator[Finding]:
    """Usage that is late, or gave up. Two queries."""
    found = queue_figures(UsageEvent, timezone.now() - LATE)
    if found.due:
        yield Finding(
            code="usage-late",
            what=f"{found.due} usage events wait since {found.oldest_due_at:%Y-%m-%d %H:%M} UTC.",
            why="What was used is not billed, and balances are what they were before.",
            fix="Start a worker and beat, which runs polar_django.tasks.flush_usage; why they wait "
            "is said by: python manage.py polar_usage list --state failed",
            level=Level.WARNING,
        )
    if found.dead:
        yield Finding(
            code="usage-dead",
            what=f"{found.dead} usage events were refused by the provider and are given up.",
            why="What they count is never billed.",
            fix="python manage.py polar_usage list --state dead, mend the cause, then "
            "python manage.py polar_usage retry --all",
            level=Level.WARNING,
        )


def look_at_reconcile(case: Case) -> Iterator[Finding]:
    """Whether there is a copy at all, and when it was last compared. Four queries."""
    mine = {"provider": case.provider_name}
    if not (
        on_primary(Product).filter(**mine).exists() or on_primary(Customer).filter(**mine).exists()
    ):
        yield Finding(
            code="mirror-empty",
            what=f"The mirror knows no product and no customer of {case.provider_name}.",
            why="What was there before the endpoint was registered is never delivered.",
            fix="python manage.py polar_sync",
            level=Level.WARNING,
        )
        return
    if case.settings.process_inline:
        raise NotApplicable("PROCESS_INLINE is on: no beat runs reconcile")
    # The first copy is as good as a comparison; and what began today is not late yet, be it the
    # installation or a walk, which forgets when it last came to its end.
    walks = on_primary(Walk).filter(**mine).values_list("finished_at", "started_at")
    last = max((finished or started for finished, started in walks), default=None)
    began = on_primary(WebhookDelivery).filter(**mine).aggregate(at=Min("received_at"))["at"]
    if last is None and began is not None and timezone.now() - began <= STALE:
        return
    if last is None or timezone.now() - last > STALE:
        when = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
        yield Finding(
            code="reconcile-late",
            what=f"The mirror has not been compared with {case.provider_name} {when}.",
            why="What was never delivered stays unknown: reconcile is what repairs it.",
            fix="Run beat with beat_schedule() and a worker; at once: "
            "python manage.py polar_sync --repair",
            level=Level.WARNING,
        )
