"""How far the mirror is from the provider, without writing anything."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from polar_django.exceptions import NotSupported, ObjectNotFound
from polar_django.mirror.absence import Absence
from polar_django.mirror.drift import Drift, differing, of_kind
from polar_django.mirror.lists import TABLE_OF, smallest_list
from polar_django.mirror.steps import KINDS, Step, steps_from
from polar_django.mirror.walking import Patience, pages
from polar_django.models.base import MirroredModel
from polar_django.providers.base import Provider

__all__ = ["compare"]


def compare(
    provider: Provider, kinds: Sequence[str] = KINDS, patience: Patience | None = None
) -> Iterator[Drift]:
    """What `reconcile` would repair, kind by kind, with the ids. One call and two queries a page.

    What a list leaves out is asked for by itself, one call each. Raises ProviderError.
    """
    patience = patience or Patience()
    for kind in kinds:
        drift = Drift(kind)
        for step in steps_from("", [kind]):
            try:
                if step.scope:
                    _compare_by_parent(provider, step, patience, drift)
                else:
                    _compare_list(provider, kind, patience, drift)
            except NotSupported:
                continue
        for ids in (drift.missing, drift.outdated, drift.gone):
            ids[:] = dict.fromkeys(ids)
        yield drift


def _compare_list(provider: Provider, kind: str, patience: Patience, drift: Drift) -> None:
    table = TABLE_OF[kind]
    absence = Absence(table, provider.name)
    for _, page in pages(provider, kind, patience):
        listed = of_kind(page, kind)
        drift.seen += len(listed)
        differing(page, drift)
        for rows in absence.after(listed, page.answered_at):
            drift.gone += _absent(provider, kind, rows, patience)
    for rows in absence.at_end():
        drift.gone += _absent(provider, kind, rows, patience)


def _compare_by_parent(provider: Provider, step: Step, patience: Patience, drift: Drift) -> None:
    assert step.scope
    for key in step.scope.ids(provider.name):
        with suppress(ObjectNotFound):
            for _, page in pages(provider, step.kind, patience, {step.scope.filter: key}):
                drift.seen += len(of_kind(page, step.kind))
                differing(page, drift)


def _absent(
    provider: Provider, kind: str, rows: Sequence[MirroredModel], patience: Patience
) -> list[str]:
    """The rows among these that the provider does not have."""
    return [row.pk for row in rows if not _is_there(provider, kind, row, patience)]


def _is_there(provider: Provider, kind: str, row: MirroredModel, patience: Patience) -> bool:
    filters = smallest_list(row)
    if filters is None:
        try:
            patience.call(provider.get_object, kind, row.pk)
        except ObjectNotFound:
            return False
        except NotSupported:
            return True
        return True
    if not filters:
        return True
    listed = pages(provider, kind, patience, filters)
    return any(item.snapshot.id == row.pk for _, page in listed for item in page.observations)
