"""The switches that make deliveries as bad as the world's."""

from datetime import timedelta
from itertools import chain, repeat

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from polar_django.sandbox import chaos, clock, delivery
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import WebhookEndpoint, WebhookEvent
from polar_django.signing import verify
from tests.sandbox.receiving import Receiver, endpoint, make_events, receiver

__all__ = ["endpoint", "receiver"]


def test_chaos_can_drop_and_the_retry_arrives(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    chaos.switch({"drop": 1})
    make_events()
    delivery.flush()
    assert receiver.requests == []

    chaos.switch({})
    clock.jump(clock.now() + timedelta(minutes=1))
    delivery.flush()

    assert len(receiver.requests) == 1


def drop_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    drops = chain([True], repeat(False))
    monkeypatch.setattr(chaos.Trouble, "drops", lambda _: next(drops))


def test_what_is_dropped_on_purpose_holds_up_nothing_else(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_the_first(monkeypatch)
    made = make_events(5)

    with CaptureQueriesContext(connection) as queries:
        counts = delivery.flush()

    assert (counts.delivered, counts.failed) == (4, 1)
    assert receiver.ids == made[1:]
    kept = [each for each in queries if 'INSERT INTO "polar_sandbox_webhookattempt"' in each["sql"]]
    assert len(kept) == 1


def test_a_last_attempt_that_is_dropped_disables_the_endpoint_before_anything_follows(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop_the_first(monkeypatch)
    made = make_events(12)
    failed = WebhookEvent.objects.filter(pk__in=made[:9])
    failed.update(succeeded=False, next_attempt_at=None, attempts_made=delivery.ATTEMPTS)
    WebhookEvent.objects.filter(pk=made[9]).update(attempts_made=delivery.ATTEMPTS - 1)

    delivery.flush()

    endpoint.refresh_from_db()
    assert not endpoint.enabled
    assert receiver.requests == []
    assert WebhookEvent.objects.filter(pk__in=made[10:], skipped=True).count() == 2


def test_chaos_can_send_everything_twice(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    chaos.switch({"duplicate": 1})
    make_events(2)

    delivery.flush()

    assert len(receiver.requests) == 4
    assert len(set(receiver.ids)) == 2


def test_chaos_can_mix_the_order(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    chaos.switch({"reorder": True})
    made = make_events(25)

    delivery.flush()

    assert receiver.ids != made
    assert sorted(receiver.ids) == sorted(made)


def test_chaos_can_sign_in_the_legacy_scheme(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    schemes: list[str] = []
    sign = delivery.sign

    def spy(*args: object, **kwargs: object) -> str:
        schemes.append(str(kwargs["scheme"]))
        return sign(*args, **kwargs)

    monkeypatch.setattr(delivery, "sign", spy)
    make_events()
    delivery.flush()
    chaos.switch({"legacy_signature": True})
    make_events()
    delivery.flush()

    assert schemes == ["standard", "legacy"]
    for request in receiver.requests:
        verify(request.headers, request.content, [endpoint.secret])


@pytest.mark.parametrize(
    "wrong", [{"drop": 2}, {"drop": True}, {"reorder": 1}, {"explode": True}, {"duplicate": "x"}]
)
def test_an_unknown_trouble_is_refused(db: None, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        chaos.switch(wrong)
