"""How the clock moves: what it costs, what it sends, and what it does when others were faster."""

from datetime import timedelta

import httpx
import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from polar_django.sandbox import clients, clock, courier
from polar_django.sandbox.engine import agenda, organization, schedule, subscriptions
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import (
    BILLABLE_STATUSES,
    Checkout,
    Order,
    Refund,
    Subscription,
    WebhookEndpoint,
    WebhookEvent,
)
from tests.sandbox.conftest import FAILS_LATER, Shop
from tests.sandbox.receiving import Receiver, endpoint, make_events, receiver

__all__ = ["endpoint", "receiver"]


def test_the_agenda_is_one_query_whatever_waits(shop: Shop) -> None:
    shop.open(shop.pro, customer_email="grace@example.com")
    shop.buy(shop.pro)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        read = agenda.read()

    assert len(asked) == 1
    assert (
        {"checkout", "period", "archive", "delivery"} >= read.due.keys() >= {"checkout", "period"}
    )


def test_the_agenda_and_the_steps_name_the_same_rows(shop: Shop) -> None:
    """The agenda is written by hand: what it finds first is what the step takes."""
    shop.open(shop.pro, customer_email="grace@example.com")
    shop.buy(shop.pro, FAILS_LATER)
    order = Order.objects.latest("created_at")
    later = clock.now() + timedelta(days=400)
    Order.objects.filter(pk=order.pk).update(status="pending", next_payment_attempt_at=later)
    paused = shop.buy(shop.pro, customer_email="bob@example.com").checkout
    bobs = Subscription.objects.get(checkout=paused)
    Subscription.objects.filter(pk=bobs.pk).update(status="paused", resumes_at=later)
    metered = Subscription.objects.exclude(pk=bobs.pk)
    metered.update(current_meter_period_end=later)
    refund = Refund(created_at=later, order=order, customer=order.customer, amount=1, tax_amount=0)
    refund.settles_at = later
    refund.save()

    due = agenda.read().due

    for kind in ("checkout", "period", "meters", "resume", "payment", "refund"):
        assert schedule.STEPS[kind].first(agenda.KINDS[kind], due[kind]) is not None


def test_without_anything_there_is_nothing_to_do(db: None) -> None:
    assert agenda.read().due == {}
    assert schedule.advance(days=400) == 0


def test_what_somebody_else_did_meanwhile_is_not_done_again(shop: Shop) -> None:
    shop.buy(shop.pro)
    due = agenda.read().due["period"]
    before = clock.now()
    subscriptions.revoke(Subscription.objects.get())

    assert schedule._take("period", due) == 0
    assert clock.now() - before < timedelta(days=1)
    assert Order.objects.count() == 1


def test_a_step_and_its_time_happen_together_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    shop.buy(shop.pro)
    before = clock.now()
    step = schedule._Step(schedule.STEPS["period"].waiting, fail)
    monkeypatch.setattr(schedule, "STEPS", {**schedule.STEPS, "period": step})

    with pytest.raises(ZeroDivisionError):
        schedule.advance(days=40)

    # What came before it has happened: the sessions of an hour.
    assert clock.now() - before < timedelta(days=30)
    assert Subscription.objects.filter(status__in=BILLABLE_STATUSES).count() == 1


def test_a_renewal_costs_at_most_so_many_queries(shop: Shop) -> None:
    """With two benefits, an order, its payment and eight events; the move of the clock, too."""
    shop.buy(shop.pro)
    end = Subscription.objects.get().current_period_end
    schedule.move_to(end - timedelta(minutes=1))
    with CaptureQueriesContext(connection) as asked:
        schedule.move_to(end + timedelta(minutes=1))

    assert Order.objects.count() == 2
    assert len(asked) <= 43


def test_a_moving_clock_sends_through_one_client(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[httpx.Client] = []
    open_client = clients.open_client

    def remember() -> httpx.Client:
        opened.append(open_client())
        return opened[-1]

    monkeypatch.setattr(clients, "open_client", remember)
    made = make_events(3)
    receiver.answers(500)
    schedule.advance(seconds=1, deliver=True)
    receiver.answers(202)
    schedule.advance(hours=1, deliver=True)

    assert sorted(set(receiver.ids)) == sorted(made)
    assert WebhookEvent.objects.filter(succeeded=True).count() == 3
    assert len(opened) == 2
    # A receiver's thread would wait for what never comes.
    assert all(client.is_closed for client in opened)


def test_while_the_clock_sends_nobody_else_is_woken(
    shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, endpoint: WebhookEndpoint
) -> None:
    inside: list[bool] = []
    monkeypatch.setattr(courier._courier, "wake", lambda: inside.append(clients.is_sending()))
    with override_settings(POLAR_SANDBOX={}):
        schedule.advance(days=1, deliver=True)

    # Once at the end, for what may be left.
    assert inside == [False]


def test_a_setting_changed_in_a_transaction_counts_in_it(db: None) -> None:
    with business_transaction():
        assert organization.default_tax_behavior() == "location"
        organization.update_organization({"default_tax_behavior": "inclusive"})
        assert organization.default_tax_behavior() == "inclusive"
    assert organization.default_tax_behavior() == "inclusive"


def test_an_expired_session_is_the_first_that_is_due(shop: Shop) -> None:
    first = shop.open(shop.pro)
    schedule.advance(minutes=20)
    second = shop.open(shop.pro)

    schedule.move_to(first.expires_at + timedelta(minutes=15))

    assert Checkout.objects.get(pk=first.pk).status == "expired"
    assert Checkout.objects.get(pk=second.pk).status == "open"
