"""Rows by the million, made by PostgreSQL itself: from one row as a pattern, the others by number.

Numbers stand in `i`. Indexes are dropped while the rows come and made again afterwards, which takes
a third of the time. Ids are random text, as the provider's are.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from polar_django.models import (
    Benefit,
    BenefitGrant,
    CheckoutSession,
    Customer,
    CustomerMeter,
    LicenseKey,
    Member,
    Meter,
    Order,
    Product,
    Refund,
    Seat,
    Subscription,
    Transition,
    UsageEvent,
    WebhookDelivery,
)

PATTERN = "pattern"
# About what a real object takes once it is compressed.
RAW = {f"field_{number}": "x" * 20 for number in range(8)}


def fill(customers: int) -> None:
    """So many customers and as many subscriptions, orders, deliveries, …, thrice as many grants."""
    with _without_indexes():
        _users(customers)
        _catalogue()
        for model, factor, values in _tables(customers):
            _multiply(model, customers * factor, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def empty() -> None:
    """Take it all away."""
    tables = ", ".join(model._meta.db_table for model, *_ in _tables(1))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}, {Product._meta.db_table}, {Benefit._meta.db_table}")
        cursor.execute("TRUNCATE polar_django_meter, auth_user CASCADE")


def uid(kind: str, number: str = "i") -> str:
    """SQL for the id of that number."""
    return f"md5('{kind}' || ({number})::text)::uuid::text"


def _tables(size: int) -> Iterator[tuple[type[Model], int, Mapping[str, str]]]:
    """Each table, how many rows for a customer, and its columns as SQL."""
    # Four months, however many there are.
    moment = f"now() - i * interval '{10_000_000 / size} seconds'"
    subscriber = "i + 1000"
    owned = {"subscriber_id": subscriber, "customer_id": uid("customer"), "created_at": moment}
    status = "(CASE WHEN i % 5000 = 0 THEN 'past_due' WHEN i % 4 = 0 THEN 'canceled'"
    yield (
        Customer,
        1,
        {
            "id": uid("customer"),
            # One in a thousand is nobody's, one in ten thousand deleted, one in 9,999 local.
            "subscriber_id": f"CASE WHEN i % 1000 = 0 THEN NULL ELSE {subscriber} END",
            "external_id": f"({subscriber})::text",
            "email": "'person' || i || '@example.com'",
            "created_at": moment,
            "deleted_at": "CASE WHEN i % 10000 = 0 THEN now() END",
            "provider": "CASE WHEN i % 9999 = 0 THEN 'other' ELSE 'polar' END",
        },
    )
    yield (
        Member,
        1,
        {
            "id": uid("member"),
            "customer_id": uid("customer"),
            "created_at": moment,
            "email": "'person' || i || '@example.com'",
        },
    )
    yield (
        Subscription,
        1,
        {
            **owned,
            "id": uid("subscription"),
            "started_at": moment,
            "status": f"{status} ELSE 'active' END)",
        },
    )
    yield (
        Order,
        1,
        {
            **owned,
            "id": uid("order"),
            "subscription_id": uid("subscription"),
            "invoice_number": "'ACME-' || i",
            "status": "CASE WHEN i % 20000 = 0 THEN 'pending' ELSE 'paid' END",
        },
    )
    yield (
        BenefitGrant,
        3,
        {
            "id": uid("grant"),
            "subscriber_id": f"(i % {size}) + 1001",
            "customer_id": uid("customer", f"(i % {size}) + 1"),
            "subscription_id": uid("subscription", f"(i % {size}) + 1"),
            "created_at": f"now() - i * interval '{3_000_000 / size} seconds'",
            "granted_at": "now()",
            "is_granted": "i % 50 <> 0 AND i % 30011 <> 0",
            "is_revoked": "i % 50 = 0 AND i % 30011 <> 0",
            "provider": "CASE WHEN i % 15013 = 0 THEN 'local' ELSE 'polar' END",
            "expires_at": "CASE WHEN i % 30026 = 0 THEN now() - interval '1 day' END",
        },
    )
    yield (
        CheckoutSession,
        1,
        {
            **owned,
            "id": uid("checkout"),
            "status": "CASE WHEN i % 9000 = 0 THEN 'failed' ELSE 'expired' END",
        },
    )
    for model, kind in ((Refund, "refund"), (LicenseKey, "key"), (CustomerMeter, "meter")):
        values = {"id": uid(kind), "customer_id": uid("customer"), "created_at": moment}
        if model is Refund:
            values["status"] = "CASE WHEN i % 9000 = 0 THEN 'failed' ELSE 'succeeded' END"
        yield model, 1, values
    yield (
        Seat,
        1,
        {
            "id": uid("seat"),
            "customer_id": uid("customer"),
            "subscription_id": uid("subscription"),
            "status": "CASE WHEN i % 9000 = 0 THEN 'pending' ELSE 'claimed' END",
        },
    )
    yield (
        WebhookDelivery,
        1,
        {
            "id": "i + 1000",
            "delivery_id": uid("delivery"),
            "received_at": moment,
            "state": "CASE WHEN i % 40000 = 0 THEN 'dead' ELSE 'processed' END",
            "type": "CASE WHEN i % 3 = 0 THEN 'order.paid' ELSE 'customer.state_changed' END",
        },
    )
    yield (
        Transition,
        1,
        {
            "id": "i + 1000",
            "customer_id": uid("customer"),
            "object_id": uid("order"),
            "delivery_id": "i + 1000",
            "happened_at": moment,
            "state": "CASE WHEN i % 50000 = 0 THEN 'dead' ELSE 'sent' END",
        },
    )
    yield (
        UsageEvent,
        1,
        {
            "id": "i + 1000",
            "external_id": uid("usage"),
            "subscriber_id": subscriber,
            "state": "CASE WHEN i % 50000 = 0 THEN 'dead' ELSE 'sent' END",
        },
    )


def _multiply(model: type[Model], count: int, values: Mapping[str, str]) -> None:
    pattern = _pattern(model)
    table = model._meta.db_table
    pairs = ", ".join(f"'{name}', {sql}" for name, sql in values.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT r.* FROM generate_series(1, {count}) i, {table} x,"
            f" LATERAL jsonb_populate_record(x, jsonb_build_object({pairs})) r"
            f" WHERE x.id::text = '{pattern.pk}'"
        )
    model._default_manager.filter(pk=pattern.pk).delete()


def _pattern(model: type[Model]) -> Any:
    now = timezone.now()
    names = {field.name for field in model._meta.concrete_fields}
    given: dict[str, Any] = {
        "raw": RAW,
        "provider": "polar",
        "synced_at": now,
        "as_of": now,
        "product_id": "product",
        "benefit_id": "benefit",
        "meter_id": "meter",
        "status": "active",
        "total_amount": 1200,
        "currency": "usd",
        "paid": True,
        "body": json.dumps(RAW).encode(),
        "received_at": now,
        "due_at": now,
        "happened_at": now,
        "recorded_at": now,
        "timestamp": now,
        "state": "processed",
        "name": "order_paid",
        "object_type": "order",
        "source": "delivery",
        "delivery_id": "pattern" if model is WebhookDelivery else 1,
    }
    fitting = {
        name: value
        for name, value in given.items()
        if name in names or (name.removesuffix("_id") in names and name not in names)
    }
    if model is Transition:
        fitting["delivery_id"] = None
    key = 1 if model._meta.pk.get_internal_type() == "BigAutoField" else PATTERN
    return model._default_manager.create(pk=key, **fitting)


def _users(count: int) -> None:
    pattern = get_user_model().objects.create(pk=900, username=PATTERN)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user SELECT r.* FROM generate_series(1, %s) i, auth_user x, LATERAL"
            " jsonb_populate_record(x, jsonb_build_object('id', i + 1000, 'username', 'user' || i))"
            " r WHERE x.id = %s",
            [count, pattern.pk],
        )


def _catalogue() -> None:
    shared = {"provider": "polar", "synced_at": timezone.now()}
    Product.objects.create(pk="product", name="Pro", benefit_ids=["benefit"], **shared)
    Benefit.objects.create(pk="benefit", key="pro", **shared)
    Meter.objects.create(pk="meter", name="Tokens", **shared)


@contextmanager
def _without_indexes() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'polar_django_%'"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
