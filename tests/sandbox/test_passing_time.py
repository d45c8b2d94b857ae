"""Time that passes by itself: the first who asks finds everything done that fell due."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from polar_django.sandbox import clock, courier
from polar_django.sandbox.engine import schedule
from polar_django.sandbox.models import Order, Subscription
from tests.sandbox.conftest import Shop

TOKEN = {"Authorization": "Bearer polar_oat_sandbox"}
PRODUCTS = "/sandbox/v1/products/"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A sandbox that sends by itself, but for the thread."""
    calls: list[str] = []
    monkeypatch.setattr(courier._courier, "wake", lambda: calls.append("woken"))
    monkeypatch.setattr(courier._courier, "start", lambda: calls.append("started"))
    with override_settings(POLAR_SANDBOX={}):
        yield calls


def let_pass(days: int) -> None:
    """As real time does: nobody is told."""
    clock.jump(clock.now() + timedelta(days=days))


@pytest.mark.parametrize("address", [PRODUCTS, "/sandbox/"])
def test_a_trial_has_ended_by_the_time_somebody_asks(
    shop: Shop, client: Client, started: list[str], address: str
) -> None:
    trial = shop.product(
        "Tried", 1_000, interval="month", trial_interval="day", trial_interval_count=1
    )
    shop.buy(trial)
    assert Subscription.objects.get().status == "trialing"
    let_pass(2)

    assert client.get(address, headers=TOKEN).status_code == 200

    subscription = Subscription.objects.get()
    assert subscription.status == "active"
    assert subscription.current_period_end > clock.now()
    assert Order.objects.count() == 2


def test_a_change_long_after_the_end_is_billed_for_the_period_that_runs(
    shop: Shop, client: Client, started: list[str]
) -> None:
    shop.buy(shop.pro)
    dearer = shop.product("More", 3_000, interval="month")
    let_pass(41)

    answer = client.patch(
        f"/sandbox/v1/subscriptions/{Subscription.objects.get().id}",
        {"product_id": str(dearer.id), "proration_behavior": "invoice"},
        content_type="application/json",
        headers=TOKEN,
    )

    assert answer.status_code == 200
    bills = [order.total_amount for order in Order.objects.order_by("created_at")]
    assert bills[:2] == [1_000, 1_000]
    assert len(bills) == 3
    assert 0 < bills[2] < 2_000


def test_where_nothing_is_due_it_costs_one_query(shop: Shop, started: list[str]) -> None:
    shop.buy(shop.pro)
    with CaptureQueriesContext(connection) as asked:
        schedule.catch_up()

    assert len(asked) == 1


def test_behind_a_tests_back_nothing_happens(shop: Shop, client: Client) -> None:
    shop.buy(shop.pro)
    let_pass(40)
    with override_settings(POLAR_SANDBOX={"AUTO_DELIVER": False}):
        assert client.get(PRODUCTS, headers=TOKEN).status_code == 200

    assert Order.objects.count() == 1


def test_a_step_that_fails_keeps_nobody_from_an_answer(
    shop: Shop,
    client: Client,
    started: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> int:
        raise ZeroDivisionError

    shop.buy(shop.pro)
    let_pass(40)
    monkeypatch.setattr(schedule, "run_due", fail)

    assert client.get(PRODUCTS, headers=TOKEN).status_code == 200
    assert "could not do what fell due" in caplog.text


def test_what_waits_to_be_sent_has_somebody_who_sends_it(
    shop: Shop, client: Client, started: list[str]
) -> None:
    # The shop was made while nothing left by itself.
    client.get(PRODUCTS, headers=TOKEN)

    assert started == ["started"]
