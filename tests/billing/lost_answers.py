"""A network that loses an answer: the call arrives and has its effect, or it does not."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.core.handlers.wsgi import WSGIHandler

from polar_django.providers.transport import mounted


class _Losing(httpx.BaseTransport):
    def __init__(self, method: str, path: str, arrives: bool, answer: httpx.Response | None):
        self.inner = httpx.WSGITransport(app=WSGIHandler())
        self.method, self.path = method, path
        self.arrives, self.answer = arrives, answer
        self.lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != self.method or self.path not in request.url.path or self.lost:
            return self.inner.handle_request(request)
        self.lost += 1
        if self.arrives:
            self.inner.handle_request(request).read()
        if self.answer is not None:
            return self.answer
        raise httpx.ReadTimeout("lost", request=request)


@contextmanager
def lost_answer(
    method: str,
    path: str,
    *,
    arrives: bool = True,
    status: int | None = None,
    retry_after: int | None = None,
) -> Iterator[_Losing]:
    """Lose the answer to the first such call of the app; or answer it with `status`."""
    headers = {"retry-after": str(retry_after)} if retry_after is not None else {}
    answer = httpx.Response(status, headers=headers) if status is not None else None
    losing = _Losing(method, path, arrives, answer)
    with mounted(losing):
        yield losing
    assert losing.lost, "The call that was to be lost was never made."
