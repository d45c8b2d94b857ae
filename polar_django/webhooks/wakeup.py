"""Telling the workers that something waits: one broker message per burst, and no waiting for it.

A daemon thread of this process publishes `drain_inbox`, then rests 50 ms; what is asked for in the
meantime is one more message at its end. While each rest ends so, the next is twice as long, up to
0.4 s: the workers are at it anyhow. So a request never waits for the broker, not even for one that
accepts and never answers, and a flood of deliveries is no flood of messages.

The trade: a wake-up may be lost (the broker is down, the process ends within those milliseconds).
Nothing else is: the rows are committed, and the sweeper finds them, within 30 s by default.
"""

import logging
import os
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from polar_django.conf import get_settings
from polar_django.models.databases import primary
from polar_django.tasks import drain_inbox
from polar_django.webhooks import inline

__all__ = ["publish", "wake"]

logger = logging.getLogger(__name__)

_REST = 0.05
# A message costs the requests of its process some milliseconds, for they wait for the interpreter.
_LONGEST_REST = 0.4
_PAUSE_AFTER_FAILURE = 10.0
# Per step, of which publishing has two: connecting, and writing.
_PATIENCE = 0.5
_MESSAGE_EXPIRES = 60
_INLINE = timedelta(seconds=5)
# A connection that nothing was sent over for so long is closed: it may have died unnoticed.
_KEEP = 5.0


def wake() -> None:
    """Have the inbox and the outbox seen to, once the caller's transaction is committed.

    With `PROCESS_INLINE` that is done here, before this returns, for some five seconds at most: who
    delivers gives up after ten. It never raises. Otherwise costs microseconds. No queries of its
    own.
    """
    transaction.on_commit(_wake_now, using=primary(), robust=True)


def _wake_now() -> None:
    if get_settings().process_inline:
        inline.work_off(until=timezone.now() + _INLINE)
    elif _waker.is_wanted:
        return
    elif current_app.conf.task_always_eager:
        # The task runs right here, and belongs in the thread that holds the connections.
        publish()
    else:
        _waker.want()


def publish(line: "_Line | None" = None) -> bool:
    """Send one wake-up now, from this thread; whether the broker took it. Never raises.

    Over a connection of its own, or over the `line` that this thread keeps. About a second at most
    with Redis. After a failure nothing is tried for ten seconds.
    """
    if time.monotonic() < _waker.closed_until:
        return False
    try:
        _send_message(line)
    except Exception as error:
        # A broker library may raise anything; whatever it is, the sweeper will come.
        _waker.closed_until = time.monotonic() + _PAUSE_AFTER_FAILURE
        logger.warning(
            "The broker cannot be reached (%s); the sweeper will find the deliveries.",
            type(error).__name__,
        )
        return False
    return True


def _send_message(line: "_Line | None" = None) -> None:
    if current_app.conf.task_always_eager:
        drain_inbox.apply()
    elif line is not None:
        line.send()
    else:
        with _connection() as connection:
            _send_over(connection)


def _connection() -> Any:
    """To the broker, under hard limits; the pool's would keep those of the project's settings."""
    limits = {
        "socket_connect_timeout": _PATIENCE,
        "socket_timeout": _PATIENCE,
        "retry_on_timeout": False,
        "max_retries": 0,
        # py-amqp's names for the same.
        "read_timeout": _PATIENCE,
        "write_timeout": _PATIENCE,
    }
    return current_app.connection_for_write(connect_timeout=_PATIENCE, transport_options=limits)


def _send_over(connection: Any) -> None:
    options: dict[str, Any] = {"connection": connection, "retry": False}
    drain_inbox.apply_async(expires=_MESSAGE_EXPIRES, **options)


class _Line:
    """A connection that one thread keeps from message to message.

    Connecting costs ten times what a message does, and under load there are twenty a second.
    """

    def __init__(self) -> None:
        self._connection: Any = None

    def send(self) -> None:
        """Over the kept connection; where that has broken meanwhile, once more over a new one."""
        if self._connection is not None:
            try:
                _send_over(self._connection)
            except Exception:
                self.hang_up()
            else:
                return
        self._connection = _connection()
        try:
            _send_over(self._connection)
        except Exception:
            self.hang_up()
            raise

    def hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing what is broken may fail like anything else with it.
            with suppress(Exception):
                connection.release()


class _Waker:
    """The thread, and what it was asked for."""

    def __init__(self) -> None:
        self.closed_until = 0.0
        self._wanted = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether it was asked already, and will publish once more; so it is in a burst."""
        return self._wanted.is_set() and self._runs

    @property
    def _runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def want(self) -> None:
        self._wanted.set()
        if not self._runs:
            with self._starting:
                if not self._runs:
                    self._start()

    def _start(self) -> None:
        if not _threads_run():
            publish()
            return
        self._thread = threading.Thread(target=self._run, name="polar-wake-up", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None
            publish()

    def _run(self) -> None:
        line = _Line()
        rest = _REST
        while True:
            if not self._wanted.wait(_KEEP):
                line.hang_up()
                self._wanted.wait()
            self._wanted.clear()
            publish(line)
            time.sleep(rest)
            rest = min(2 * rest, _LONGEST_REST) if self._wanted.is_set() else _REST


def _threads_run() -> bool:
    """uWSGI starts a thread, and lets it stand still, unless it was told otherwise."""
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None:
        return True
    options = {os.fsdecode(name) for name in getattr(uwsgi, "opt", {})}
    return bool(options & {"enable-threads", "threads"})


_waker = _Waker()


def _forget_thread() -> None:
    """A forked child has the parent's objects, but not its threads."""
    global _waker
    _waker = _Waker()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_thread)
