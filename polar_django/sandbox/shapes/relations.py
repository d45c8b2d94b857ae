"""The rows that belong to a row, for shapes that are made one by one and by the page."""

from typing import Any

from django.db.models import Model

__all__ = ["related"]


def related(row: Model, name: str, *joined: str) -> list[Any]:
    """What a page has prefetched under that name; else one query, with `joined` at once."""
    rows = getattr(row, name)
    if name in getattr(row, "_prefetched_objects_cache", {}):
        return list(rows.all())
    return list(rows.select_related(*joined))
