"""`python -m tests.benchmarks.crowd COUNT`: the sandbox's only buyer becomes so many.

POLAR_TEST_DATABASE_URL names the sandbox's own database. The rows of a purchase that was made as
usual are written again, with other ids and addresses.
"""

import os
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
django.setup()

from django.db import transaction  # noqa: E402  (after the setup)

from polar_django.sandbox import models as theirs  # noqa: E402

BATCH = 500


def multiply(count: int) -> None:
    """Write what makes the first customer `count` ones; parents before their children."""
    buyer = theirs.Customer.objects.order_by("created_at")[0]
    number = theirs.Customer.objects.count()
    tables = (
        (theirs.Customer, theirs.Customer.objects.filter(pk=buyer.pk)),
        (theirs.Member, theirs.Member.objects.filter(customer=buyer)),
        (theirs.Subscription, theirs.Subscription.objects.filter(customer=buyer)),
        (
            theirs.Subscription.prices.through,
            theirs.Subscription.prices.through.objects.filter(subscription__customer=buyer),
        ),
        (theirs.Order, theirs.Order.objects.filter(customer=buyer)),
        (theirs.OrderItem, theirs.OrderItem.objects.filter(order__customer=buyer)),
        (theirs.BenefitGrant, theirs.BenefitGrant.objects.filter(customer=buyer)),
    )
    for table, rows in tables:
        made = _copies(table, list(rows.values()), number, count)
        while chunk := list(islice(made, BATCH)):
            with transaction.atomic():
                table._default_manager.bulk_create(chunk)


def _copies(table: Any, rows: list[dict[str, Any]], start: int, count: int) -> Iterator[Any]:
    for number in range(start, count):
        for row in rows:
            yield table(**{name: _other(name, value, number) for name, value in row.items()
                           if not (name == "id" and isinstance(value, int))})  # fmt: skip


def _other(name: str, value: Any, number: int) -> Any:
    """What the copy with that number has in its place; what is sold stays the same."""
    if name == "email":
        return f"buyer-{number}@example.com"
    if name == "created_at":
        return value + timedelta(milliseconds=number)
    if name in ("checkout_id", "payment_method_id", "external_id", "default_payment_method_id"):
        return None
    if name in ("id", "customer_id", "member_id", "subscription_id", "order_id") and value:
        return uuid.uuid5(value, str(number))
    return value


if __name__ == "__main__":
    multiply(int(sys.argv[1]))
