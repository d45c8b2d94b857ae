"""Comparing the whole mirror with the provider, and making it right.

The lists have no filter for what changed, so all of them are walked: whole pages are compared, and
only what differs is written. What a list leaves out is asked for by itself, and marked as no more
where the provider does not have it: a deleted customer, a revoked grant. A walk can stop after any
page and go on there later; its memory does not grow with what there is.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from django.db.models import Model

from polar_django.exceptions import NotSupported
from polar_django.mirror import cursors
from polar_django.mirror.absence import Absence
from polar_django.mirror.answers import apply_answer
from polar_django.mirror.drift import Drift, of_kind
from polar_django.mirror.lists import TABLE_OF
from polar_django.mirror.organizations import refuse_another_organization
from polar_django.mirror.repair import read_again, repair_list, repair_page
from polar_django.mirror.steps import KINDS, SCOPES, Scope, Step, steps_from
from polar_django.mirror.walking import Patience, pages
from polar_django.models import Customer, LicenseKey, Transition, Walk
from polar_django.models.databases import on_primary
from polar_django.providers.base import Provider

__all__ = ["reconcile", "reconcile_customer"]

_SOURCE = Transition.Source.RECONCILE
_OF_A_CUSTOMER = (
    "members",
    "checkouts",
    "subscriptions",
    "orders",
    "refunds",
    "benefit_grants",
    "customer_meters",
)


def reconcile(
    provider: Provider, walk: Walk, patience: Patience, kinds: Sequence[str] = KINDS
) -> Iterator[Drift]:
    """Go on with that walk, and say after each page what was found on it and repaired.

    `walk` is what `cursors.begin` gave; it is saved after each page, so that whoever stops here is
    followed by another there. News of the repairs has the source "reconcile". Raises ForeignObject
    where the provider knows none of our products, ProviderUnavailable when patience is at its end.
    """
    refuse_another_organization(provider, patience)
    source = None if walk.is_quiet else _SOURCE
    steps = steps_from(walk.kind, kinds)
    for step, following in zip_longest(steps, steps[1:]):
        if step.name != walk.kind:
            cursors.save(walk, step.name)
        rest = Drift(step.kind)
        try:
            if step.scope:
                yield from _by_parent(provider, walk, step.scope, step, patience, source)
            else:
                absence = _absence(provider, walk, step.kind)
                yield from _listed(provider, walk, step, absence, patience, source)
                for rows in absence.at_end():
                    rest.add(_ask_for(provider, walk, rows, step.kind, patience, source))
        except NotSupported:
            pass
        cursors.count(walk, step.kind, rest.counts)
        if following:
            cursors.save(walk, following.name)
        else:
            cursors.finish(walk)
        yield rest


def reconcile_customer(provider: Provider, customer_id: str, patience: Patience) -> Iterator[Drift]:
    """Make one customer and everything it holds what the provider says. About ten calls.

    Raises ObjectNotFound where neither knows the customer, else as `reconcile`.
    """
    if on_primary(Customer).filter(pk=customer_id).exists():
        yield read_again(provider, "customer", customer_id, patience)
    else:
        answer = patience.call(provider.get_object, "customers", customer_id)
        applied = apply_answer(answer, source=_SOURCE)
        yield Drift("customers", 1, [customer_id], written=len(applied.changed))
    for kind in _OF_A_CUSTOMER:
        yield repair_list(provider, kind, patience, {"customer_id": customer_id}, source=_SOURCE)
    for scope in SCOPES["customer_seats"]:
        for key in scope.ids(provider.name, customer_id=customer_id):
            yield repair_list(
                provider, "customer_seats", patience, {scope.filter: key}, source=_SOURCE
            )
    # Its grants have told of each; the provider's list of keys cannot be asked for a customer's.
    keys = on_primary(LicenseKey).filter(provider=provider.name, customer=customer_id)
    for key in keys.order_by("pk").values_list("pk", flat=True):
        yield read_again(provider, "licensekey", key, patience)


def _listed(
    provider: Provider,
    walk: Walk,
    step: Step,
    absence: Absence,
    patience: Patience,
    source: str | None,
) -> Iterator[Drift]:
    for number, page in pages(provider, step.kind, patience, start_page=walk.page):
        drift = repair_page(provider, page, step.kind, patience, source=source)
        for rows in absence.after(of_kind(page, step.kind), page.answered_at):
            drift.add(_ask_for(provider, walk, rows, step.kind, patience, source))
        cursors.count(walk, step.kind, drift.counts)
        cursors.save(walk, step.name, number + 1, absence.place, absence.carry)
        yield drift


def _absence(provider: Provider, walk: Walk, kind: str) -> Absence:
    return Absence.resumed(TABLE_OF[kind], provider.name, walk.boundary, walk.carry)


def _by_parent(
    provider: Provider,
    walk: Walk,
    scope: Scope,
    step: Step,
    patience: Patience,
    source: str | None,
) -> Iterator[Drift]:
    for key in scope.ids(provider.name, after=walk.boundary):
        drift = repair_list(provider, step.kind, patience, {scope.filter: key}, source=source)
        cursors.count(walk, step.kind, drift.counts)
        cursors.save(walk, step.name, boundary=key)
        yield drift


def _ask_for(
    provider: Provider,
    walk: Walk,
    rows: Sequence[Model],
    kind: str,
    patience: Patience,
    source: str | None,
) -> Drift:
    """Ask for each row that a list left out, or once for the lists that several are on.

    There may be thousands between two pages, so the walk's lease is renewed with each. It cannot
    stop amid them: what turns out to be there would be asked for again, and again.
    """
    found = Drift(kind)
    settled: set[str] = set()
    for row in rows:
        if row.pk not in settled:
            drift = read_again(
                provider, row._meta.model_name or "", row.pk, patience, source=source
            )
            settled.update(drift.gone)
            drift.seen = 0
            found.add(drift)
            cursors.renew(walk)
    return found
