"""What is for sale at a provider, as an operator writes it: for `polar_catalog`, not for requests.

Objects are the provider's own JSON, because a file that describes them has to say all they say.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from polar_django.snapshots import Answer

__all__ = ["CatalogEditor"]


class CatalogEditor(ABC):
    """`kind` is "meters", "benefits", "products" or "discounts". All raise ProviderError."""

    @abstractmethod
    def objects(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Every object of a kind, archived ones too, oldest first. One call a page."""

    @abstractmethod
    def create(self, kind: str, body: Mapping[str, Any]) -> Answer:
        """A new one. Raises InvalidRequest. One call."""

    @abstractmethod
    def change(self, kind: str, object_id: str, body: Mapping[str, Any]) -> Answer:
        """Change what the body names. Raises InvalidRequest, ActionRefused. One call."""

    @abstractmethod
    def set_benefits(self, product_id: str, benefit_ids: Sequence[str]) -> Answer:
        """Give a product these benefits, in this order, and no others. One call."""
