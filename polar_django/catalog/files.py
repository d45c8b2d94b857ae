"""The file: TOML with the tables `[meters.<key>]`, `[benefits.…]`, `[products.…]`, `[discounts.…]`.

    [benefits.pro]
    type = "custom"
    description = "Everything in Pro"

    [products.pro-monthly]
    name = "Pro"
    recurring_interval = "month"
    prices = [{ amount_type = "fixed", price_amount = 900, price_currency = "usd" }]
    benefits = ["pro"]

Values are what the provider's API takes, money in whole minor units; other objects are named by
key: `benefits` of a product, `meter` of a price or of a benefit's properties, `products` of a
discount. What a table does not say is left as it is.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import tomli_w

from polar_django.exceptions import CatalogError

__all__ = ["KINDS", "Catalog", "read_catalog", "write_catalog"]

# In the order in which they are made: each names only what stands before it.
KINDS = ("meters", "benefits", "products", "discounts")

# Values by kind and key.
Catalog = Mapping[str, Mapping[str, Mapping[str, Any]]]

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "meters": ("name", "filter", "aggregation"),
    "benefits": ("description",),
    "products": ("name", "prices"),
    "discounts": ("name", "type", "duration"),
}


def read_catalog(path: Path) -> Catalog:
    """What the file describes. Raises CatalogError, which names the table and what to write."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} is not TOML: {error}") from error
    check_catalog(data)
    return {kind: data.get(kind, {}) for kind in KINDS}


def write_catalog(path: Path, catalog: Catalog) -> None:
    """Replace the file. Comments that stood in it are lost. Raises CatalogError."""
    tables = {kind: catalog[kind] for kind in KINDS if catalog.get(kind)}
    try:
        path.write_text(tomli_w.dumps(tables), "utf-8")
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror}.") from error


def check_catalog(data: Mapping[str, Any]) -> None:
    """Raises CatalogError where a table is unknown, lacks something, or names what is not there."""
    for kind, tables in data.items():
        if kind not in KINDS:
            raise CatalogError(f"Unknown table [{kind}]. There are {', '.join(KINDS)}.")
        if not isinstance(tables, Mapping):
            raise CatalogError(f"[{kind}] must hold tables: [{kind}.some-key].")
        for key, values in tables.items():
            _check_table(kind, key, values)
            for other, name in references(kind, values):
                if name not in data.get(other, {}):
                    raise CatalogError(
                        f"[{kind}.{key}] names {name!r}, but there is no [{other}.{name}]."
                    )


def _check_table(kind: str, key: str, values: Any) -> None:
    if not isinstance(values, Mapping):
        raise CatalogError(f"{kind}.{key} must be a table: [{kind}.{key}].")
    for name in _NEEDED[kind]:
        if name not in values:
            raise CatalogError(f"[{kind}.{key}] lacks {name!r}.")
    for name, value in values.items():
        is_moment = isinstance(value, datetime) and value.tzinfo is not None
        if isinstance(value, date | time) and not is_moment:
            raise CatalogError(
                f"[{kind}.{key}]: {name!r} must be a moment with its offset, 2026-03-01T00:00:00Z."
            )
    for name in ("metadata", "properties"):
        if not isinstance(values.get(name, {}), Mapping):
            raise CatalogError(f"[{kind}.{key}]: {name!r} must be a table.")
    for name in ("prices", "benefits", "products"):
        if name == kind or name not in values:
            continue
        items, wanted = values[name], Mapping if name == "prices" else str
        if not isinstance(items, list) or not all(isinstance(item, wanted) for item in items):
            what = "tables" if name == "prices" else "keys"
            raise CatalogError(f"[{kind}.{key}]: {name!r} must be a list of {what}.")


def references(kind: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The kind and key of everything that these values name."""
    if kind == "products":
        yield from (("benefits", name) for name in values.get("benefits", []))
        for price in values.get("prices", []):
            if "meter" in price:
                yield "meters", price["meter"]
    elif kind == "benefits" and "meter" in values.get("properties", {}):
        yield "meters", values["properties"]["meter"]
    elif kind == "discounts":
        yield from (("products", name) for name in values.get("products", []))
