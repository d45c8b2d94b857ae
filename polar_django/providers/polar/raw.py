"""Polar's API without our names for it."""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from polar_django.exceptions import ProviderUnavailable
from polar_django.providers.addresses import QueryValue
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.client import PAGE_SIZE
from polar_django.providers.raw import RawClient
from polar_django.providers.transport import Transport

__all__ = ["PolarRaw"]


class PolarRawClient(RawClient):
    """Lists are numbered pages; those of events say only whether there is a next one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def request(
        self,
        method: str,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: Mapping[str, QueryValue] | None = None,
        json: Any = None,
    ) -> Any:
        _check(path_, path or {})
        return self._transport.request(
            method.upper(), path_, path=path, query=params, body=json
        ).data

    def pages(
        self,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: Mapping[str, QueryValue] | None = None,
    ) -> Iterator[list[Any]]:
        number, before = 1, None
        while True:
            query = {"limit": PAGE_SIZE, **(params or {}), "page": number}
            data = self.get(path_, path=path, params=query)
            items = data.get("items") if isinstance(data, dict) else None
            if not isinstance(items, list):
                raise ProviderUnavailable(f"GET {path_} was answered with something else.")
            if items and items == before:
                raise ProviderUnavailable(f"The list {path_} repeats its page {number}.")
            if items:
                yield items
            if not items or not _has_next(data.get("pagination"), number):
                return
            number, before = number + 1, items


class PolarRaw(PolarCalls):
    """The way to it."""

    def raw_client(self) -> RawClient:
        return PolarRawClient(self.client.transport)


def _check(route: str, given: Mapping[str, str]) -> None:
    # "@other.example" behind the host would take the token there.
    if not route.startswith("/"):
        raise ValueError("A path begins with a slash: '/v1/orders/'.")
    names = {name for _, name, _, _ in Formatter().parse(route) if name is not None}
    if names != set(given):
        raise ValueError("What stands in braces in the path, and only that, is given in `path`.")


def _has_next(pagination: Any, number: int) -> bool:
    if not isinstance(pagination, dict):
        return False
    last = pagination.get("max_page")
    return number < last if isinstance(last, int) else pagination.get("has_next_page") is True
