"""Column types of our own."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from polar_django.conf import subscriber_model

# The longest id of a provider that is kept.
ID_LENGTH = 255


class ExactCharField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """Text that is a name: "Pro" is not "pro", nor "pro" with an accent or a space behind it.

    So it is anywhere but on MySQL and MariaDB, whose usual collations take all of these for one.
    Keys that point to such a column are compared as it is. `__iexact` does not work on it there.
    """

    # For checks at start-up, which cannot import this class before the apps are ready.
    is_compared_exactly = True

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql" and not self.db_collation:
            is_mariadb = getattr(connection, "mysql_is_mariadb", False)
            parameters["collation"] = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
        return parameters


class ProviderIdField(ExactCharField):
    """An id made by a provider (a Polar UUID, `cus_…`, `sub_…`), or made for one.

    On PostgreSQL a `varchar` key gets a second index for LIKE, which ids never need and every
    write would pay for; Django leaves it out for the long spelling of the same type.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", ID_LENGTH)
        super().__init__(**options)

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        if connection.vendor == "postgresql":
            return f"character varying({self.max_length})"
        return super().db_type(connection)


def mirrored_key(to: str, related_name: str, **options: Any) -> Any:
    """A link between two mirrored tables: children do arrive before their parents.

    So it may dangle and may be null (an inner join over a non-null key would drop such rows).
    """
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name=related_name,
        **options,
    )


def subscriber_key(related_name: str, **options: Any) -> Any:
    """The link to the project's own subscriber; cleared when that is deleted."""
    return models.ForeignKey(
        subscriber_model(),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name=related_name,
        **options,
    )
