"""Our thin HTTP client on httpx: JSON out, JSON in, and only our own exceptions.

Safe to repeat are reads, calls of which nothing was sent, and those that were refused for being too
many (429): these are repeated a few times. Everything else is left to the caller, because it may
have had its effect. Redirects are not followed.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from polar_django.exceptions import (
    ConfigurationError,
    InvalidRequest,
    MalformedPayload,
    ProviderUnavailable,
)
from polar_django.providers.addresses import QueryValue, host_of, query_string, segment
from polar_django.providers.body import read_json
from polar_django.providers.pool import (
    ClientPool,
    mounted,
    set_transport_factory,
    unlogged,
    uses_network,
)
from polar_django.providers.refusals import refusal
from polar_django.providers.retries import Retries, date_in, retry_after
from polar_django.providers.transactions import check_transaction, is_loopback
from polar_django.telemetry import Step, step

__all__ = ["Reply", "Transport", "mounted", "set_transport_factory"]

MAX_ANSWER_BYTES = 32 * 1024 * 1024
# A server that sends a byte now and then never runs into a time-out of the network.
WHOLE_CALL_TIMEOUTS = 4
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

logger = logging.getLogger("polar_django.providers")


@dataclass(frozen=True, slots=True)
class Reply:
    """A success. `data` is its JSON, None without a body; `answered_at` is on the provider's clock,
    `server_date` on the server's, which differ in a sandbox; None where it does not tell the time.
    `took` is how long the call lasted: what it tells was read at most so long before.
    """

    status: int
    data: Any = field(repr=False)
    answered_at: datetime | None
    server_date: datetime | None = None
    took: timedelta = timedelta()


@dataclass(slots=True, eq=False)
class Transport:
    """Calls to one server with one token. Shared between threads.

    `base_url` has no trailing slash; `timeout` is in seconds, for each phase of a call.
    Raises ConfigurationError for a base URL or header that HTTP cannot carry.
    """

    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    timeout: float = 10.0
    retries: Retries = field(default_factory=Retries)
    max_bytes: int = MAX_ANSWER_BYTES
    _host: str = field(init=False, repr=False)
    _pool: ClientPool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._host = host_of(self.base_url)
        for name, value in self.headers.items():
            # httpx would quote the value, and with it the token, in its own error.
            if not value.isascii() or not value.isprintable():
                raise ConfigurationError(f"The value of the header {name} is not plain ASCII text.")
        # A proxy from the environment must not be asked for this very machine.
        self._pool = ClientPool(self.headers, self.timeout, use_proxies=not is_loopback(self._host))

    def request(
        self,
        method: str,
        route: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = None,
    ) -> Reply:
        """One call, repeated where that is safe. `route` names its parts: `/v1/orders/{id}`.

        `path` fills them, quoted; `body` is sent as JSON. Raises ProviderError and its kin, and
        UnsafeTransaction. Nothing is repeated once `timeout` has passed, so that a slow server
        costs a visitor about twice that, and not three times.
        """
        call = f"{method} {route}"
        with step(logger, "provider.call", level=logging.DEBUG, object_id=call) as calling:
            return self._request(method, route, path or {}, query or {}, body, calling)

    def _request(
        self,
        method: str,
        route: str,
        path: Mapping[str, str],
        query: Mapping[str, QueryValue],
        body: Any,
        calling: Step,
    ) -> Reply:
        parts = {name: segment(value) for name, value in path.items()}
        url = self.base_url + route.format(**parts) + query_string(query)
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        call = f"{method} {route}"
        if uses_network():
            check_transaction(call, self._host)
        attempt, deadline = 0, time.monotonic() + self.timeout
        while True:
            attempt += 1
            began = time.monotonic()
            try:
                status, headers, answer = self._send(method, url, content)
            except httpx.InvalidURL as error:
                raise InvalidRequest(f"{call} cannot be addressed with these values.") from error
            except httpx.RequestError as error:
                safe = method == "GET" or isinstance(error, _NOTHING_SENT)
                if safe and time.monotonic() < deadline and self.retries.wait(attempt):
                    continue
                raise ProviderUnavailable(_no_answer(call, error, safe)) from error
            took = timedelta(seconds=time.monotonic() - began)
            calling.tell(outcome=str(status))
            if 200 <= status < 300:
                return Reply(
                    status,
                    _json_of(call, status, answer),
                    _provider_time(headers),
                    date_in(headers.get("date", "")),
                    took,
                )
            asked = retry_after(headers) if status == 429 else None
            again = asked is not None or (method == "GET" and (status >= 500 or status == 429))
            if again and time.monotonic() < deadline and self.retries.wait(attempt, asked):
                continue
            refused = refusal(call, status, _json_or_none(answer), headers)
            refused.answered_at, refused.took = _provider_time(headers), took
            raise refused

    def _send(
        self, method: str, url: str, content: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        client = self._pool.client()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        deadline = time.monotonic() + self.timeout * WHOLE_CALL_TIMEOUTS
        with (
            unlogged(),
            client.stream(method, url, content=content, headers=headers) as response,
        ):
            answer = bytearray()
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > self.max_bytes:
                    raise ProviderUnavailable(f"The answer is larger than {self.max_bytes} bytes.")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("The answer takes too long as a whole.")
            return response.status_code, response.headers, bytes(answer)


def _no_answer(call: str, error: httpx.RequestError, safe: bool) -> str:
    kind = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "was cut off"
    if isinstance(error, _NOTHING_SENT):
        kind = "could not reach the server"
    effect = "" if safe else " It may have had its effect: look before repeating it."
    return f"{call} {kind} ({type(error).__name__}).{effect}"


def _json_of(call: str, status: int, answer: bytes) -> Any:
    if not answer and status in {202, 204}:
        return None
    try:
        return read_json(answer)
    except MalformedPayload as error:
        raise ProviderUnavailable(
            f"{call} was answered {status} with something that is not JSON: check SERVER.",
            status=status,
        ) from error


def _json_or_none(answer: bytes) -> Any:
    try:
        return read_json(answer)
    except MalformedPayload:
        return None


def _provider_time(headers: Mapping[str, str]) -> datetime | None:
    """When the provider answered. Our sandbox's clock moves, and servers overwrite `Date`."""
    try:
        found = datetime.fromisoformat(headers.get("x-polar-sandbox-time", ""))
    except ValueError:
        return date_in(headers.get("date", ""))
    return found.astimezone(UTC) if found.tzinfo else None
