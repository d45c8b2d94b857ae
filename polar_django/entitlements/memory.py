"""What was read lately, kept on the objects that were asked about and nowhere else."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from polar_django.entitlements.holdings import EntitlementSet

__all__ = ["recall", "refresh_entitlements", "remember"]

# Longer than a request should take. A socket or a task that keeps one user object for hours must
# still see a revocation.
REMEMBERED_FOR = timedelta(seconds=60)

_MEMORY = "_polar_entitlements"


class _Memory(dict[Any, EntitlementSet]):
    """Sets by the subscriber's key. A user that is pickled into a cache must not take it along."""

    def __reduce__(self) -> tuple[type["_Memory"], tuple[()]]:
        return _Memory, ()


def _place(subscriber: Any, user: Any) -> tuple[Any, Any]:
    """Which object remembers, and under which key; one of the two is given.

    It is the user, because a project's resolver may read the team anew each time it is asked.
    """
    return subscriber if user is None else user, None if subscriber is None else subscriber.pk


def recall(subscriber: Any, user: Any) -> EntitlementSet | None:
    """What is remembered of these two, None where nothing is, or for too long."""
    holder, key = _place(subscriber, user)
    found: EntitlementSet | None = getattr(holder, _MEMORY, {}).get(key)
    if found is None or not timedelta(0) <= timezone.now() - found.read_at < REMEMBERED_FOR:
        return None
    return found


def remember(entitlements: EntitlementSet, subscriber: Any, user: Any) -> EntitlementSet:
    """Keep the set for the next question, and give it back."""
    holder, key = _place(subscriber, user)
    memory = getattr(holder, _MEMORY, None)
    if memory is None:
        memory = _Memory()
        setattr(holder, _MEMORY, memory)
    memory[key] = entitlements
    return entitlements


def refresh_entitlements(*holders: Any) -> None:
    """Forget what is remembered on these objects; the next question asks the database.

    Needed only where the mirror changed within the same request: give the request's user, and a
    team that was asked about without one. No query.
    """
    for holder in holders:
        getattr(holder, _MEMORY, {}).clear()
