"""The provider's API for whatever this package does not wrap."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async

from polar_django.providers.raw import RawClient
from polar_django.providers.registry import get_provider

__all__ = ["AsyncRawClient", "apolar_client", "polar_client"]


def polar_client() -> RawClient:
    """Polar's API with the settings' token, time-out, retries and errors; no call yet.

    `polar_client().get("/v1/metrics/", params={…})` returns JSON; `pages("/v1/disputes/")` walks a
    list. What is read is not written to the mirror; what is changed comes back as a delivery.
    Raises ConfigurationError without an access token.
    """
    return get_provider("polar").raw_client()


class AsyncRawClient:
    """The same for async code: `await client.get(…)`, `async for items in client.pages(…)`."""

    def __init__(self, client: RawClient) -> None:
        self._client = client

    async def get(self, path_: str, /, **given: Any) -> Any:
        return await sync_to_async(self._client.get, thread_sensitive=True)(path_, **given)

    async def post(self, path_: str, /, json: Any = None, **given: Any) -> Any:
        return await sync_to_async(self._client.post, thread_sensitive=True)(path_, json, **given)

    async def patch(self, path_: str, /, json: Any = None, **given: Any) -> Any:
        return await sync_to_async(self._client.patch, thread_sensitive=True)(path_, json, **given)

    async def delete(self, path_: str, /, **given: Any) -> Any:
        return await sync_to_async(self._client.delete, thread_sensitive=True)(path_, **given)

    async def pages(
        self,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[list[Any]]:
        found = self._client.pages(path_, path=path, params=params)

        def next_page() -> list[Any] | None:
            return next(found, None)

        while (items := await sync_to_async(next_page, thread_sensitive=True)()) is not None:
            yield items


def apolar_client() -> AsyncRawClient:
    """As `polar_client`; not awaited itself, because it calls nobody."""
    return AsyncRawClient(polar_client())
