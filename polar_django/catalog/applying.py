"""Doing what the plan says, object by object, into the provider and the mirror."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from polar_django.billing.answers import write_answer
from polar_django.catalog.files import KINDS, Catalog
from polar_django.catalog.planning import Change, Ids, change_of, changes_of, ids_of
from polar_django.catalog.standing import read_standing
from polar_django.exceptions import CatalogError, ProviderError
from polar_django.mirror.answers import stored_keys
from polar_django.models import Benefit, Discount, Meter, Product
from polar_django.providers.catalog import CatalogEditor
from polar_django.snapshots import Answer

__all__ = ["apply_catalog"]

_TABLES: Mapping[str, Callable[..., Model]] = {
    "meters": Meter,
    "benefits": Benefit,
    "products": Product,
    "discounts": Discount,
}


def apply_catalog(
    editor: CatalogEditor, catalog: Catalog, *, prune: bool = False
) -> Iterator[Change]:
    """Make the provider sell what the catalogue says; each change is given once it is done.

    Nothing is written where it does so already. What is written stands in the mirror at once. A
    failure in the middle leaves what was done before it; another run does the rest. One call for
    each hundred objects, one for each change, one more where a product's benefits change. Raises
    CatalogError: before anything is written for what cannot be changed, later with the object that
    was refused.
    """
    standing = read_standing(editor)
    planned = changes_of(standing, catalog, prune=prune)
    conflicts = [change for change in planned if change.action == "conflict"]
    if conflicts:
        names = ", ".join(f"{change.kind}.{change.key}" for change in conflicts)
        raise CatalogError(
            f"Nothing was changed: {names} cannot become what the file says. Choose another key."
        )
    ids = ids_of(standing)
    for kind in KINDS:
        for key in catalog.get(kind, {}):
            # Anew, because what it names may have been made meanwhile.
            change = change_of(standing, catalog, kind, key, ids)
            if change:
                _apply(editor, change, ids)
                yield change
    for change in planned:
        if change.action == "archive":
            _apply(editor, change, ids)
            yield change


def _apply(editor: CatalogEditor, change: Change, ids: Ids) -> None:
    try:
        object_id = change.object_id
        if change.action == "create":
            answer = editor.create(change.kind, _as_json(change.body))
            object_id = answer.first.id
            _write(change, object_id, answer, is_new=True)
        elif change.body:
            answer = editor.change(change.kind, object_id, _as_json(change.body))
            _write(change, object_id, answer)
        ids[change.kind][change.key] = object_id
        if change.benefit_ids or (change.benefit_ids is not None and change.action == "update"):
            _write(change, object_id, editor.set_benefits(object_id, change.benefit_ids))
    except ProviderError as error:
        raise CatalogError(
            f"{change.kind}.{change.key} was refused: {error} What came before it is done; mend "
            "this and run it again."
        ) from error


def _write(change: Change, object_id: str, answer: Answer, *, is_new: bool = False) -> None:
    row = _TABLES[change.kind](pk=object_id)
    write_answer(answer, sent={} if is_new else stored_keys(row))


def _as_json(value: Any) -> Any:
    """TOML has moments, JSON has not."""
    if isinstance(value, Mapping):
        return {name: _as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
