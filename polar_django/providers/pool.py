"""The httpx client of a server: one for each process, made when first used.

A test may let all clients speak through another httpx transport, such as an in-process WSGI one.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock

import httpx

TransportFactory = Callable[[], httpx.BaseTransport]

_factory: TransportFactory | None = None
_own_call: ContextVar[bool] = ContextVar("polar_django_own_call", default=False)


def set_transport_factory(factory: TransportFactory | None) -> None:
    """Let all clients speak through the transport it makes; None restores the network."""
    global _factory
    _factory = factory


@contextmanager
def mounted(transport: httpx.BaseTransport) -> Iterator[None]:
    """Within the block, all calls go to that transport: `with mounted(WSGITransport(app)):`."""
    before = _factory
    set_transport_factory(lambda: transport)
    try:
        yield
    finally:
        set_transport_factory(before)


def uses_network() -> bool:
    """Whether calls leave this thread, rather than run in it through a test's transport."""
    return _factory is None


class _WithoutOurCalls(logging.Filter):
    """httpx logs each address with its query, where an e-mail address may stand."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _own_call.get()


logging.getLogger("httpx").addFilter(_WithoutOurCalls())


@contextmanager
def unlogged() -> Iterator[None]:
    """Within the block, httpx does not log the calls of this thread."""
    token = _own_call.set(True)
    try:
        yield
    finally:
        _own_call.reset(token)


@dataclass(slots=True, eq=False)
class ClientPool:
    """Holds one client, and with it the open connections. Shared between threads.

    A forked process gets a client of its own: two must not speak on one connection.
    `timeout` is in seconds, for each phase of a call.
    """

    headers: Mapping[str, str] = field(repr=False)
    timeout: float
    use_proxies: bool = True
    _held: tuple[int, TransportFactory | None, httpx.Client] | None = field(
        init=False, default=None, repr=False
    )
    _making: Lock = field(init=False, default_factory=Lock, repr=False)

    def client(self) -> httpx.Client:
        held = self._held
        if held is not None and held[0] == os.getpid() and held[1] is _factory:
            return held[2]
        with self._making:
            held = self._held
            if held is None or held[0] != os.getpid() or held[1] is not _factory:
                held = os.getpid(), _factory, self._new_client()
                self._held = held
        return held[2]

    def _new_client(self) -> httpx.Client:
        return httpx.Client(
            headers={"Accept": "application/json", **self.headers},
            timeout=httpx.Timeout(self.timeout, connect=min(self.timeout, 5.0)),
            limits=httpx.Limits(max_connections=50, keepalive_expiry=30.0),
            transport=_factory() if _factory else None,
            follow_redirects=False,
            trust_env=self.use_proxies,
        )
