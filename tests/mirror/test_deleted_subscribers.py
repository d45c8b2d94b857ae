"""A subscriber is deleted while the mirror writes what is theirs, where rows lock: not SQLite."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, current_thread

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from polar_django.mirror import locks
from polar_django.models import CheckoutSession, Customer, Subscription, locking
from polar_django.snapshots import CheckoutSnapshot, MemberSnapshot
from polar_django.webhooks import processing
from tests.mirror.test_concurrency import in_its_own_connection
from tests.mirror.waiting import wait_until_somebody_waits
from tests.mirror.worlds import apply, customer, event, subscription, write
from tests.webhooks.deliveries import body_of, states, stored

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer only"),
]


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user("ada")
    apply(
        event(
            customer(external_id=str(user.pk)),
            CheckoutSnapshot(id="co_1", customer_id="cus_ada"),
            subscription(),
            MemberSnapshot(id="mem_1", customer_id="cus_ada", external_id=str(user.pk)),
        )
    )
    assert Subscription.objects.get().subscriber == user
    return user


@contextmanager
def before(statement: str, do):
    """Within the block, `do()` is called before this connection's first such statement."""
    left = [do]

    def execute(run, sql, params, many, context):
        if left and sql.replace("`", '"').startswith(statement):
            left.pop()()
        return run(sql, params, many, context)

    with connection.execute_wrapper(execute):
        yield
    assert not left, f"Nobody ran {statement}"


@pytest.mark.parametrize("statement", ['UPDATE "polar_django_', 'DELETE FROM "auth_user"'])
def test_a_purchase_that_comes_in_amid_the_deletion_fails_neither(ada, statement):
    bought = event(subscription(id="sub_new"), seconds=5)
    writing = []

    def buy():
        writing.append(other.submit(in_its_own_connection, [bought]))
        wait_until_somebody_waits(or_has_ended=writing[0])

    with ThreadPoolExecutor(max_workers=1) as other, before(statement, buy):
        ada.delete()
        writing[0].result()
    assert not User.objects.exists()
    assert Subscription.objects.get(pk="sub_new").subscriber is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (CheckoutSnapshot(id="co_1", customer_id="cus_ada", status="expired"), customer(name="A.")),
        (customer(name="A."), CheckoutSnapshot(id="co_1", customer_id="cus_ada", status="expired")),
    ],
    ids=["checkout first", "customer first"],
)
def test_the_deletion_and_a_writer_of_several_rows_do_not_wait_for_each_other(ada, first, then):
    has_begun = Event()

    def write_both() -> None:
        try:
            with transaction.atomic():
                # As a batch does: all of them, before it writes.
                locking.take({*locks.locks_of("polar", first), *locks.locks_of("polar", then)})
                write(event(first, seconds=5))
                has_begun.set()
                wait_until_somebody_waits()
                write(event(then, subscription("past_due"), seconds=5))
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as other:
        writing = other.submit(write_both)
        assert has_begun.wait(60)
        ada.delete()
        writing.result()
    assert Subscription.objects.get().status == "past_due"
    assert not Customer.objects.filter(subscriber__isnull=False).exists()
    assert CheckoutSession.objects.get().status == "expired"


def test_who_is_first_of_many_is_asked_once(django_assert_max_num_queries):
    for number in range(4):
        User.objects.create_user(f"user{number}")
    with django_assert_max_num_queries(100) as captured:
        User.objects.filter(username__startswith="user").delete()
    sorted_by_key = [one["sql"] for one in captured if "ORDER BY" in one["sql"]]
    assert len([sql for sql in sorted_by_key if " LIMIT 1" in sql]) == 1


def test_many_at_once_and_a_batch_about_them_do_not_wait_for_each_other(ada):
    """Ada is deleted first, and the lock of her customer comes last."""
    eve = User.objects.create_user("eve")
    apply(event(customer("cus_Eve", external_id=str(eve.pk))))
    assert locks.customer_lock("polar", "cus_Eve") < locks.customer_lock("polar", "cus_ada")
    both = event(customer("cus_Eve", name="E."), customer("cus_ada", name="A."), seconds=5)
    has_adas_lock, take = Event(), locking.take
    main = current_thread()

    def take_slowly(names):
        take(names)
        if current_thread() is main and not has_adas_lock.is_set():
            has_adas_lock.set()
            wait_until_somebody_waits()

    def write_both() -> None:
        assert has_adas_lock.wait(60)
        in_its_own_connection([both])

    with ThreadPoolExecutor(max_workers=1) as other, pytest.MonkeyPatch.context() as patch:
        patch.setattr(locking, "take", take_slowly)
        writing = other.submit(write_both)
        User.objects.all().delete()
        writing.result()
    assert set(Customer.objects.values_list("name", flat=True)) == {"A.", "E."}
    assert not Customer.objects.filter(subscriber__isnull=False).exists()


def test_a_customer_who_is_linked_to_them_amid_the_deletion_ends_as_nobodys(ada):
    told = [
        stored(body_of("customer.created", id="cus_new", external_id=str(ada.pk))),
        stored(body_of("customer.created", id="cus_other", external_id=None)),
    ]
    working = []

    def drain_here() -> None:
        try:
            processing.drain()
        finally:
            connection.close()

    def drain():
        working.append(other.submit(drain_here))
        wait_until_somebody_waits(or_has_ended=working[0])

    with ThreadPoolExecutor(max_workers=1) as other, before('DELETE FROM "auth_user"', drain):
        ada.delete()
        working[0].result()
    assert states(told) == ["processed"] * 2
    assert Customer.objects.get(pk="cus_new").subscriber is None
