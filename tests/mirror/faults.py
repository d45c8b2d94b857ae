"""A network that fails when asked to: answers in place of the sandbox's, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class FaultyTransport(httpx.BaseTransport):
    """`faults` are used up by calls whose path holds `on`; `paths` lists what was asked."""

    inner: httpx.BaseTransport
    faults: list[Answer] = field(default_factory=list)
    on: str = ""
    after: int = 0
    paths: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(str(request.url))
        if self.faults and self.on in str(request.url):
            if self.after > 0:
                self.after -= 1
            else:
                return self.faults.pop(0)(request)
        return self.inner.handle_request(request)


def busy(seconds: int) -> Answer:
    return lambda _: httpx.Response(429, headers={"Retry-After": str(seconds)})


def forbidden(_: httpx.Request) -> httpx.Response:
    return httpx.Response(403, json={"error": "insufficient_scope"})


def broken(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, json={"detail": "Internal Server Error"})


def silent(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("No answer in time.", request=request)


def cut_off(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("peer closed connection", request=request)


def truncated(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b'{"items": [{"id": "cus')


def of_another_shape(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"items": [{"id": "cus_1"}, {"no": "id"}]})
