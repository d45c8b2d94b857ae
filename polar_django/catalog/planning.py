"""What would have to change at the provider, so that it sells what the file says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.catalog.comparing import match_prices, says
from polar_django.catalog.files import KINDS, Catalog
from polar_django.catalog.standing import Object, Standing, is_archived, read_standing
from polar_django.providers.catalog import CatalogEditor

__all__ = ["Change", "FieldChange", "Ids", "change_of", "changes_of", "ids_of", "plan_changes"]

# The provider's id by kind and key.
Ids = dict[str, dict[str, str]]

# Not changed where the file says otherwise: the provider refuses, for good reason.
_FIXED: Mapping[str, tuple[str, ...]] = {
    "benefits": ("type",),
    "products": ("recurring_interval",),
    "discounts": ("type",),
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "benefits": {"type": "custom", "properties": {}},
    # A product that says nothing of an interval is bought once.
    "products": {"recurring_interval": None},
}
# Sent whole by the provider's rules: what the file does not name is kept.
_MERGED = ("metadata", "properties")
_CAN_BE_ARCHIVED = ("meters", "products")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs; `before` is None where there was none."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What one object needs.

    `action` is "create", "update", "archive", or "conflict": something that cannot be changed
    differs, as `fields` says. `body` is what the provider is sent, `benefit_ids` a product's own
    list, None where it stays.
    """

    kind: str
    key: str
    action: str
    object_id: str
    fields: tuple[FieldChange, ...]
    body: Mapping[str, Any]
    benefit_ids: tuple[str, ...] | None = None


def plan_changes(editor: CatalogEditor, catalog: Catalog, *, prune: bool = False) -> list[Change]:
    """What `apply_catalog` would do, in its order. Writes nothing.

    With `prune`, products and meters that have a key and do not stand in the file are archived.
    One call for each hundred objects. Raises CatalogError and ProviderError.
    """
    return changes_of(read_standing(editor), catalog, prune=prune)


def changes_of(standing: Standing, catalog: Catalog, *, prune: bool) -> list[Change]:
    """The same, of what was read already."""
    ids = ids_of(standing)
    changes = [
        change
        for kind in KINDS
        for key in catalog.get(kind, {})
        if (change := change_of(standing, catalog, kind, key, ids))
    ]
    if prune:
        changes += _superfluous(standing, catalog)
    return changes


def ids_of(standing: Standing) -> Ids:
    return {
        kind: {key: item["id"] for key, item in items.items()}
        for kind, items in standing.keyed.items()
    }


def change_of(standing: Standing, catalog: Catalog, kind: str, key: str, ids: Ids) -> Change | None:
    """What this object needs, None where nothing. An id not known yet is "" for now."""
    values = catalog[kind][key]
    wanted = with_ids(kind, key, {**_DEFAULTS.get(kind, {}), **values}, ids)
    benefit_ids = wanted.pop("benefits", None)
    current = standing.keyed[kind].get(key)
    if current is None:
        body = {name: value for name, value in wanted.items() if value is not None}
        fields = tuple(FieldChange(name, None, value) for name, value in values.items())
        return Change(kind, key, "create", "", fields, body, _ids(benefit_ids))
    fixed = tuple(
        FieldChange(name, current.get(name), wanted[name])
        for name in _FIXED.get(kind, ())
        if name in wanted and current.get(name) != wanted[name]
    )
    if fixed:
        return Change(kind, key, "conflict", current["id"], fixed, {})
    body = _differences(kind, current, wanted)
    changed = [FieldChange(name, current.get(name), body[name]) for name in body]
    if benefit_ids is not None:
        before = [item["id"] for item in current.get("benefits") or []]
        benefit_ids += _undescribed(standing, catalog, before)
        if benefit_ids == before:
            benefit_ids = None
        else:
            names = standing.key_by_id("benefits")
            told = [names.get(id_, id_) for id_ in before]
            changed.append(FieldChange("benefits", told, list(values["benefits"])))
    if not changed:
        return None
    if kind == "benefits" and body:
        body["type"] = current["type"]  # says which shape the other values have
    return Change(kind, key, "update", current["id"], tuple(changed), body, _ids(benefit_ids))


def _undescribed(standing: Standing, catalog: Catalog, benefit_ids: list[str]) -> list[str]:
    """Those that the file says nothing of, a repository of somebody's, say: they stay."""
    names = standing.key_by_id("benefits")
    return [id_ for id_ in benefit_ids if names.get(id_) not in catalog.get("benefits", {})]


def with_ids(kind: str, key: str, values: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """The values as the provider takes them: ids for keys, and the key in the metadata."""
    wanted = {**values, "metadata": {**values.get("metadata", {}), "key": key}}
    if kind == "products":
        wanted["prices"] = [_with_meter(price, ids) for price in wanted["prices"]]
        if "benefits" in wanted:
            wanted["benefits"] = [ids["benefits"].get(name, "") for name in wanted["benefits"]]
    elif kind == "benefits":
        wanted["properties"] = _with_meter(wanted["properties"], ids)
    elif kind == "discounts" and "products" in wanted:
        wanted["products"] = [ids["products"].get(name, "") for name in wanted["products"]]
    return wanted


def _with_meter(values: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    others = {name: value for name, value in values.items() if name != "meter"}
    if "meter" in values:
        others["meter_id"] = ids["meters"].get(values["meter"], "")
    return others


def _differences(kind: str, current: Object, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of the wanted values is not there, as the provider is to be sent it."""
    body: dict[str, Any] = {}
    for name, value in wanted.items():
        stands = current.get(name)
        if name == "prices":
            prices = match_prices(_catalog_prices(current), value)
            if prices is not None:
                body[name] = prices
        elif kind == "discounts" and name == "products":
            if {item["id"] for item in stands or []} != set(value):
                body[name] = value
        elif not says(stands, value):
            body[name] = {**(stands or {}), **value} if name in _MERGED else value
    if kind in _CAN_BE_ARCHIVED and is_archived(current):
        body["is_archived"] = False
    return body


def _catalog_prices(product: Object) -> list[Mapping[str, Any]]:
    """Without those made for one checkout only."""
    return [
        price
        for price in product.get("prices") or []
        if not price.get("is_archived") and price.get("source", "catalog") == "catalog"
    ]


def _superfluous(standing: Standing, catalog: Catalog) -> Iterator[Change]:
    # Products first: a meter in use cannot be archived.
    for kind in reversed(_CAN_BE_ARCHIVED):
        for key, item in standing.keyed[kind].items():
            if key not in catalog.get(kind, {}) and not is_archived(item):
                fields = (FieldChange("is_archived", False, True),)
                yield Change(kind, key, "archive", item["id"], fields, {"is_archived": True})


def _ids(given: Any) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)
