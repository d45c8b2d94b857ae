"""One row by id, and the filters that name a customer."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import Customer

__all__ = ["by_customer", "find", "find_customer", "find_external_customer"]

Row = TypeVar("Row", bound=Model)


def find(rows: QuerySet[Row], pk: UUID) -> Row:
    """The row. Raises ResourceNotFound. One query."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise ResourceNotFound
    return row


def find_customer(pk: UUID) -> Customer:
    """A customer that is not deleted. Raises ResourceNotFound. One query."""
    return find(Customer.objects.filter(deleted_at=None), pk)


def find_external_customer(external_id: str) -> Customer:
    """A customer that is not deleted. Raises ResourceNotFound. One query."""
    customers = Customer.objects.filter(deleted_at=None)
    row = customers.filter(external_id=external_id).first()
    if row is None:
        raise ResourceNotFound
    return row


def by_customer(
    rows: QuerySet[Row], customer_id: Sequence[UUID], external_customer_id: Sequence[str]
) -> QuerySet[Row]:
    """Rows of these customers; no value means all."""
    if customer_id:
        rows = rows.filter(customer_id__in=customer_id)
    if external_customer_id:
        rows = rows.filter(customer__external_id__in=external_customer_id)
    return rows
