import threading
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


@pytest.fixture
def waker(monkeypatch) -> Iterator[wakeup._Waker]:
    """A fresh wake-up thread, with its circuit closed.

    After the test it hears of nothing more: what it still had to say would count as the next
    test's.
    """
    fresh = wakeup._Waker()
    monkeypatch.setattr(wakeup, "_waker", fresh)
    yield fresh
    fresh._wanted = threading.Event()


@pytest.fixture
def inline(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PROCESS_INLINE": True}
