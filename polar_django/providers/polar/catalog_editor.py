"""Polar's catalogue, as an operator writes it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from polar_django.providers.catalog import CatalogEditor
from polar_django.providers.polar.client import PolarClient
from polar_django.providers.transport import Reply
from polar_django.snapshots import Answer

__all__ = ["PolarCatalogEditor"]


class PolarCatalogEditor(CatalogEditor):
    """That of the token's organization. `read` makes an answer of a reply."""

    def __init__(
        self,
        client: PolarClient,
        read: Callable[[str, Reply], Answer],
        organization_id: str = "",
    ) -> None:
        self._client = client
        self._read = read
        # Needed where the token is not an organization's own.
        self._owner = {"organization_id": organization_id} if organization_id else {}

    def objects(self, kind: str) -> Iterator[Mapping[str, Any]]:
        for _, items in self._client.pages(kind):
            yield from (item for item in items if isinstance(item, dict))

    def create(self, kind: str, body: Mapping[str, Any]) -> Answer:
        return self._read(kind, self._client.create(kind, {**body, **self._owner}))

    def change(self, kind: str, object_id: str, body: Mapping[str, Any]) -> Answer:
        return self._read(kind, self._client.update(kind, object_id, body))

    def set_benefits(self, product_id: str, benefit_ids: Sequence[str]) -> Answer:
        reply = self._client.transport.request(
            "POST",
            "/v1/products/{id}/benefits",
            path={"id": product_id},
            body={"benefits": list(benefit_ids)},
        )
        return self._read("products", reply)
