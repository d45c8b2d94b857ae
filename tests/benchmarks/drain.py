"""Working a backlog off, against plain bulk upserts of the same rows: what the writing alone costs.

`python -m tests.benchmarks.drain [deliveries]`, with POLAR_TEST_DATABASE_URL set.
"""

import json
import os
import sys
import time
import uuid

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
django.setup()

from django.db import transaction  # noqa: E402  (after the setup)
from django.utils import timezone  # noqa: E402

from polar_django.models import (  # noqa: E402
    BenefitGrant,
    Customer,
    Order,
    Subscription,
    Transition,
    WebhookDelivery,
)
from polar_django.webhooks import processing  # noqa: E402
from polar_django.webhooks.inbox import BATCH  # noqa: E402
from tests.benchmarks.payloads import envelopes  # noqa: E402
from tests.benchmarks.results import Result, median_of  # noqa: E402

MIRRORED = (Customer, Subscription, Order, BenefitGrant)


def fill(count: int) -> None:
    for table in (Transition, WebhookDelivery, *MIRRORED):
        table.objects.all().delete()
    now = timezone.now()
    deliveries = (
        WebhookDelivery(
            provider="polar",
            delivery_id=str(uuid.uuid4()),
            type=envelope["type"],
            timestamp=envelope["timestamp"],
            body=json.dumps(envelope, separators=(",", ":")).encode(),
            received_at=now,
            due_at=now,
        )
        for envelope in envelopes(count, customers=max(count // 6, 1))
    )
    WebhookDelivery.objects.bulk_create(deliveries, batch_size=500)


def drain() -> float:
    """Deliveries a second."""
    start, done = time.perf_counter(), 0
    while claimed := processing.drain().claimed:
        done += claimed
    took = time.perf_counter() - start
    bad = WebhookDelivery.objects.exclude(state="processed").count()
    assert bad == 0, f"{bad} deliveries were not processed"
    return done / took


def upsert_the_same_rows() -> float:
    """Rows of the delivered kinds a second: what came, written once more and nothing else."""
    tables = {table: list(table.objects.all()) for table in MIRRORED}
    delivered = sum(len(rows) for table, rows in tables.items() if table is not Customer)
    start = time.perf_counter()
    for table, rows in tables.items():
        columns = [f.name for f in table._meta.concrete_fields if not f.primary_key]
        for first in range(0, len(rows), BATCH):
            with transaction.atomic():
                table.objects.bulk_create(
                    rows[first : first + BATCH],
                    update_conflicts=True,
                    update_fields=columns,
                    unique_fields=["id"],
                )
    return delivered / (time.perf_counter() - start)


def main(count: int) -> None:
    ours, floor = [], []
    for _ in range(3):
        fill(count)
        ours.append(drain())
        floor.append(upsert_the_same_rows())
    mine, its = median_of(ours), median_of(floor)
    Result(
        f"drain a backlog of {count:,}, against bulk upserts of the same rows",
        f"{mine:,.0f} a second",
        f"{its:,.0f} a second",
        mine / its,
        at_least=0.4,
    ).print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
