"""What stands at the provider, found by key."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.catalog.files import KINDS
from polar_django.conf import get_settings
from polar_django.exceptions import CatalogError
from polar_django.providers.catalog import CatalogEditor

__all__ = ["Standing", "key_of", "read_standing"]

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """`objects` is everything by kind; `keyed` what has a key, by kind and key.

    Of an archived object and a live one with the same key, `keyed` has the live one.
    """

    objects: Mapping[str, tuple[Object, ...]]
    keyed: Mapping[str, Mapping[str, Object]]

    def key_by_id(self, kind: str) -> dict[str, str]:
        return {item["id"]: key for key, item in self.keyed[kind].items()}


def read_standing(editor: CatalogEditor, kinds: Iterable[str] = KINDS) -> Standing:
    """Reads all of it: one call for each hundred of each kind.

    Raises CatalogError where two live objects have the same key, and ProviderError.
    """
    objects = {kind: tuple(_usable(editor.objects(kind))) for kind in kinds}
    return Standing(objects, {kind: _by_key(kind, items) for kind, items in objects.items()})


def key_of(kind: str, item: Object) -> str:
    """Its `metadata["key"]`, else what the settings call it (PRODUCTS, BENEFITS), else ""."""
    key = (item.get("metadata") or {}).get("key")
    if isinstance(key, str) and key:
        return key
    settings = get_settings()
    named = {"products": settings.products, "benefits": settings.benefits}.get(kind, {})
    return next((name for name, id_ in named.items() if id_ == item["id"]), "")


def is_archived(item: Object) -> bool:
    return bool(item.get("is_archived") or item.get("archived_at"))


def _usable(items: Iterable[Object]) -> Iterator[Object]:
    for item in items:
        if isinstance(item.get("id"), str) and not item.get("is_deleted"):
            yield item


def _by_key(kind: str, items: Iterable[Object]) -> dict[str, Object]:
    found: dict[str, Object] = {}
    for item in sorted(items, key=is_archived):
        key = key_of(kind, item)
        if not key:
            continue
        if key in found and not is_archived(item):
            raise CatalogError(
                f"Two {kind} have the key {key!r}: {found[key]['id']} and {item['id']}. Take the "
                "key out of the metadata of one."
            )
        found.setdefault(key, item)
    return found
