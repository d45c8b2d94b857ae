import asyncio
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from polar_django import outbox, signals
from polar_django.models import (
    BenefitGrant,
    Customer,
    Order,
    Subscription,
    Transition,
    WebhookDelivery,
)
from polar_django.outbox import sending
from polar_django.queues.retries import DELAYS, LEASE, MAX_ATTEMPTS
from polar_django.webhooks import on
from tests.outbox.rows import written
from tests.webhooks.deliveries import body_of, statements, stored

pytestmark = pytest.mark.django_db


def order(id="order_1", **values) -> Order:
    return Order.objects.create(id=id, provider="polar", synced_at=timezone.now(), **values)


def ada() -> User:
    return User.objects.create_user("ada")


def test_a_signal_is_sent_with_the_row_its_subscriber_and_the_transition(listen):
    heard = []
    listen(signals.order_paid, lambda **named: heard.append(named))
    subscriber = ada()
    paid = order(subscriber=subscriber)
    told = written("order_paid", "order", paid.pk)
    assert outbox.send_due() == 1
    (named,) = heard
    assert named["sender"] is Order
    assert (named["instance"], named["subscriber"], named["transition"]) == (paid, subscriber, told)
    assert named["signal"] is signals.order_paid
    told.refresh_from_db()
    assert (told.state, told.attempts) == ("sent", 1)
    assert outbox.send_due() == 0
    assert len(heard) == 1


def test_receivers_may_ask_for_one_sender(listen):
    heard = []
    signals.benefit_granted.connect(lambda **_: heard.append(1), sender=Order, weak=False)
    listen(signals.benefit_granted, lambda **_: heard.append(2))
    written("benefit_granted", "benefitgrant", "grant_1")
    outbox.send_due()
    assert heard == [2]


def test_what_is_gone_is_none_and_its_customer_still_names_the_subscriber(listen):
    heard = []
    listen(signals.benefit_revoked, lambda **named: heard.append(named))
    subscriber = ada()
    Customer.objects.create(
        id="cus_1", provider="polar", synced_at=timezone.now(), subscriber=subscriber
    )
    written("benefit_revoked", "benefitgrant", "grant_gone", customer_id="cus_1")
    outbox.send_due()
    assert (heard[0]["sender"], heard[0]["instance"]) == (BenefitGrant, None)
    assert heard[0]["subscriber"] == subscriber


def test_what_nobody_waits_for_is_settled_in_few_statements(django_assert_max_num_queries):
    for number in range(20):
        written("order_paid", "order", f"order_{number}")
    with django_assert_max_num_queries(20) as captured:
        assert outbox.send_due() == 20
    assert len(statements(captured)) <= 4
    assert set(Transition.objects.values_list("state", flat=True)) == {"sent"}


def test_a_batch_reads_each_table_once_however_many_rows(listen, django_assert_max_num_queries):
    seen = []
    listen(signals.order_paid, lambda subscriber, **_: seen.append(subscriber.username))
    subscriber = ada()
    for number in range(10):
        written("order_paid", "order", order(f"order_{number}", subscriber=subscriber).pk)
    with django_assert_max_num_queries(60) as captured:
        outbox.send_due()
    assert seen == ["ada"] * 10
    reads = [text for text in statements(captured) if text.startswith("SELECT")]
    # The claim, and the orders.
    assert len(reads) == 2 + (not connection.features.supports_partial_indexes)


