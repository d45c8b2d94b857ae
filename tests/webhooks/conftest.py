from collections.abc import Iterator

import pytest

from polar_django.webhooks import dispatch, wakeup


@pytest.fixture
def handlers(monkeypatch):
    """No `@on` handlers but those the test registers."""
    monkeypatch.setattr(dispatch, "_handlers", {})


@pytest.fixture
def wakes(monkeypatch) -> list[str]:
    """What would have been told to the broker."""
    told: list[str] = []
    monkeypatch.setattr(wakeup, "_wake_now", lambda: told.append("drain_inbox"))
    return told


class _Over:
    """In place of the event that a wake-up thread waits for: ends the thread that looks at it."""

    def wait(self, seconds: float | None = None) -> bool:
        raise SystemExit

    clear = is_set = wait


@pytest.fixture
def waker(monkeypatch) -> Iterator[wakeup._Waker]:
    """A fresh wake-up thread, with its circuit closed.

    It is over with the test: what it still had to say would count as the next test's.
    """
    fresh = wakeup._Waker()
    monkeypatch.setattr(wakeup, "_waker", fresh)
    yield fresh
    wanted, fresh._wanted = fresh._wanted, _Over()
    wanted.set()
    if fresh._thread is not None:
        fresh._thread.join(60)


@pytest.fixture
def inline(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
