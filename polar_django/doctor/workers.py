"""Broker, worker and beat: is what is stored also worked off? Each question has a time limit."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from celery import current_app
from django.utils import timezone

from polar_django.doctor.case import Case
from polar_django.doctor.findings import Finding, Level, NotApplicable
from polar_django.health.limits import SILENT
from polar_django.heartbeats import last_beat
from polar_django.schedules import has_celery_app, unscheduled_tasks
from polar_django.tasks import drain_inbox, sweep_inbox

__all__ = ["look_at_beat", "look_at_broker", "look_at_workers"]

Told = TypeVar("Told")

# Seconds: for connecting, for workers to answer, and for the whole of a question.
_CONNECT = 2.0
_ANSWER = 1.5
_WHOLE = 8.0
_STUCK = "Deliveries are stored and not processed: nobody gets what they paid for."
_START = "celery -A your_project worker"


class _TimeIsUp(Exception):
    """A library that has no time limits of its own did not come back."""


def look_at_broker(case: Case) -> Iterator[Finding]:
    """Whether messages can be sent. One connection."""
    _reject_inline(case)
    if not has_celery_app():
        yield Finding(
            code="celery-unloaded",
            what="This process does not know the project's Celery application, so that Celery "
            "looks for RabbitMQ on this machine.",
            why="Web processes and commands that were started like this one send no message to "
            "your workers.",
            fix="Import the application where Django begins, in the project's __init__.py: "
            "from .celery import app as celery_app",
        )
        return
    transport = str(current_app.connection_for_write().transport_cls)
    if transport == "memory" or "memory" in transport.split("."):
        yield Finding(
            code="broker-memory",
            what="Celery's broker is memory://, or no broker is configured.",
            why=f"No message leaves the web process. {_STUCK}",
            fix="Set CELERY_BROKER_URL (the `broker_url` of your Celery app), for example to "
            "redis://localhost:6379/0, or POLAR_DJANGO['PROCESS_INLINE'] in development.",
        )
        return
    try:
        _in_time(_connect)
    except Exception as error:
        # A broker library may raise anything.
        yield Finding(
            code="broker-unreachable",
            what=f"The broker ({transport}) does not answer ({type(error).__name__}).",
            why="Deliveries wait for the sweeper, whose messages cannot be sent either.",
            fix="Check CELERY_BROKER_URL, and that the broker runs: redis-cli ping",
        )


def look_at_workers(case: Case) -> Iterator[Finding]:
    """Whether a worker answers, knows our tasks and listens to their queue. Two questions."""
    _reject_inline(case)
    try:
        known = _in_time(lambda: _ask("registered"))
        queues = _in_time(lambda: _ask("active_queues"))
    except Exception as error:
        yield _silent(f"({type(error).__name__})")
        return
    if not known:
        yield _silent(f"within {_ANSWER} seconds")
        return
    if not any(drain_inbox.name in names for names in known.values()):
        yield Finding(
            code="worker-without-tasks",
            what=f"{len(known)} workers answer, and none knows {drain_inbox.name}.",
            why=f"They throw our messages away. {_STUCK}",
            fix="Start them with the project's app, which calls app.autodiscover_tasks(): "
            f"{_START}",
        )
        return
    wanted = _queue_of(drain_inbox.name)
    heard = {str(queue.get("name")) for names in queues.values() for queue in names}
    if heard and wanted not in heard:
        yield Finding(
            code="worker-other-queue",
            what=f"Our tasks go to the queue {wanted!r}, and the workers listen to "
            f"{', '.join(sorted(heard))}.",
            why=_STUCK,
            fix=f"{_START} --queues {','.join(sorted({*heard, wanted}))}",
        )


def look_at_beat(case: Case) -> Iterator[Finding]:
    """Whether the periodic tasks are planned, and the sweeper ran lately. One query or two."""
    if case.settings.process_inline:
        raise NotApplicable("PROCESS_INLINE is on: nothing waits for the sweeper")
    if missing := unscheduled_tasks(look_in_database=True):
        yield Finding(
            code="beat-unscheduled",
            what=f"Nothing runs {', '.join(missing)} periodically.",
            why="What a wake-up missed is never processed, and the mirror is never repaired.",
            fix="CELERY_BEAT_SCHEDULE = {**beat_schedule()}, from polar_django.conf",
        )
    last = last_beat(sweep_inbox.name)
    if last is not None and timezone.now() - last <= SILENT:
        return
    since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
    yield Finding(
        code="beat-silent",
        what=f"The sweeper has not run {since}.",
        why="Beat is not running, or no worker takes what it asks for: what a wake-up missed "
        "waits.",
        fix="celery -A your_project beat, once, beside the workers",
    )


def _silent(how: str) -> Finding:
    return Finding(
        code="worker-silent",
        what=f"No Celery worker answers {how}.",
        why=_STUCK,
        fix=f"{_START}, under a supervisor that starts it again (docs/deployment.md)",
        level=Level.ERROR,
    )


def _reject_inline(case: Case) -> None:
    if case.settings.process_inline:
        raise NotApplicable("PROCESS_INLINE is on: no worker is needed")
    if current_app.conf.task_always_eager:
        raise NotApplicable("task_always_eager is on: tasks run where they are called")


def _connection() -> Any:
    limits = {
        "socket_connect_timeout": _CONNECT,
        "socket_timeout": _CONNECT,
        "retry_on_timeout": False,
        "max_retries": 0,
    }
    return current_app.connection_for_write(connect_timeout=_CONNECT, transport_options=limits)


def _connect() -> None:
    with _connection() as connection:
        connection.connect()
        # Some transports connect when a channel is first used.
        connection.default_channel.close()


def _ask(question: str) -> dict[str, Any]:
    with _connection() as connection:
        inspect = current_app.control.inspect(timeout=_ANSWER, connection=connection)
        return getattr(inspect, question)() or {}


def _queue_of(task: str) -> str:
    route = current_app.amqp.router.route({}, task)
    queue = route.get("queue")
    return str(getattr(queue, "name", queue) or current_app.conf.task_default_queue)


def _in_time(question: Callable[[], Told]) -> Told:
    """What the question answers. Raises what it raises, and _TimeIsUp."""
    told: list[Told] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            told.append(question())
        except Exception as error:
            # Handed to the thread that waits.
            failed.append(error)

    thread = threading.Thread(target=ask, name="polar-doctor", daemon=True)
    thread.start()
    thread.join(_WHOLE)
    if failed:
        raise failed[0]
    if not told:
        raise _TimeIsUp
    return told[0]