def test_a_failing_receiver_is_retried_alone_until_it_succeeds(listen, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    good, flaky = [], []

    def works(**_):
        good.append(1)

    def fails_twice(**_):
        flaky.append(1)
        if len(flaky) < 3:
            raise RuntimeError("smtp://ada@example.com refused")

    listen(signals.order_paid, fails_twice)
    listen(signals.order_paid, works)
    told = written("order_paid", "order", "order_1")
    outbox.send_due()
    told.refresh_from_db()
    assert (told.state, told.attempts, len(told.receivers_done)) == ("failed", 1, 1)
    assert told.due_at - timezone.now() == DELAYS[0]
    assert "fails_twice: RuntimeError" in told.error
    assert "ada@example.com" not in told.error
    assert outbox.send_due() == 0
    for _ in range(2):
        told.refresh_from_db()
        time_machine.move_to(told.due_at, tick=False)
        outbox.send_due()
    told.refresh_from_db()
    assert (told.state, told.error) == ("sent", "")
    assert (len(good), len(flaky)) == (1, 3)


def test_a_receiver_that_never_succeeds_ends_dead_and_is_left_alone(listen, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    calls = []

    def always_fails(**_):
        calls.append(1)
        raise RuntimeError

    listen(signals.order_paid, always_fails)
    told = written("order_paid", "order", "order_1")
    for _ in range(MAX_ATTEMPTS + 3):
        outbox.send_due()
        told.refresh_from_db()
        time_machine.move_to(max(told.due_at, timezone.now()), tick=False)
    assert (told.state, len(calls)) == ("dead", MAX_ATTEMPTS)
    assert "always_fails" in told.error


def test_two_receivers_of_the_same_name_are_each_called_until_done(listen):
    class Ledger:
        def __init__(self):
            self.calls = 0

        def write(self, **_):
            self.calls += 1

    first, second = Ledger(), Ledger()
    listen(signals.order_paid, first.write)
    listen(signals.order_paid, second.write)
    written("order_paid", "order", "order_1")
    outbox.send_due()
    assert (first.calls, second.calls) == (1, 1)


def test_an_async_receiver_and_an_async_handler_are_awaited(listen):
    heard = []

    async def receiver(**_):
        heard.append("signal")

    @on("moon.landed")
    async def handler(event):
        heard.append(event.type)

    listen(signals.order_paid, receiver)
    written("order_paid", "order", "order_1")
    delivery = stored(body_of("moon.landed", id="1"))
    written("moon.landed", "webhookdelivery", str(delivery.pk), delivery=delivery)
    outbox.send_due()
    assert heard == ["signal", "moon.landed"]


def test_a_handler_is_given_the_event_its_delivery_and_whose_it_is():
    heard = []
    on("order.paid")(heard.append)
    subscriber = ada()
    Customer.objects.create(
        id="cus_1", provider="polar", synced_at=timezone.now(), subscriber=subscriber
    )
    body = body_of("order.paid", id="order_1", customer_id="cus_1", total_amount=900)
    delivery = stored(body)
    written(
        "order.paid", "webhookdelivery", str(delivery.pk), delivery=delivery, customer_id="cus_1"
    )
    outbox.send_due()
    (event,) = heard
    assert (event.type, event.provider, event.customer_id) == ("order.paid", "polar", "cus_1")
    assert (event.subscriber, event.delivery) == (subscriber, delivery)
    assert event.data["total_amount"] == 900
    assert event.timestamp.isoformat() == "2026-11-01T12:00:00+00:00"


def test_a_failing_handler_is_retried_without_the_mirror_or_the_others(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    heard = []

    @on("order.paid")
    def breaks_once(event):
        heard.append("breaks")
        if heard.count("breaks") == 1:
            raise ValueError

    @on("*")
    def works(event):
        heard.append("works")

    delivery = stored(body_of("order.paid", id="order_1"))
    told = written("order.paid", "webhookdelivery", str(delivery.pk), delivery=delivery)
    outbox.send_due()
    time_machine.shift(DELAYS[0])
    outbox.send_due()
    assert heard == ["breaks", "works", "breaks"]
    told.refresh_from_db()
    assert told.state == "sent"


def test_a_receiver_that_was_cancelled_has_failed_like_any_other(listen):
    async def gives_up(**_):
        raise asyncio.CancelledError

    listen(signals.order_paid, gives_up)
    told = written("order_paid", "order", "order_1")
    outbox.send_due()
    told.refresh_from_db()
    assert told.state == "failed"


def test_what_a_plain_function_returns_to_be_awaited_is_awaited(listen):
    heard = []

    async def later(transition):
        heard.append(transition.object_id)

    listen(signals.order_paid, lambda transition, **_: later(transition))
    written("order_paid", "order", "order_1")
    outbox.send_due()
    assert heard == ["order_1"]


def test_what_a_newer_version_wrote_waits_for_a_newer_worker():
    strange = written("subscription_enlightened", "subscription", "sub_1")
    stranger = written("order_paid", "horoscope", "1")
    outbox.send_due()
    for row in (strange, stranger):
        row.refresh_from_db()
        assert row.state == "failed"
        assert "knows no such" in row.error


def test_a_deleted_delivery_is_told_as_what_it_is():
    on("order.paid")(print)
    told = written("order.paid", "webhookdelivery", "12345")
    outbox.send_due()
    told.refresh_from_db()
    assert told.state == "failed"
    assert "has been deleted" in told.error


def test_a_delivery_whose_body_is_gone_is_told_as_what_it_is():
    on("order.paid")(print)
    delivery = stored(body_of("order.paid", id="order_1"), state="processed")
    told = written("order.paid", "webhookdelivery", str(delivery.pk), delivery=delivery)
    WebhookDelivery.objects.update(body=b"")
    outbox.send_due()
    told.refresh_from_db()
    assert told.state == "failed"
    assert "INBOX_BODY_DAYS" in told.error


def test_sending_stops_when_its_lease_is_over(listen, monkeypatch, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    calls = []

    def slow(**_):
        calls.append(1)
        time_machine.shift(LEASE + timedelta(seconds=1))

    listen(signals.order_paid, slow)
    for number in range(2):
        written("order_paid", "order", f"order_{number}")
    outbox.send_due()
    assert len(calls) == 1


def test_everything_due_is_sent_also_what_a_receiver_adds(listen, monkeypatch):
    monkeypatch.setattr(sending, "_BATCH", 2)
    heard = []

    def receiver(transition, **_):
        heard.append(transition.object_id)
        if len(heard) == 1:
            written("order_paid", "order", "order_new")

    listen(signals.order_paid, receiver)
    for number in range(3):
        written("order_paid", "order", f"order_{number}")
    outbox.send_all()
    assert sorted(heard) == ["order_0", "order_1", "order_2", "order_new"]


def test_a_subscription_that_was_told_of_reads_as_it_is_now(listen):
    heard = []
    listen(signals.subscription_activated, lambda instance, **_: heard.append(instance.status))
    Subscription.objects.create(
        id="sub_1", provider="polar", synced_at=timezone.now(), status="past_due"
    )
    written("subscription_activated", "subscription", "sub_1")
    outbox.send_due()
    assert heard == ["past_due"]
    assert not WebhookDelivery.objects.exists()
