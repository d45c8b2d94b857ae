"""Search that stays fast: equality on indexed columns, never a LIKE over a million rows.

What is typed is compared as a whole: an e-mail address, an id of the provider, an external id, an
invoice number, or a subscriber's key or user name. People are looked up first, and what is theirs
by key afterwards, so that each step is one look into an index.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Model, Q

from polar_django.models import Customer, Member
from polar_django.subscribers import subscriber_class

__all__ = ["customers_called", "matching", "subscribers_called"]

# More than that share nothing but a careless search.
_MOST = 200


def matching(model: type[Model], columns: Sequence[str], term: str) -> Q:
    """The rows of a model that this text names, by its own columns or by whose they are.

    `columns` are compared with the text; a column called "email" also in lower case. A model with a
    `customer` or a `subscriber` is found by these too. Up to four queries before the search.
    """
    term = term.strip()
    condition = Q(pk__in=[])
    for column in columns:
        condition |= Q(**{f"{column}__in": sorted({term, term.lower()})})
    if model is Customer:
        people = Member.objects.filter(email__in=sorted({term, term.lower()}))
        teams = list(people.values_list("customer_id", flat=True)[:_MOST])
        return condition | Q(pk__in=teams) | Q(subscriber_id__in=subscribers_called(term))
    if _has(model, "customer"):
        condition |= Q(customer_id__in=customers_called(term))
    if _has(model, "subscriber"):
        condition |= Q(subscriber_id__in=subscribers_called(term))
    return condition


def customers_called(term: str) -> list[str]:
    """The ids of customers with this id, external id, e-mail address (also a
    member's) or subscriber. Three queries."""
    named = matching(Customer, ("pk", "external_id", "email"), term)
    return list(Customer.objects.filter(named).values_list("pk", flat=True)[:_MOST])


def subscribers_called(term: str) -> list[Any]:
    """The keys of subscribers with this key, or user name, where they are users. One query."""
    model = subscriber_class()
    named = Q(pk__in=[])
    with suppress(ValidationError, ValueError, OverflowError):
        named |= Q(pk=model._meta.pk.to_python(term))
    login = getattr(model, "USERNAME_FIELD", "")
    if login and model._meta.get_field(login).unique:  # type: ignore[union-attr]  # a column
        named |= Q(**{login: term})
    try:
        return list(model._default_manager.filter(named).values_list("pk", flat=True)[:_MOST])
    except OverflowError:  # a number that no key can have
        return []


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
