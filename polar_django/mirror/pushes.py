"""What the provider is still to be told of a customer: noted in the row, in the same transaction as
the change in the project that causes it, so that neither a crash nor a broker can lose it."""

from django.db.models import QuerySet

from polar_django.models import Customer
from polar_django.models.databases import on_primary

__all__ = ["note_pushes", "settle_push"]


def note_pushes(customers: QuerySet[Customer], push: Customer.Push) -> int:
    """Note it for the living ones among them; how many. One statement.

    A new profile does not take the place of a deletion.
    """
    rows = customers.filter(deleted_at=None)
    if push == Customer.Push.PROFILE:
        rows = rows.filter(push="")
    return rows.update(push=push)


def settle_push(customer: Customer) -> None:
    """It has been told, or never can be. What was noted meanwhile stays. One statement."""
    on_primary(Customer).filter(pk=customer.pk, push=customer.push).update(push="")
    customer.push = ""
