"""Making and changing rows with times of the virtual clock."""

import json
from typing import Any, TypeVar

from polar_django.sandbox import clock
from polar_django.sandbox.models.base import Row

__all__ = ["change", "create", "plain"]

AnyRow = TypeVar("AnyRow", bound=Row)


def create(model: type[AnyRow], **values: Any) -> AnyRow:
    """A new saved row, `created_at` now. One query."""
    row = model(created_at=clock.tick(), **values)
    row.save(force_insert=True)
    return row


def change(row: AnyRow, **values: Any) -> AnyRow:
    """Set and save `values` and `modified_at`, also where nothing differs. One query."""
    for name, value in values.items():
        setattr(row, name, value)
    row.modified_at = clock.tick()
    row.save(update_fields=[*values, "modified_at"])
    return row


def plain(value: Any) -> Any:
    """`value` as a JSON column holds it: ids and times become text."""
    return json.loads(json.dumps(value, default=str))
