"""Where our tables are written, in a project that reads from replicas.

A replica lags behind. What decides on a write (is this version newer? whose is it? who has claimed
it?) must be read where it is written; what only shows something may follow the project's router.
"""

from typing import Any

from django.db import connections, router
from django.db.models import Model, QuerySet

from polar_django.models.transitions import WriteLock

__all__ = ["conflict_target", "on_primary", "primary"]


def primary() -> str:
    """The alias of the database that holds our tables and is written."""
    return router.db_for_write(WriteLock)


def on_primary(model: type[Model]) -> QuerySet[Any]:
    """All rows of a model, ours or the project's, read where they are written."""
    return model._default_manager.using(router.db_for_write(model))


def conflict_target(model: type[Model]) -> list[str] | None:
    """The `unique_fields` of a `bulk_create` that replaces the rows with the same key.

    None on MySQL, which cannot name the constraint that may conflict, and refuses to be told one.
    """
    features = connections[router.db_for_write(model)].features
    return [model._meta.pk.name] if features.supports_update_conflicts_with_target else None
