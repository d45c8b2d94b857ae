"""What is done beside the project's own work, in the project's own transaction."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connections, transaction

from polar_django.models.databases import primary

__all__ = ["beside_the_project"]


def beside_the_project() -> AbstractContextManager[Any]:
    """A savepoint where a transaction is open: an error within takes back what was done within, and
    the project's transaction can go on. PostgreSQL takes no statement after one it has refused.

    Outside a transaction nothing: what is done there may call the provider.
    """
    if connections[primary()].in_atomic_block:
        return transaction.atomic(using=primary())
    return nullcontext()
