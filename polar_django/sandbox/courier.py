"""The background thread that sends webhooks, so that no request waits for its own."""

import logging
import os
import threading

from django.db import connections

from polar_django.sandbox import clients, clock, delivery
from polar_django.sandbox.conf import get_settings

__all__ = ["start", "wake"]

logger = logging.getLogger("polar_django.sandbox")

# How long the thread sleeps at most, because another process may have moved the clock.
LONGEST_SLEEP_SECONDS = 1.0


class _Courier:
    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        """A forked child has no thread, and must not inherit a lock that is held."""
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        with self._lock:
            self._bell.set()
            self._start()

    def start(self) -> None:
        with self._lock:
            self._start()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            # What waits for it does not wait for its first sleep.
            self._bell.set()
            self._thread = threading.Thread(
                target=self._run, name="polar-sandbox-courier", daemon=True
            )
            self._thread.start()

    def _run(self) -> None:
        """Until nothing waits any more; `wake` starts a new thread then."""
        while True:
            self._bell.wait(LONGEST_SLEEP_SECONDS)
            self._bell.clear()
            try:
                delivery.flush()
                due_at = delivery.next_due_at()
                is_due = due_at is not None and due_at <= clock.now()
            except Exception:
                # The thread must survive: a locked database now says nothing about the next second.
                logger.exception("The sandbox could not send its webhooks; it tries again.")
                continue
            finally:
                # Nobody keeps a connection while it sleeps; who goes on at once keeps it.
                if not self._bell.is_set():
                    connections.close_all()
            if is_due:
                self._bell.set()
            with self._lock:
                if due_at is None and not self._bell.is_set():
                    self._thread = None
                    return


_courier = _Courier()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_courier._forget)


def wake() -> None:
    """Send what is due, soon and elsewhere. Does nothing where AUTO_DELIVER is off.

    Nor where the caller is about to send itself, as a moving clock is: they would take turns.
    For `transaction.on_commit`: an event must be visible before the thread looks for it.
    """
    if _sends():
        _courier.wake()


def start() -> None:
    """See that there is a thread for what waits, as after a restart; one that runs is left alone.

    Does nothing where `wake` would not.
    """
    if _sends():
        _courier.start()


def _sends() -> bool:
    return get_settings().auto_deliver and not clients.is_sending()
