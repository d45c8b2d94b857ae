"""Views that call a provider, or may be called while one is slow: no transaction waits for them."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections
from django.db.transaction import non_atomic_requests

__all__ = ["outside_transactions"]

View = TypeVar("View", bound=Callable[..., Any])


def outside_transactions(view: View) -> View:
    """No `ATOMIC_REQUESTS` around this view, of whichever of the project's databases it is set.

    Django's own decorator names one database, by default "default".
    """
    for alias in connections:
        view = non_atomic_requests(using=alias)(view)
    return view
