import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.dateparse import parse_datetime

from polar_django.sandbox import chaos, clients, clock, delivery
from polar_django.sandbox.models import Customer, Product, Subscription, WebhookEvent
from tests.sandbox.conftest import Shop

pytestmark = pytest.mark.urls("polar_django.sandbox.urls")


@pytest.fixture
def post(db: None) -> Any:
    client = Client(enforce_csrf_checks=True)

    def post(path: str, data: object = None) -> HttpResponse:
        body = json.dumps({} if data is None else data)
        return client.post(f"/_control/{path}", body, content_type="application/json")

    return post


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(202)

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(clients, "open_client", lambda: httpx.Client(transport=transport))
    return requests


def test_the_clock_advances_by_days(shop: Shop, post: Any) -> None:
    shop.buy(shop.pro)
    before = clock.now()

    answer = post("clock", {"advance_days": 31})

    assert answer.status_code == 200
    assert answer.json()["steps"] == 1
    now = parse_datetime(answer.json()["now"])
    assert now is not None
    assert timedelta(days=31) <= now - before < timedelta(days=31, minutes=1)


def test_no_span_does_what_is_due_now(shop: Shop, post: Any) -> None:
    shop.buy(shop.pro)
    clock.jump(clock.now() + timedelta(days=31))

    answer = post("clock", {"advance_days": 0})

    assert answer.status_code == 200
    assert answer.json()["steps"] >= 1
    assert Subscription.objects.get().current_period_end > clock.now()


def test_the_clock_goes_to_a_time_and_never_back(post: Any) -> None:
    year = clock.now().year + 1

    assert post("clock", {"to": f"{year}-06-01T00:00:00Z"}).status_code == 200
    refused = post("clock", {"to": f"{year}-05-01T00:00:00Z"})

    assert refused.status_code == 409
    assert refused.json()["error"] == "ClockRunsForward"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"to": "tomorrow"},
        {"to": "2030-01-01T00:00:00"},
        {"to": "2030-13-01T00:00:00Z"},
        {"advance_days": -1},
        {"advance_days": "3"},
        {"advance_days": True},
        {"advance_days": 1e20},
        {"advance_days": 1e999},
        {"to": "9999-12-31T00:00:00Z"},
        {"advance": 3},
        [],
    ],
)
def test_a_clock_that_is_not_told_clearly_stays(post: Any, wrong: object) -> None:
    assert post("clock", wrong).status_code == 422


def test_a_body_that_is_not_json_is_refused(db: None) -> None:
    answer = Client().post("/_control/clock", b"\xff{", content_type="application/json")

    assert answer.status_code == 422


def test_control_is_by_post_and_looking_by_get(db: None) -> None:
    for path in ("clock", "chaos", "flush", "reset"):
        assert Client().get(f"/_control/{path}").status_code == 405
    assert Client().post("/_control/deliveries").status_code == 405


def test_chaos_is_switched_on_and_off(post: Any) -> None:
    post("chaos", {"duplicate": 0.3, "reorder": True})
    assert chaos.read() == chaos.Trouble(duplicate=0.3, reorder=True)

    answer = post("chaos", {})

    assert answer.json() == {
        "duplicate": 0,
        "drop": 0,
        "reorder": False,
        "legacy_signature": False,
        "delay_states": False,
        "omit_api_version": False,
        "single_canceled": False,
        "rate_limits": False,
    }
    assert chaos.read() == chaos.Trouble()


def test_flush_sends_all_and_counts(shop: Shop, post: Any, received: list[httpx.Request]) -> None:
    waiting = WebhookEvent.objects.count()

    answer = post("flush")

    assert answer.json() == {"delivered": waiting, "failed": 0, "skipped": 0}
    assert len(received) == waiting
    assert post("flush").json()["delivered"] == 0


def test_the_log_is_newest_first_with_body_and_attempts(
    shop: Shop, post: Any, received: list[httpx.Request]
) -> None:
    post("flush")
    shop.buy(shop.ebook)

    log = Client().get("/_control/deliveries", {"limit": "1000"}).json()

    assert set(log[0]) == {"id", "type", "timestamp", "body", "state", "attempts"}
    assert [entry["timestamp"] for entry in log] == sorted(
        (entry["timestamp"] for entry in log), reverse=True
    )
    assert (log[0]["state"], log[0]["attempts"]) == ("pending", [])
    oldest = log[-1]
    assert oldest["state"] == "delivered"
    assert [attempt["status"] for attempt in oldest["attempts"]] == [202]
    assert oldest["body"].encode() == received[0].content
    assert len(Client().get("/_control/deliveries", {"limit": "2"}).json()) == 2


@pytest.mark.parametrize("limit", ["0", "-1", "x", ""])
def test_a_limit_that_is_no_number_is_refused(db: None, limit: str) -> None:
    assert Client().get("/_control/deliveries", {"limit": limit}).status_code == 422


def test_reset_leaves_nothing_and_returns_to_real_time(shop: Shop, post: Any) -> None:
    shop.buy(shop.pro)
    post("clock", {"advance_days": 400})
    post("chaos", {"drop": 1})

    assert post("reset").status_code == 200

    for model in (Product, Customer, Subscription, WebhookEvent):
        assert not model.objects.exists()
    assert chaos.read() == chaos.Trouble()
    assert clock.now() - delivery.timezone.now() < timedelta(days=1)
    Shop()
    assert WebhookEvent.objects.exists()


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("http://testserver.evil.example", 403),
        ("null", 403),
        ("http://testserver", 200),
        (None, 200),
    ],
)
@pytest.mark.parametrize("path", ["reset", "flush", "clock", "chaos"])
def test_a_page_of_another_site_cannot_steer_the_sandbox(
    shop: Shop, origin: str | None, status: int, path: str
) -> None:
    body = json.dumps({"advance_days": 1} if path == "clock" else {})
    headers = {"Origin": origin} if origin else {}
    # As a form does it, which browsers send anywhere without asking first.
    answer = Client().post(f"/_control/{path}", body, content_type="text/plain", headers=headers)
    assert answer.status_code == status
    assert Product.objects.exists() == (status == 403 or path != "reset")
