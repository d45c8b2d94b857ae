"""Telling once more what was told, or could not be."""

from django.db.models import QuerySet
from django.utils import timezone

from polar_django.models import Transition
from polar_django.models.databases import primary

__all__ = ["replay"]

State = Transition.State


def replay(transitions: QuerySet[Transition], *, everybody: bool = False) -> list[int]:
    """Make them pending again; their primary keys. Two statements. Wake the worker afterwards.

    Only the receivers that have not succeeded are called, or all of them with `everybody`. What
    is pending already is left alone. One that a worker has in hand may be told twice.
    """
    settled = transitions.using(primary()).exclude(state=State.PENDING)
    pks = list(settled.order_by("pk").values_list("pk", flat=True))
    changes: dict[str, list[str]] = {"receivers_done": []} if everybody else {}
    Transition.objects.filter(pk__in=pks).update(
        state=State.PENDING, attempts=0, due_at=timezone.now(), error="", **changes
    )
    return pks
