"""What every row of the sandbox has."""

import uuid

from django.db import models


class Row(models.Model):
    """An object of Polar: a UUID, and two times from the virtual clock.

    Nothing is set on save: `engine.rows` creates and changes rows, so that every time comes from
    the clock, never from the machine.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(db_index=True)
    modified_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Singleton(models.Model):
    """A table of one row, number 1."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
