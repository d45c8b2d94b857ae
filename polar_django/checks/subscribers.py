"""Whether the tables were made for the subscribers that the settings name."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections

from polar_django.conf import subscriber_model

__all__ = ["check_subscriber_column"]


def check_subscriber_column(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether the migrated column still points where the setting does. Two queries a database."""
    try:
        wanted = apps.get_model(subscriber_model())._meta.db_table
    except (LookupError, ValueError):
        return []
    table = apps.get_model("polar_django", "Customer")._meta.db_table
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        with connection.cursor() as cursor:
            if table not in connection.introspection.table_names(cursor):
                continue
            relations = connection.introspection.get_relations(cursor, table)
        pointed = relations.get("subscriber_id")
        if pointed is not None and pointed[1] != wanted:
            found.append(
                Error(
                    f"The database's subscribers are rows of {pointed[1]}, but "
                    f"POLAR_DJANGO['SUBSCRIBER_MODEL'] is {subscriber_model()} ({wanted}).",
                    hint="Choose SUBSCRIBER_MODEL before the first migrate. To change it later, "
                    "migrate polar_django to zero and anew, then run polar_sync.",
                    id="polar_django.E003",
                )
            )
    return found
