"""Webhooks as Polar sends them: what section 1 of spec/polar.md says and no test showed."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from polar_django.sandbox import chaos, clients, clock, delivery
from polar_django.sandbox.engine import catalog, endpoints, schedule
from polar_django.sandbox.models import WebhookAttempt, WebhookEndpoint, WebhookEvent
from polar_django.signing import verify
from tests.sandbox.receiving import URL, Receiver, endpoint, make_events, receiver
from tests.sandbox_fixtures import SandboxInTests

__all__ = ["endpoint", "receiver"]

ENDPOINTS = "/v1/webhooks/endpoints"
GOOD: dict[str, Any] = {"url": "https://app.example/x", "format": "raw", "events": ["order.paid"]}


def make(sandbox: SandboxInTests, **more: Any) -> Any:
    answer = sandbox.api.post(ENDPOINTS, json={**GOOD, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


# 1.1 Endpoints


def test_a_generated_secret_is_base64_of_32_bytes(bare_sandbox: SandboxInTests) -> None:
    made = make(bare_sandbox)

    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) == 32
    assert made["uses_standard_webhook_signature"] is True
    assert (made["api_version"], made["enabled"], made["name"]) == ("2026-10", True, None)


def test_a_secret_can_be_read_later_and_changed_at_once(bare_sandbox: SandboxInTests) -> None:
    chosen = "a secret of one's own, of more than 32 letters"
    made = make(bare_sandbox, secret=chosen)
    path = f"{ENDPOINTS}/{made['id']}"
    assert bare_sandbox.api.get(path).json()["secret"] == chosen
    assert made["uses_standard_webhook_signature"] is False

    reset = bare_sandbox.api.patch(f"{path}/secret").json()

    assert reset["secret"] not in ("", chosen)
    assert reset["uses_standard_webhook_signature"] is True


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "no address"}, "url"),
        ({"url": f"https://app.example/{'x' * 2083}"}, "url"),
        ({"format": "teams"}, "format"),
        ({"events": ["benefit.deleted"]}, "events"),
        ({"secret": "short"}, "secret"),
        ({"api_version": "2020-01"}, "api_version"),
        ({"organization_id": str(uuid4())}, "organization_id"),
    ],
)
def test_what_an_endpoint_cannot_be(
    bare_sandbox: SandboxInTests, wrong: dict[str, Any], field: str
) -> None:
    answer = bare_sandbox.api.post(ENDPOINTS, json={**GOOD, **wrong})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][:2] == ["body", field]


def test_null_changes_nothing_of_an_endpoint(bare_sandbox: SandboxInTests) -> None:
    made = make(bare_sandbox, name="Ours")
    path = f"{ENDPOINTS}/{made['id']}"

    nulls = dict.fromkeys(
        ("url", "name", "format", "events", "api_version", "secret", "enabled"), None
    )
    changed = bare_sandbox.api.patch(path, json=nulls)

    assert changed.status_code == 200, changed.text
    assert {**changed.json(), "modified_at": None} == {**made, "modified_at": None}


def test_a_deleted_endpoint_is_gone_with_its_deliveries(
    bare_sandbox: SandboxInTests, receiver: Receiver
) -> None:
    made = make(bare_sandbox, events=["benefit.created"])
    make_events()
    delivery.flush()
    event_id = WebhookEvent.objects.get(endpoint_id=made["id"]).id
    deliveries = f"/v1/webhooks/deliveries?endpoint_id={made['id']}"
    assert len(bare_sandbox.api.get(deliveries).json()["items"]) == 1

    assert bare_sandbox.api.delete(f"{ENDPOINTS}/{made['id']}").status_code == 204

    assert bare_sandbox.api.get(f"{ENDPOINTS}/{made['id']}").status_code == 404
    assert bare_sandbox.api.get(deliveries).json()["items"] == []
    again = bare_sandbox.api.post(f"/v1/webhooks/events/{event_id}/redeliver")
    assert again.status_code == 404
    before = WebhookEvent.objects.filter(endpoint_id=made["id"]).count()
    make_events()
    assert WebhookEvent.objects.filter(endpoint_id=made["id"]).count() == before


def test_each_type_is_listened_to_by_itself(bare_sandbox: SandboxInTests) -> None:
    made = make(bare_sandbox, events=["customer.updated"])

    customer = bare_sandbox.api.post("/v1/customers/", json={"email": "ada@example.com"}).json()
    bare_sandbox.api.patch(f"/v1/customers/{customer['id']}", json={"name": "Ada"})

    heard = WebhookEvent.objects.filter(endpoint_id=made["id"]).values_list("type", flat=True)
    assert list(heard) == ["customer.updated"]


def test_deliveries_are_found_by_what_became_of_them(
    bare_sandbox: SandboxInTests, receiver: Receiver
) -> None:
    made = make(bare_sandbox, events=["benefit.created"])
    make_events()
    receiver.answers(500)
    delivery.deliver_due()
    between = clock.now()
    clock.jump(between + timedelta(minutes=1))
    receiver.answers(202)
    delivery.flush()

    def count(query: str) -> int:
        path = f"/v1/webhooks/deliveries?endpoint_id={made['id']}&{query}"
        return int(bare_sandbox.api.get(path).json()["pagination"]["total_count"])

    at = between.isoformat().replace("+00:00", "Z")
    assert count("") == 2
    assert (count("succeeded=true"), count("succeeded=false")) == (1, 1)
    assert [count(f"http_code_class={each}xx") for each in "2345"] == [1, 0, 0, 1]
    assert (count(f"start_timestamp={at}"), count(f"end_timestamp={at}")) == (1, 1)
    assert (count("event_type=benefit.created"), count("event_type=order.paid")) == (2, 0)
    assert (count("query=Benefit 0"), count("query=nothing")) == (2, 0)
    shown = bare_sandbox.api.get(f"/v1/webhooks/deliveries?endpoint_id={made['id']}").json()
    assert [each["http_code"] for each in shown["items"]] == [202, 500]
    event = shown["items"][0]["webhook_event"]
    assert (event["succeeded"], event["skipped"], event["last_http_code"]) == (True, False, 202)


def test_deliveries_of_before_september_can_be_listed(
    bare_sandbox: SandboxInTests, receiver: Receiver
) -> None:
    made = make(bare_sandbox, events=["benefit.created"])
    chaos.switch({"omit_api_version": True})
    make_events()
    delivery.flush()

    answer = bare_sandbox.api.get(f"/v1/webhooks/deliveries?endpoint_id={made['id']}")

    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()["items"]
    assert "api_version" not in json.loads(shown["webhook_event"]["payload"])


def test_an_answer_is_kept_up_to_2048_letters(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    receiver.answer = lambda _: httpx.Response(500, text="a\x00b" + "x" * 3_000)

    delivery.flush()

    kept = WebhookAttempt.objects.get().response or ""
    assert kept.startswith("abx")
    assert len(kept) <= 2048


# 1.2 to 1.5 Envelope, headers, ids


def test_an_endpoint_is_told_its_own_version(
    bare_sandbox: SandboxInTests, receiver: Receiver
) -> None:
    make(bare_sandbox, events=["benefit.created"], api_version="2026-04")
    make_events()

    delivery.flush()

    request = next(each for each in receiver.requests if str(each.url) == GOOD["url"])
    assert json.loads(request.content)["api_version"] == "2026-04"
    assert request.headers["webhook-api-version"] == "2026-04"
    assert set(json.loads(request.content)) == {"type", "timestamp", "api_version", "data"}


def test_the_signature_is_of_now_however_far_the_clock_is(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    schedule.advance(days=500)
    make_events()

    delivery.flush()

    (request,) = receiver.requests
    verify(request.headers, request.content, [endpoint.secret])
    told = json.loads(request.content)["timestamp"]
    assert told > f"{clock.now() - timedelta(days=1):%Y-%m-%d}"


def test_a_secret_of_another_shape_is_used_whole(db: None) -> None:
    standard = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
    assert endpoints.is_standard_secret(standard)
    older = f"whsec_{'aB3' * 14}x"
    for secret in (older, "polar_whs_abcdefghijklmnopqrstuvwxyz", f"whsec_{'-' * 44}"):
        assert not endpoints.is_standard_secret(secret)


# 1.6 Success and retries


def test_a_receiver_has_ten_seconds_and_sends_nobody_elsewhere() -> None:
    with clients.open_client() as client:
        assert client.timeout == httpx.Timeout(10.0)
        assert client.follow_redirects is False


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(endpoint: WebhookEndpoint, receiver: Receiver, status: int) -> None:
    make_events()
    receiver.answers(status)

    assert delivery.flush().delivered == 1


def test_a_host_that_can_be_none_fails_for_good_at_once(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    WebhookEndpoint.objects.update(url="https://xn--a.example/hooks")
    make_events()

    counts = delivery.flush()

    event = WebhookEvent.objects.get()
    assert (counts.failed, receiver.requests) == (1, [])
    assert (event.state, event.attempts_made, event.next_attempt_at) == ("failed", 1, None)


def test_a_retry_goes_to_the_address_of_now(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    make_events()
    receiver.answers(500)
    delivery.flush()
    endpoints.update_endpoint(endpoint, {"url": f"{URL}/moved"})

    schedule.advance(seconds=30, deliver=True)

    assert str(receiver.requests[-1].url) == f"{URL}/moved"


def test_a_redelivery_that_fails_is_tried_again(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    (event_id,) = make_events()
    delivery.flush()
    receiver.answers(500)
    endpoints.redeliver(WebhookEvent.objects.get().id)
    delivery.deliver_due()
    receiver.answers(202)

    schedule.advance(minutes=1, deliver=True)

    event = WebhookEvent.objects.get()
    assert set(receiver.ids) == {event_id}
    assert [each.succeeded for each in event.attempts.order_by("created_at")][::2] == [True, True]
    assert (event.succeeded, event.next_attempt_at) == (True, None)


def test_an_event_that_was_tried_nine_times_gets_one_redelivery_at_a_time(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    WebhookEvent.objects.update(attempts_made=9, succeeded=True, next_attempt_at=None)
    receiver.answers(500)

    endpoints.redeliver(WebhookEvent.objects.get().id)
    schedule.advance(days=1, deliver=True)

    event = WebhookEvent.objects.get()
    assert (len(receiver.requests), event.attempts_made) == (1, 10)
    assert (event.succeeded, event.next_attempt_at) == (True, None)


def test_an_event_that_failed_for_good_can_be_sent_by_hand(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    (event_id,) = make_events()
    receiver.answers(500)
    schedule.advance(days=1, deliver=True)
    assert WebhookEvent.objects.get().state == "failed"
    receiver.answers(202)

    endpoints.redeliver(WebhookEvent.objects.get().id)
    delivery.flush()

    assert WebhookEvent.objects.get().state == "delivered"
    assert set(receiver.ids) == {event_id}


# 1.7 and 1.8 Disabling, order


def test_what_still_waits_when_an_endpoint_is_disabled_is_skipped(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events(11)
    *failed, pending = WebhookEvent.objects.order_by("created_at")
    WebhookEvent.objects.exclude(pk=pending.pk).update(attempts_made=9)
    WebhookEvent.objects.filter(pk=pending.pk).update(
        next_attempt_at=clock.now() + timedelta(days=1)
    )
    receiver.answers(500)

    delivery.flush()

    endpoint.refresh_from_db()
    pending.refresh_from_db()
    assert endpoint.enabled is False
    assert (pending.skipped, pending.succeeded, pending.attempts_made) == (True, None, 0)
    assert len(failed) == len(receiver.requests) == 10
    # Back on, it is not sent by itself.
    endpoints.update_endpoint(endpoint, {"enabled": True})
    schedule.advance(days=2, deliver=True)
    assert len(receiver.requests) == 10


def test_a_success_among_the_last_ten_keeps_an_endpoint(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    made = make_events(10)
    WebhookEvent.objects.update(attempts_made=9)
    receiver.answer = lambda request: httpx.Response(
        202 if request.headers["webhook-id"] == made[4] else 500
    )

    delivery.flush()

    endpoint.refresh_from_db()
    assert endpoint.enabled is True


def test_what_has_failed_once_holds_up_nobody(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    first, second = make_events(2)
    receiver.answer = lambda request: httpx.Response(500 if len(receiver.requests) == 1 else 202)

    delivery.flush()
    schedule.advance(minutes=1, deliver=True)

    assert receiver.ids == [first, second, first]


def test_nothing_is_told_of_what_was_undone(endpoint: WebhookEndpoint) -> None:
    with pytest.raises(KeyError):
        catalog.create_benefit({"type": "custom"})

    assert not WebhookEvent.objects.exists()
