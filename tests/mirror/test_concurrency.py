"""Writers at the same time, on a database that lets them: not SQLite."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from polar_django.mirror import locks
from polar_django.mirror.linking import claim_checkout
from polar_django.mirror.tables import TABLES
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    Product,
    Subscription,
    Transition,
    locking,
)
from polar_django.snapshots import CheckoutSnapshot, Event, ProductSnapshot, SeatSnapshot
from tests.mirror.waiting import wait_until_somebody_waits
from tests.mirror.worlds import apply, customer, event, grant, subscription, write

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor == 'sqlite'", reason="SQLite in memory has one writer only"
    ),
]

CUSTOMERS = 4
VERSIONS = 12


def history_of(number: int) -> list[Event]:
    """One customer's life: every version of its rows, the last one ended."""
    who = f"cus_{number}"
    copies = [customer(who), ProductSnapshot(id="prod_pro"), ProductSnapshot(id="prod_team")]
    history = [
        event(
            subscription("active", id=f"sub_{number}", customer_id=who, amount=second),
            grant(f"grant_{number}", customer_id=who, properties={"second": second}),
            seconds=second,
            embedded=random.sample(copies, len(copies)),
        )
        for second in range(VERSIONS)
    ]
    ended = subscription("canceled", id=f"sub_{number}", customer_id=who, amount=VERSIONS)
    return [*history, event(ended, ProductSnapshot(id="prod_pro"), seconds=VERSIONS)]


def in_its_own_connection(batch: list[Event]) -> None:
    try:
        apply(*batch)
    finally:
        connection.close()


@pytest.mark.parametrize("seed", range(3))
def test_eight_writers_in_any_order_neither_deadlock_nor_lose_a_version(seed):
    random.seed(seed)
    events = [one for number in range(CUSTOMERS) for one in history_of(number)] * 2
    random.shuffle(events)
    batches = [events[start : start + 5] for start in range(0, len(events), 5)]
    with ThreadPoolExecutor(max_workers=8) as writers:
        list(writers.map(in_its_own_connection, batches))
    assert set(Subscription.objects.values_list("status", "amount")) == {("canceled", VERSIONS)}
    newest = [{"second": VERSIONS - 1}] * CUSTOMERS
    assert list(BenefitGrant.objects.values_list("properties", flat=True)) == newest
    assert Customer.objects.count() == CUSTOMERS
    assert Product.objects.count() == 2
    for name in ("benefit_granted", "subscription_revoked"):
        assert Transition.objects.filter(name=name).count() == CUSTOMERS


def test_whole_products_and_copies_of_them_are_written_in_one_order():
    # A whole product waits for nobody who holds a later one: all insert in order of key.
    def seller(round_number: int) -> None:
        first, second = (f"prod_{round_number}_{number}" for number in "ab")
        in_its_own_connection(
            [
                event(ProductSnapshot(id=first)),
                event(
                    subscription(id=f"sub_s_{round_number}", customer_id="cus_s"),
                    embedded=[ProductSnapshot(id=second)],
                ),
            ]
        )

    def buyer(round_number: int) -> None:
        copies = [ProductSnapshot(id=f"prod_{round_number}_{number}") for number in "ab"]
        bought = subscription(id=f"sub_b_{round_number}", customer_id="cus_b")
        in_its_own_connection([event(bought, embedded=copies)])

    with ThreadPoolExecutor(max_workers=2) as writers:
        for round_number in range(60):
            for done in [writers.submit(act, round_number) for act in (seller, buyer)]:
                done.result()
    assert Product.objects.count() == 120


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (CheckoutSnapshot(id="x"), CheckoutSnapshot(id="x", customer_id="cus_1", status="paid")),
        (SeatSnapshot(id="x", customer_id="cus_1"), SeatSnapshot(id="x", status="revoked")),
    ],
    ids=["checkout", "seat"],
)
def test_versions_of_one_object_take_turns_also_where_only_one_names_its_customer(older, newer):
    with ThreadPoolExecutor(max_workers=1) as other, transaction.atomic():
        write(event(newer, seconds=1))
        late = other.submit(in_its_own_connection, [event(older, seconds=0)])
        wait_until_somebody_waits()
        transaction.on_commit(late.result)
    assert TABLES[type(newer)].objects.get().status == newer.status


def test_versions_of_a_grant_that_moves_to_another_customer_take_turns():
    """Polar moves the grants of seats when it gives a team its members."""
    apply(event(grant(customer_id="cus_1"), seconds=0))
    late = event(grant(customer_id="cus_1", properties={"is": "old"}), seconds=30)
    moved = event(grant(customer_id="cus_team"), seconds=60)
    with ThreadPoolExecutor(max_workers=1) as other, transaction.atomic():
        write(moved)
        writing = other.submit(in_its_own_connection, [late])
        wait_until_somebody_waits()
        transaction.on_commit(writing.result)
    assert BenefitGrant.objects.get().customer_id == "cus_team"


def test_the_first_versions_of_a_grant_take_turns_also_where_they_name_different_customers():
    older, newer = grant(customer_id="cus_1"), grant(customer_id="cus_team")
    with ThreadPoolExecutor(max_workers=1) as other, transaction.atomic():
        write(event(newer, seconds=60))
        late = other.submit(in_its_own_connection, [event(older, seconds=30)])
        wait_until_somebody_waits()
        transaction.on_commit(late.result)
    assert BenefitGrant.objects.get().customer_id == "cus_team"


def test_a_grant_that_moved_on_while_a_writer_waited_takes_turns_with_its_next_customer_too():
    apply(event(grant(customer_id="cus_1"), seconds=0))
    late = event(grant(customer_id="cus_3", properties={"is": "old"}), seconds=30)
    newest = event(grant(customer_id="cus_2"), seconds=60)

    def write_late() -> None:
        with connection.execute_wrapper(just_before_the_grant_is_written):
            in_its_own_connection([late])

    def just_before_the_grant_is_written(run, sql, params, many, context):
        table = connection.ops.quote_name(BenefitGrant._meta.db_table)
        if sql.startswith(f"INSERT INTO {table} "):
            writing.append(others.submit(in_its_own_connection, [newest]))
            wait_until_somebody_waits(or_has_ended=writing[0])
        return run(sql, params, many, context)

    writing = []
    with ThreadPoolExecutor(max_workers=2) as others:
        with transaction.atomic():
            write(event(grant(customer_id="cus_2"), seconds=20))
            waiting = others.submit(write_late)
            wait_until_somebody_waits()
        waiting.result()
        writing[0].result()
    row = BenefitGrant.objects.get()
    assert (row.customer_id, row.properties) == ("cus_2", {})


def test_a_checkout_is_claimed_before_or_after_a_delivery_of_it_never_amid():
    ada = User.objects.create_user("ada")
    seen = CheckoutSnapshot(id="checkout_1", customer_id="cus_1")
    apply(event(seen))

    def claim() -> None:
        try:
            claim_checkout("checkout_1", ada, plan="pro", next_url="/report/")
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as other, transaction.atomic():
        locking.take(locks.locks_of("polar", seen))
        claimed = other.submit(claim)
        wait_until_somebody_waits()
        transaction.on_commit(claimed.result)
    assert CheckoutSession.objects.get().plan == "pro"
