"""A simulated year under fire, and what stood at its end."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from django.core.management import call_command
from django.db import close_old_connections
from django.utils import timezone

from polar_django import tasks
from polar_django.models import Transition, Walk, WebhookDelivery

# Imported so that tasks are sent to the broker of the run, as a project does it.
from tests.celery_app import app as celery_app
from tests.chaos.comparison import Difference, compare, wrong_gates
from tests.chaos.faults import Faults
from tests.chaos.life import Life
from tests.chaos.world import NotReady, World, wait_until

__all__ = ["Report", "celery_app", "run", "time_limit"]

DAYS = 365
# The shares of the issue; what is dropped is tried again by the provider.
TROUBLE = {"duplicate": 0.3, "drop": 0.1, "reorder": True}
# In a tenth of the year the endpoint is off: what happens then is never delivered at all.
SILENT = 0.1


@dataclass(slots=True)
class Report:
    """What a run saw. `wrong` is empty when nothing was lost and every row was right."""

    seed: int
    customers: int
    seconds: float = 0
    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    survived: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    healed: int = 0
    before: dict[str, Difference] = field(default_factory=dict)
    after: dict[str, Difference] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        def listed(counts: Counter[str]) -> str:
            return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "nothing"

        return "\n".join(
            (
                f"Seed {self.seed}, {self.customers} people, {self.seconds:.0f} s.",
                f"  They did: {listed(self.done)}; the shop could not: {listed(self.failed)}",
                f"  Survived: {listed(self.survived)}",
                f"  Events: {listed(self.events)}",
                f"  Rows that differed before the last reconcile: {self.healed}",
                f"  Rows at the end: {', '.join(f'{k} {v.seen}' for k, v in self.after.items())}",
                *(f"  WRONG {each}" for each in self.wrong),
                "  Nothing lost, nothing wrong." if not self.wrong else "",
            )
        )


def run(world: World, seed: int, customers: int, faults: int, steps: int) -> Report:
    """Live the year in so many steps, with so many faults, and judge it.

    At each step half of the people act, then the clock goes on. Raises NotReady where the end
    is not reached.
    """
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"  {time.monotonic() - started:4.0f} s: {what}", flush=True)

    report = Report(seed, customers)
    rng = random.Random(seed)
    call_command("migrate", verbosity=0)
    world.start_provider()
    world.start_shop()
    life = Life(world.api, customers, rng)
    trouble = Faults(world, rng)
    say("everything runs")
    world.control("chaos", **TROUBLE)
    silent = set(rng.sample(range(steps), max(1, round(steps * SILENT))))
    for step in range(steps):
        if world.enable_endpoint(step not in silent):
            report.survived["endpoint switched off or on again"] += 1
        strikes = (step + 1) * faults // steps > step * faults // steps
        with trouble.one() if strikes else nullcontext():
            life.go_on()
            world.control("clock", advance_days=DAYS / steps)
        report.survived["processes that gave up"] += world.revive()
        say(f"day {(step + 1) * DAYS // steps}")
    report.done, report.failed = life.done + life.seller.done, life.failed
    report.survived += trouble.survived
    report.survived["connections spoiled on the way"] = (
        world.provider_network.broken + world.webhook_network.broken
    )
    _calm_down(world)
    _judge_deliveries(world, report)
    say("every delivery is processed")
    report.before = compare(world.api)
    report.healed = sum(each.count for each in report.before.values())
    _reconcile()
    _wait_for_workers()
    say("reconciled")
    report.after = compare(world.api)
    report.wrong += [f"{name}: {each}" for name, each in report.after.items() if each.count]
    report.wrong += [f"gate of person {each}" for each in wrong_gates(world.api)]
    report.wrong += _left_over()
    report.events["news that only reconcile heard"] = Transition.objects.filter(
        source=Transition.Source.RECONCILE
    ).count()
    report.seconds = time.monotonic() - started
    return report


def _calm_down(world: World) -> None:
    """No more faults; every delivery that the provider still tries arrives, and is processed."""
    world.control("chaos")
    world.enable_endpoint()
    world.revive()
    # Beyond the last of ten attempts.
    world.control("clock", advance_hours=6)
    world.control("flush")
    _wait_for_workers()


def _wait_for_workers() -> None:
    def nothing_waits() -> bool:
        close_old_connections()
        deliveries = WebhookDelivery.objects.filter(state__in=("pending", "processing", "failed"))
        news = Transition.objects.filter(state__in=("pending", "failed"))
        return not deliveries.exists() and not news.exists()

    wait_until("inbox and outbox are empty", nothing_waits, 90)


def _reconcile() -> None:
    """A whole walk, begun after this moment, by a worker."""
    asked_at = timezone.now()

    def walked() -> bool:
        close_old_connections()
        done = Walk.objects.filter(purpose="reconcile", started_at__gt=asked_at)
        if done.filter(finished_at__isnull=False).exists():
            return True
        tasks.reconcile.apply_async(expires=5)
        time.sleep(1)
        return False

    wait_until("a worker has reconciled", walked, 300)


def _judge_deliveries(world: World, report: Report) -> None:
    """What the provider was told to have arrived is here, once, and settled."""
    stored = dict(WebhookDelivery.objects.values_list("delivery_id", "state"))
    for event, succeeded, attempts, _ in world.ledger():
        key = _uuid(event)
        report.events["made"] += 1
        report.events["attempts"] += attempts
        if succeeded:
            report.events["delivered"] += 1
            if key not in stored:
                report.wrong.append(f"lost delivery {key}")
        else:
            report.events["never delivered"] += 1
    report.events["stored"] = len(stored)
    dead = WebhookDelivery.objects.filter(state="dead")
    report.wrong += [f"dead delivery {each.type}: {each.error}" for each in dead]


def _uuid(text: str) -> str:
    """SQLite keeps ids without their dashes."""
    plain = text.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def _left_over() -> list[str]:
    """News that nobody heard."""
    dead = Transition.objects.filter(state="dead")
    return [f"dead transition {each.name}: {each.error}" for each in dead]


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """End the block in the middle after that long. Raises NotReady; for the main thread."""

    def give_up(*_: object) -> None:
        raise NotReady(f"The run was not over after {seconds} s.")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
