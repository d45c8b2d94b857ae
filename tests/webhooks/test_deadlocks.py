"""What the database ends, because two wait for each other, is tried again; nothing is half done."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from polar_django.mirror import locks
from polar_django.models import CheckoutSession, Customer, Heartbeat, WebhookDelivery, locking
from polar_django.webhooks import processing
from tests.mirror.waiting import wait_until_somebody_waits
from tests.webhooks.deliveries import body_of, states, stored

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writer waits for nobody"),
]

IMPATIENT = {
    "postgresql": "SET lock_timeout = '1s'",
    "mysql": "SET SESSION innodb_lock_wait_timeout = 1",
}
CUSTOMERS = [locks.customer_lock("polar", name) for name in ("cus_1", "cus_2")]


def drain_elsewhere(first: str = "") -> processing.Progress:
    try:
        if first:
            with connection.cursor() as cursor:
                cursor.execute(first)
        return processing.drain()
    finally:
        connection.close()


def be_the_last_to_give_up() -> None:
    """So that of two who wait for each other the worker is ended: it alone is asked about here."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '5min'")
    else:
        # InnoDB ends the one that has written less.
        now = timezone.now()
        Heartbeat.objects.bulk_create(
            Heartbeat(name=f"weight {number}", beat_at=now) for number in range(500)
        )


def come_due() -> None:
    WebhookDelivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_batch_that_loses_is_done_one_by_one_at_once():
    told = [stored(body_of("customer.created", id=name)) for name in ("cus_1", "cus_2")]
    with ThreadPoolExecutor(max_workers=1) as other:
        with transaction.atomic():
            locking.take(CUSTOMERS[1:])
            be_the_last_to_give_up()
            working = other.submit(drain_elsewhere)
            wait_until_somebody_waits()
            locking.take(CUSTOMERS[:1])
        progress = working.result()
    assert (progress.processed, progress.failed) == (2, 0)
    assert states(told) == ["processed"] * 2
    assert Customer.objects.count() == 2


def test_a_delivery_that_loses_alone_is_tried_again_and_leaves_nothing_behind():
    told = stored(body_of("checkout.updated", id="co_1", customer_id="cus_1", status="open"))
    with ThreadPoolExecutor(max_workers=1) as other:
        with transaction.atomic():
            locking.take(CUSTOMERS[:1])
            be_the_last_to_give_up()
            working = other.submit(drain_elsewhere)
            wait_until_somebody_waits()
            locking.take([locks.shared_lock("co_1")])
        assert working.result().failed == 1
    told.refresh_from_db()
    assert (told.state, told.error_type) == ("failed", "django.db.utils.OperationalError")
    assert not CheckoutSession.objects.exists()
    come_due()
    assert processing.drain().processed == 1
    assert CheckoutSession.objects.get().status == "open"


def test_a_delivery_that_waits_too_long_is_tried_again():
    told = stored(body_of("customer.created", id="cus_1"))
    with ThreadPoolExecutor(max_workers=1) as other, transaction.atomic():
        locking.take(CUSTOMERS[:1])
        assert other.submit(drain_elsewhere, IMPATIENT[connection.vendor]).result().failed == 1
    told.refresh_from_db()
    assert (told.state, told.error_type) == ("failed", "django.db.utils.OperationalError")
    come_due()
    assert processing.drain().processed == 1
    assert Customer.objects.get().pk == "cus_1"
