"""A provider's API as it is, for what this package does not wrap."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Whose module loads the HTTP client, which importing a provider's interface must not.
    from polar_django.providers.addresses import QueryValue

__all__ = ["RawClient"]


class RawClient(ABC):
    """Paths begin with a slash; names in braces are filled, quoted, from `path`:
    `get("/v1/orders/{id}", path={"id": order.pk})`. Errors name the path as it is written, so that
    a value which belongs to a person should be filled in and not be part of it.

    Each method is one call, with the settings' token and time-out, repeated where that is safe
    (reads, and what was refused for being too many). It returns the answer's JSON, None where there
    is none. Raises ProviderError and its kin, ValueError for a path that is none.
    """

    @abstractmethod
    def request(
        self,
        method: str,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
        json: Any = None,
    ) -> Any:
        """Any method. `params` is the query, `json` the body."""

    @abstractmethod
    def pages(
        self,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
    ) -> Iterator[list[Any]]:
        """The items of a list, page by page; one call a page."""

    def get(
        self,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
    ) -> Any:
        return self.request("GET", path_, path=path, params=params)

    def post(
        self,
        path_: str,
        /,
        json: Any = None,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
    ) -> Any:
        return self.request("POST", path_, path=path, params=params, json=json)

    def patch(
        self,
        path_: str,
        /,
        json: Any = None,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
    ) -> Any:
        return self.request("PATCH", path_, path=path, params=params, json=json)

    def delete(
        self,
        path_: str,
        /,
        *,
        path: Mapping[str, str] | None = None,
        params: "Mapping[str, QueryValue] | None" = None,
    ) -> Any:
        return self.request("DELETE", path_, path=path, params=params)
