"""A catalogue made of what stands at the provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from polar_django.billing.answers import write_answer
from polar_django.catalog.files import KINDS, Catalog
from polar_django.catalog.standing import Object, is_archived, key_of, read_standing
from polar_django.providers.catalog import CatalogEditor

__all__ = ["Export", "export_catalog", "write_keys"]

_FIELDS: Mapping[str, tuple[str, ...]] = {
    "meters": ("name", "unit", "custom_label", "custom_multiplier", "filter", "aggregation"),
    "benefits": ("type", "description", "properties"),
    "products": (
        "name",
        "description",
        "visibility",
        "recurring_interval",
        "recurring_interval_count",
        "trial_interval",
        "trial_interval_count",
        "meter_interval",
        "meter_interval_count",
        "prices",
        "benefits",
    ),
    "discounts": (
        "name",
        "type",
        "code",
        "amount",
        "currency",
        "basis_points",
        "duration",
        "duration_in_months",
        "max_redemptions",
        "max_redemptions_per_customer",
        "starts_at",
        "ends_at",
        "products",
    ),
}
_PRICE_FIELDS = (
    "amount_type",
    "price_currency",
    "price_amount",
    "minimum_amount",
    "maximum_amount",
    "preset_amount",
    "unit_amount",
    "cap_amount",
    "seat_tiers",
    "tax_behavior",
)
# The others belong to an account elsewhere (a repository, a chat), or to files of one environment.
_PORTABLE_BENEFITS = {"custom", "feature_flag", "license_keys", "meter_credit"}
_MOMENTS = ("starts_at", "ends_at")
# Read only, beside what a seat price is made of.
_DERIVED = {"minimum_seats", "maximum_seats"}


@dataclass(frozen=True, slots=True)
class Export:
    """`catalog` as the file says it.

    `proposed` are keys that the provider does not know yet, (kind, id) → key: without them an
    apply would make these objects anew (`write_keys`). `left_out` names what no file can carry to
    another environment, with the reason.
    """

    catalog: Catalog
    proposed: Mapping[tuple[str, str], str]
    left_out: tuple[str, ...]


def export_catalog(editor: CatalogEditor) -> Export:
    """Everything that is for sale there and not archived. Writes nothing.

    One call for each hundred objects. Raises CatalogError and ProviderError.
    """
    standing = read_standing(editor)
    keys: dict[str, dict[str, str]] = {}
    proposed: dict[tuple[str, str], str] = {}
    left_out: list[str] = []
    live: dict[str, list[Object]] = {}
    for kind in KINDS:
        live[kind] = [item for item in standing.objects[kind] if not is_archived(item)]
        if kind == "benefits":
            left_out += [
                f"The benefit {item['id']} ({item.get('type')}): its properties name an account or "
                "files of this environment."
                for item in live[kind]
                if item.get("type") not in _PORTABLE_BENEFITS
            ]
            live[kind] = [item for item in live[kind] if item.get("type") in _PORTABLE_BENEFITS]
        keys[kind] = _keys(kind, live[kind])
        for item in live[kind]:
            if (item.get("metadata") or {}).get("key") != keys[kind][item["id"]]:
                proposed[kind, item["id"]] = keys[kind][item["id"]]
    catalog = {
        kind: {keys[kind][item["id"]]: _values(kind, item, keys) for item in live[kind]}
        for kind in KINDS
    }
    return Export(catalog, proposed, tuple(left_out))


def write_keys(editor: CatalogEditor, export: Export) -> Iterator[tuple[str, str]]:
    """Give the objects their proposed keys at the provider; (kind, key) of each, once it is done.

    One call each, after one for each hundred objects. Raises ProviderError.
    """
    standing = read_standing(editor)
    found = {(kind, item["id"]): item for kind in KINDS for item in standing.objects[kind]}
    for (kind, object_id), key in export.proposed.items():
        item = found[kind, object_id]
        body: dict[str, Any] = {"metadata": {**(item.get("metadata") or {}), "key": key}}
        if kind == "benefits":
            body["type"] = item["type"]
        write_answer(editor.change(kind, object_id, body))
        yield kind, key


def _keys(kind: str, items: list[Object]) -> dict[str, str]:
    """A key for each id: its own, else one made of its name that no other has."""
    keys = {item["id"]: key for item in items if (key := key_of(kind, item))}
    taken = set(keys.values())
    for item in items:
        if item["id"] in keys:
            continue
        name = slugify(str(item.get("name") or item.get("description") or ""))[:60] or kind[:-1]
        number, key = 1, name
        while key in taken:
            number += 1
            key = f"{name}-{number}"
        keys[item["id"]] = key
        taken.add(key)
    return keys


def _values(kind: str, item: Object, keys: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    values = {name: item[name] for name in _FIELDS[kind] if item.get(name) is not None}
    if kind == "products":
        values["prices"] = [
            _price(price, keys["meters"])
            for price in item.get("prices") or []
            if not price.get("is_archived") and price.get("source", "catalog") == "catalog"
        ]
        own = [each["id"] for each in item.get("benefits") or []]
        values["benefits"] = [keys["benefits"][id_] for id_ in own if id_ in keys["benefits"]]
    elif kind == "benefits":
        values["properties"] = _meter_by_key(item.get("properties") or {}, keys["meters"])
    elif kind == "discounts":
        own = [each["id"] for each in item.get("products") or []]
        values["products"] = [keys["products"][id_] for id_ in own if id_ in keys["products"]]
        for name in _MOMENTS:
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
    metadata = {k: v for k, v in (item.get("metadata") or {}).items() if k != "key"}
    if metadata:
        values["metadata"] = metadata
    cleaned: dict[str, Any] = _without_gaps(values)
    return cleaned


def _price(price: Mapping[str, Any], meters: Mapping[str, str]) -> dict[str, Any]:
    values = {name: price[name] for name in _PRICE_FIELDS if price.get(name) is not None}
    if isinstance(values.get("seat_tiers"), Mapping):
        tiers = values["seat_tiers"]
        values["seat_tiers"] = {k: v for k, v in tiers.items() if k not in _DERIVED}
    if price.get("meter_id"):
        values |= _meter_by_key({"meter_id": price["meter_id"]}, meters)
    return values


def _meter_by_key(values: Mapping[str, Any], meters: Mapping[str, str]) -> dict[str, Any]:
    """An id that no exported meter has (it is archived) stays an id."""
    key = meters.get(str(values.get("meter_id")))
    if key is None:
        return dict(values)
    return {**{k: v for k, v in values.items() if k != "meter_id"}, "meter": key}


def _without_gaps(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, Mapping):
        return {k: _without_gaps(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_gaps(item) for item in value if item is not None]
    return value
