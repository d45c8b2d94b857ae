"""The HTTP client that deliveries go out through, and how long it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ssl import SSLContext

import httpx

__all__ = ["is_sending", "kept_client", "open_client"]

TIMEOUT_SECONDS = 10.0


def open_client() -> httpx.Client:
    """The client that deliveries go out through. Tests replace it with one that stays inside."""
    return httpx.Client(verify=_certificates(), timeout=TIMEOUT_SECONDS, follow_redirects=False)


@cache
def _certificates() -> SSLContext:
    """Read once: it takes longer than a whole delivery."""
    return httpx.create_ssl_context()


class _Kept:
    """A client that is opened when it is first needed."""

    def __init__(self) -> None:
        self._opened: httpx.Client | None = None

    def get(self) -> httpx.Client:
        if self._opened is None:
            self._opened = open_client()
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


_kept: ContextVar[_Kept | None] = ContextVar("polar_sandbox_client", default=None)


@contextmanager
def kept_client() -> Iterator[_Kept]:
    """Send all that goes out inside through one client, which keeps its connections. No query.

    It is closed at the end, so that no receiver's thread waits for a sandbox that says nothing.
    """
    outer = _kept.get()
    if outer is not None:
        yield outer
        return
    mine = _Kept()
    token = _kept.set(mine)
    try:
        yield mine
    finally:
        _kept.reset(token)
        mine.close()


def is_sending() -> bool:
    """Whether this thread is inside `kept_client()`, and sends what is due before it leaves."""
    return _kept.get() is not None
