"""The switches that make deliveries as bad as the world's."""

from datetime import timedelta

import pytest

from polar_django.sandbox import chaos, clock, delivery
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import WebhookEndpoint
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
