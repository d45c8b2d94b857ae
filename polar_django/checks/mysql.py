"""What a MySQL or MariaDB must be set to, said before access is decided wrongly on it.

docs/checks.md lists each id with what to do about it, docs/deployment.md the settings.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, TextField

__all__ = ["check_mysql"]

_CHARSET = "utf8mb4"
# Those in which a read that follows a lock sees what was committed before the lock was had.
_SAFE_LEVELS = frozenset({"READ-COMMITTED", "SERIALIZABLE"})


def check_mysql(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Isolation, character set and collations of databases that have our tables, or will have.

    Three queries on MySQL and MariaDB, none on others.
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor == "mysql":
            found += _isolation_messages(connection)
            found += _text_messages(connection)
    return found


def _isolation_messages(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        # The one name is MariaDB's of old, the other MySQL's, and MariaDB's of late.
        cursor.execute(
            "SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"
        )
        levels = {level.upper() for _, level in cursor.fetchall()}
    if levels - _SAFE_LEVELS:
        yield Error(
            f"Transactions of the database {connection.alias!r} are isolated as "
            f"{', '.join(sorted(levels))}: a writer that has waited for another would read what "
            "stood there before, and write over what that one has written.",
            hint="Take 'isolation_level' out of its OPTIONS, or set it to 'read committed', which "
            "is what Django does by itself.",
            id="polar_django.E012",
        )


def _text_messages(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    exact = {column for column, is_exact in _text_columns() if is_exact}
    plain = {column for column, is_exact in _text_columns() if not is_exact}
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database")
        usual = cursor.fetchone()[0]
        cursor.execute(
            "SELECT table_name, column_name, character_set_name, collation_name"
            " FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND character_set_name IS NOT NULL"
        )
        stored = {(table, column): texts for table, column, *texts in cursor.fetchall()}
    ours = [stored[column] for column in plain if column in stored]
    narrow = {charset for charset, _ in ours or [(usual, "")]} - {_CHARSET}
    if narrow:
        yield Error(
            f"Text of polar_django in the database {connection.alias!r} is kept as "
            f"{', '.join(sorted(narrow))}, which cannot hold every letter: a customer with one of "
            "the others in their name, and what they bought, would never be mirrored.",
            hint=f"Before the first migrate: ALTER DATABASE … CHARACTER SET {_CHARSET}. Tables "
            "that exist: see MariaDB in docs/deployment.md.",
            id="polar_django.E013",
        )
    loose = sorted(
        ".".join(column)
        for column in exact
        if column in stored and not stored[column][1].endswith("_bin")
    )
    if loose:
        yield Error(
            f"In the database {connection.alias!r} these columns hold names, and are compared "
            f"without regard to capitals: {', '.join(loose)}. A benefit with the key 'Pro' would "
            "open what asks for 'pro'.",
            hint="Give them the collation they had when they were made: see MariaDB in "
            "docs/deployment.md.",
            id="polar_django.E014",
        )


def _text_columns() -> Iterator[tuple[tuple[str, str], bool]]:
    """(table, column) of each text of ours, and whether it is compared letter by letter."""
    models = list(apps.get_app_config("polar_django").get_models())
    for model in models:
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model not in models:
                continue  # in the collation of the project's own table
            end = getattr(field, "target_field", field)
            if isinstance(end, CharField | TextField):
                is_exact = bool(getattr(end, "is_compared_exactly", False))
                yield (model._meta.db_table, field.column or ""), is_exact
