"""Addresses of calls: the server's own, a path's segments, a query."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

import httpx

from polar_django.exceptions import ConfigurationError, InvalidRequest

QueryValue = str | int | bool | datetime | Sequence[str] | Mapping[str, str] | None

MAX_SEGMENT_LENGTH = 1000


def host_of(base_url: str) -> str:
    """The host of a server's address. Raises ConfigurationError for what cannot be one."""
    try:
        url = httpx.URL(base_url)
        url.host.encode("idna")  # what asking for its address does, with an error of its own
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ConfigurationError("The server's address cannot be read as a URL.") from error
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise ConfigurationError(
            "The server's address must be like https://api.example.com, without a query."
        )
    if url.userinfo:
        raise ConfigurationError("The server's address must not hold a user name or password.")
    return url.host


def is_segment(value: str) -> bool:
    """Whether quoting can make one segment of a path of it.

    A server decodes "%2F" before it routes, and clients fold "..": both would address another
    object than the one meant.
    """
    return 0 < len(value) <= MAX_SEGMENT_LENGTH and value not in {".", ".."} and "/" not in value


def segment(value: str) -> str:
    """One segment of a path, quoted. Raises InvalidRequest for what cannot be one."""
    if not is_segment(value):
        raise InvalidRequest("An id cannot be part of an address: it is empty, too long or a path.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise InvalidRequest("An id is not text that an address can hold.") from error


def query_string(query: Mapping[str, QueryValue]) -> str:
    """`?a=1&…`, or "" where nothing is left.

    None is left out, a list repeats its key, a mapping becomes `key[name]=value`.
    """
    pairs = [pair for name, value in query.items() for pair in _pairs(name, value)]
    return f"?{urlencode(pairs, errors='replace')}" if pairs else ""


def _pairs(name: str, value: QueryValue) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, datetime):
        yield name, value.isoformat()
    elif isinstance(value, Mapping):
        yield from ((f"{name}[{key}]", str(item)) for key, item in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from ((name, str(item)) for item in value)
    else:
        yield name, str(value)
