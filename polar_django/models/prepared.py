"""Statements that Django puts together once, and that are then only run.

For the two that are run most: the query in front of most pages, and the INSERT that takes a
delivery in. Django takes longer to put either together than PostgreSQL to answer it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLCompiler

__all__ = ["Parameter", "PreparedInsert", "PreparedQuery"]


class Parameter(Expression):
    """A value that is filled in when the query is run; stands wherever an expression may."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(  # type: ignore[override]  # the parameter stands where its value will
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        return "%s", [self]

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return self.output_field.get_db_prep_value(value, connection)


class _Statement(NamedTuple):
    sql: str
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Any, Any]], ...]


class PreparedQuery:
    """A `values_list()` queryset with `Parameter`s in its filters, compiled once per database."""

    def __init__(self, build: Callable[[], QuerySet[Any, tuple[Any, ...]]]) -> None:
        self._build = build
        self._statements: dict[str, _Statement] = {}

    def rows(self, using: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows for these values of the parameters, as `values_list()` gives them. One query."""
        statement = self._statements.get(using) or self._compile(using)
        connection = connections[using]
        filled = [
            item.prepare(values[item.name], connection) if isinstance(item, Parameter) else item
            for item in statement.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, filled)
            found = [list(row) for row in cursor.fetchall()]
        # As Django's own compiler does it: from what the driver gives to what the field promises.
        for position, (converters, expression) in statement.converters:
            for row in found:
                for convert in converters:
                    row[position] = convert(row[position], expression, connection)
        return [tuple(row) for row in found]

    def _compile(self, using: str) -> _Statement:
        compiler = self._build().using(using).query.get_compiler(using)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        statement = _Statement(sql, tuple(parameters), tuple(converters.items()))
        # Two threads may both get here: they compile the same.
        self._statements[using] = statement
        return statement


class PreparedInsert:
    """The INSERT of one row of a model, compiled once per database. No signals, and no `save()`."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self._statements: dict[str, str] = {}

    def write(self, using: str, **values: Any) -> None:
        """Insert a row with these values, and the defaults of all other fields. One statement.

        Raises what the database does, django.db.IntegrityError where such a row exists.
        """
        sql = self._statements.get(using) or self._compile(using)
        connection = connections[using]
        filled = [
            field.get_db_prep_save(
                values[field.attname] if field.attname in values else field.get_default(),
                connection,
            )
            for field in self._fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)

    def _compile(self, using: str) -> str:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [self._model()])
        [(sql, _)] = query.get_compiler(using).as_sql()
        # Two threads may both get here: they compile the same.
        self._statements[using] = str(sql)
        return self._statements[using]
