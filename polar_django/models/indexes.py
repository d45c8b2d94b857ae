"""Indexes of a few rows, on databases that have such and on those that have not."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Q

__all__ = ["SmallIndex"]


class SmallIndex(Index):
    """An index of the rows that fulfil `where`: small, however long the history grows.

    MySQL and MariaDB have none of that kind. There every row is in it, under the columns
    `otherwise`, by default `fields`: with the column of `where` in front, what is asked for still
    stands together. It is no `condition` because Django warns of each one there.
    """

    def __init__(self, *, where: Q, otherwise: Sequence[str] = (), **options: Any) -> None:
        super().__init__(**options)
        self.where = where
        self.otherwise = list(otherwise)

    def deconstruct(self) -> Any:
        path, expressions, options = super().deconstruct()
        options["where"] = self.where
        if self.otherwise:
            options["otherwise"] = self.otherwise
        return path, expressions, options

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **options: Any,
    ) -> Statement:
        if schema_editor.connection.features.supports_partial_indexes:
            plain = Index(fields=self.fields, name=self.name, condition=self.where)
        else:
            plain = Index(fields=self.otherwise or self.fields, name=self.name)
        return plain.create_sql(model, schema_editor, using, **options)
