"""The first full copy of what the provider has, page by page.

Nobody is told of what a copy finds: it must not mail every customer.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from polar_django.exceptions import NotSupported, ObjectNotFound
from polar_django.mirror import cursors
from polar_django.mirror.answers import apply_answer
from polar_django.mirror.steps import KINDS, Step, steps_from
from polar_django.mirror.walking import Patience, pages
from polar_django.models import Walk
from polar_django.providers.base import Page, Provider

__all__ = ["Progress", "backfill"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One page more: `seen` objects of `kind` so far, `written` of them newer than the mirror's.

    `total` is how many there are, where the provider says so.
    """

    kind: str
    seen: int
    written: int
    total: int | None = None


def backfill(
    provider: Provider,
    kinds: Sequence[str] = KINDS,
    *,
    walk: Walk | None = None,
    patience: Patience | None = None,
) -> Iterator[Progress]:
    """Copy every object of these kinds, and say after each page how far it is.

    One call and about four statements a page, each page in a transaction of its own. With a `walk`
    (`cursors.begin`) each page is noted, so that a copy that was stopped goes on there; without one
    it can simply be run again. Kinds that the provider does not have are left out. Memory does not
    grow with what there is. Raises ProviderError; ProviderUnavailable when patience is at its end,
    which by default is at once.
    """
    patience = patience or Patience(attempts=1)
    counts: dict[str, Progress] = {}
    for step in steps_from(walk.kind if walk else "", kinds):
        try:
            for page in _pages(provider, step, walk, patience):
                done = _write(page, counts.get(step.kind, Progress(step.kind, 0, 0)))
                counts[step.kind] = done
                yield done
        except NotSupported:
            continue
    if walk:
        cursors.finish(walk)


def _pages(provider: Provider, step: Step, walk: Walk | None, patience: Patience) -> Iterator[Page]:
    """The pages of a step from where the walk stands; each is noted once it has been written."""
    begun = walk if walk and walk.kind == step.name else None
    if step.scope:
        for key in step.scope.ids(provider.name, after=begun.boundary if begun else ""):
            # Without those of a parent that the provider does not know: reconcile sees to it.
            with suppress(ObjectNotFound):
                for _, page in pages(provider, step.kind, patience, {step.scope.filter: key}):
                    yield page
            if walk:
                cursors.save(walk, step.name, boundary=key)
        return
    start_page = begun.page if begun else 1
    for number, page in pages(provider, step.kind, patience, start_page=start_page):
        yield page
        if walk:
            cursors.save(walk, step.name, number + 1)


def _write(page: Page, before: Progress) -> Progress:
    ids = {item.snapshot.id for item in page.observations}
    applied = apply_answer(page, source=None)
    written = sum(1 for _, key in applied.changed if key in ids)
    return Progress(before.kind, before.seen + len(ids), before.written + written, page.total)
