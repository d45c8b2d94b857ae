"""A subscriber or user who is about to be deleted by the project: the mirror's writers come first.

Django empties our links to them and then deletes the row, in the project's transaction and without
our locks. A writer amid that would make the two wait for each other, and the database end the
project's request; or leave a new row that points to nobody, which fails that request at its commit.
"""

from typing import Any
from weakref import WeakKeyDictionary

from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import QuerySet

from polar_django.mirror import locks
from polar_django.models import CheckoutSession, Customer, Member, locking
from polar_django.models.databases import on_primary, primary
from polar_django.subscribers import subscriber_class

__all__ = ["wait_for_writers"]

_first_of: WeakKeyDictionary[QuerySet[Any], Any] = WeakKeyDictionary()


def wait_for_writers(person: Any, using: str, origin: Any = None) -> None:
    """Hold the locks of all that is theirs, and then their own row, to the end of the transaction.

    Inside the transaction on `using` that deletes them, before it; nothing on another database.
    Whoever is about to link something new to them waits for the row, and finds nobody there.
    `origin` is what the project deletes: of a queryset the locks of all are taken with the first,
    because one by one they would not be taken in order. Two to six statements.
    """
    if using != primary() or not connections[using].in_atomic_block:
        return
    leaving = _leaving_with(person, using, origin)
    names = set()
    if isinstance(person, subscriber_class()):
        bought = on_primary(Customer).filter(subscriber__in=leaving)
        names |= {locks.customer_lock(*key) for key in bought.values_list("provider", "pk")}
        asked_for = on_primary(CheckoutSession).filter(subscriber__in=leaving)
        names |= {locks.shared_lock(key) for key in asked_for.values_list("pk", flat=True)}
    if isinstance(person, get_user_model()):
        # A seat's is the lock of the team that gave it.
        held = on_primary(Member).filter(user__in=leaving, customer__isnull=False)
        names |= {locks.customer_lock(*key) for key in held.values_list("provider", "customer")}
    locking.take(names)
    # Last: a writer has all its locks before it wants the row of somebody whom it links to.
    locking.hold(on_primary(type(person)).filter(pk__in=leaving))


def _leaving_with(person: Any, using: str, origin: Any) -> Any:
    """The keys of all whom the project deletes at once, as a subquery, where this is the first of
    them; else this one's. Django tells of them in order of key.
    """
    concrete = type(person)._meta.concrete_model
    if isinstance(origin, QuerySet) and origin.model._meta.concrete_model is concrete:
        together = origin.using(using).order_by()
        if origin not in _first_of:
            # Asked once, and not for each of thousands.
            _first_of[origin] = together.order_by("pk").values_list("pk", flat=True).first()
        if _first_of[origin] == person.pk:
            return together.values("pk")
    return [person.pk]
