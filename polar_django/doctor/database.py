"""Whether the tables are there, and as the code wants them."""

from collections.abc import Iterator

from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from polar_django import checks
from polar_django.doctor.case import Case
from polar_django.doctor.configuration import from_check
from polar_django.doctor.findings import Finding
from polar_django.models.databases import primary

__all__ = ["look_at_database"]


def look_at_database(case: Case) -> Iterator[Finding]:
    """Reachable, migrated, and linked to the right subscribers. A handful of queries."""
    connection = connections[primary()]
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        yield Finding(
            code="database-unreachable",
            what=f"The database {primary()!r} cannot be reached ({type(error).__name__}).",
            why="Deliveries are answered 503, and every gate fails.",
            fix="Check DATABASES, and that the server runs: `python manage.py dbshell`.",
        )
        return
    wanted = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "polar_django"]
    if executor.migration_plan(wanted):
        yield Finding(
            code="migrations-missing",
            what="Migrations of polar_django have not been applied.",
            why="Deliveries cannot be stored, or not be mirrored.",
            fix="python manage.py migrate polar_django",
        )
        return
    for check in (checks.check_subscriber_column, checks.check_mysql):
        for message in check(databases=[primary()]):
            yield from_check(message)
