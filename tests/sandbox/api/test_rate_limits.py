"""429 as often as at Polar, once somebody asks for it."""

from datetime import UTC, datetime

import pytest
import time_machine

from polar_django.sandbox.api.rate_limits import RateLimits
from tests.sandbox_fixtures import SandboxInTests

VALIDATE = "customer-portal/license-keys/validate"
CONFIRM = "checkouts/client/polar_c_x/confirm"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ask(limits: RateLimits, path: str, times: int, now: float, token: str | None = "t") -> int:
    """Seconds to wait after the last of so many requests in one moment."""
    return [limits.seconds_to_wait(path, token, "127.0.0.1", now) for _ in range(times)][-1]


def test_a_token_may_ask_a_hundred_times_a_minute() -> None:
    limits = RateLimits()
    assert ask(limits, "products/", 100, now=1_000) == 0
    assert ask(limits, "products/", 1, now=1_015) == 45
    assert ask(limits, "products/", 1, now=1_060.5) == 0


def test_another_token_has_minutes_of_its_own() -> None:
    limits = RateLimits()
    ask(limits, "products/", 101, now=0)
    assert ask(limits, "products/", 1, now=0, token="other") == 0


def test_without_a_token_it_is_sixty() -> None:
    limits = RateLimits()
    assert ask(limits, "checkouts/client/x", 60, now=0, token=None) == 0
    assert ask(limits, "checkouts/client/x", 1, now=0, token=None) == 60


def test_a_program_that_validates_too_often_waits_a_minute() -> None:
    limits = RateLimits()
    assert ask(limits, VALIDATE, 3, now=0, token=None) == 0
    assert ask(limits, VALIDATE, 1, now=0.5, token=None) == 60
    assert ask(limits, VALIDATE, 1, now=59, token=None) == 2
    assert ask(limits, VALIDATE, 1, now=61, token=None) == 0


def test_a_buyer_may_try_twenty_times_an_hour() -> None:
    limits = RateLimits()
    for minute in range(3):
        assert ask(limits, CONFIRM, 6, now=minute * 61) == 0
    assert ask(limits, CONFIRM, 1, now=140) == 42
    assert ask(limits, CONFIRM, 2, now=190) == 0
    assert ask(limits, CONFIRM, 1, now=250) == 1_800


@pytest.mark.parametrize("switch", [True, False])
def test_the_api_limits_who_asked_for_it(sandbox: SandboxInTests, switch: bool) -> None:
    with time_machine.travel(NOON, tick=False):
        sandbox.chaos(rate_limits=switch)
        key = {"key": "K", "organization_id": "11111111-1111-4111-8111-111111111111"}
        answers = [sandbox.api.post(f"/v1/{VALIDATE}", json=key) for _ in range(4)]
    assert [each.status_code for each in answers] == [404, 404, 404, 429 if switch else 404]
    if switch:
        assert answers[-1].content == b""
        assert answers[-1].headers["retry-after"] == "60"
        assert answers[-1].headers["polar-version"] == "2026-10"
