import json
from datetime import timedelta
from itertools import pairwise

import httpx
import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from polar_django.sandbox import delivery
from polar_django.sandbox.engine import catalog, endpoints, schedule
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import WebhookAttempt, WebhookEndpoint, WebhookEvent
from polar_django.signing import verify
from tests.sandbox.receiving import URL, Receiver, endpoint, make_events, receiver

__all__ = ["endpoint", "receiver"]

LEGACY_SECRET = "oracle_secret_0123456789_0123456789abcdef"


def test_a_delivery_is_signed_and_carries_exactly_polars_headers(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    (event_id,) = make_events()

    counts = delivery.flush()

    (request,) = receiver.requests
    assert (counts.delivered, counts.failed) == (1, 0)
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["user-agent"] == "polar.sh webhooks"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-api-version"] == "2026-10"
    trusted = verify(request.headers, request.content, [endpoint.secret])
    assert trusted.id == event_id


def test_the_envelope_is_compact_and_names_type_time_and_version(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    catalog.create_benefit({"type": "custom", "description": "Übergröße"})
    delivery.flush()

    body = receiver.requests[0].content.decode()
    assert list(json.loads(body)) == ["type", "timestamp", "api_version", "data"]
    assert body.startswith('{"type":"benefit.created","timestamp":"')
    assert "Übergröße" in body
    assert json.loads(body)["timestamp"].endswith("Z")


def test_events_arrive_in_the_order_they_were_made(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    made = make_events(5)

    delivery.flush()

    assert receiver.ids == made


def test_a_retry_has_the_same_id_and_body_and_a_new_timestamp(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    receiver.answers(500)
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        delivery.flush()
        traveller.shift(timedelta(minutes=1))
        receiver.answers(204)
        delivery.flush()

        first, second = receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.content == second.content
        assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
        verify(second.headers, second.content, [endpoint.secret])
    event = WebhookEvent.objects.get()
    assert (event.state, event.attempts_made) == ("delivered", 2)


@pytest.mark.parametrize("status", [302, 400, 404, 410, 429, 500])
def test_everything_but_2xx_is_a_failure(
    endpoint: WebhookEndpoint, receiver: Receiver, status: int
) -> None:
    make_events()
    receiver.answers(status)

    counts = delivery.flush()

    assert (counts.delivered, counts.failed) == (0, 1)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.http_code, attempt.succeeded) == (status, False)
    assert WebhookEvent.objects.get().state == "retrying"


def test_no_answer_is_a_failure_too(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("nobody there", request=request)

    make_events()
    receiver.answer = refuse

    delivery.flush()

    attempt = WebhookAttempt.objects.get()
    assert attempt.http_code is None
    assert "ConnectTimeout" in (attempt.response or "")


def test_the_waits_between_attempts_grow_as_recorded() -> None:
    for failures, (least, most) in enumerate(
        [(4, 8), (8, 16), (16, 32), (32, 64), (64, 128), (128, 256), (256, 512), (512, 1024)], 1
    ):
        for _ in range(20):
            assert least <= delivery.retry_delay(failures).total_seconds() <= most
    for _ in range(20):
        assert 600 <= delivery.retry_delay(9).total_seconds() <= 1200


def test_after_ten_attempts_an_event_has_failed_for_good(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    receiver.answers(500)

    schedule.advance(days=1, deliver=True)

    assert len(receiver.requests) == 10
    times = [each.created_at for each in WebhookAttempt.objects.order_by("created_at")]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] < timedelta(minutes=1)
    assert gaps[-1] > timedelta(minutes=9)
    event = WebhookEvent.objects.get()
    assert (event.state, event.next_attempt_at) == ("failed", None)


def test_ten_failed_events_in_a_row_disable_the_endpoint(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    receiver.answers(500)
    make_events(10)
    schedule.advance(days=1, deliver=True)

    endpoint.refresh_from_db()
    assert endpoint.enabled is False
    assert WebhookEvent.objects.count() == 10
    # Nothing is even written for a disabled endpoint.
    catalog.create_benefit({"type": "custom", "description": "Unheard"})
    assert WebhookEvent.objects.count() == 10


def test_nine_failed_events_do_not(endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.answers(500)
    make_events(9)
    schedule.advance(days=1, deliver=True)

    endpoint.refresh_from_db()
    assert endpoint.enabled is True


def test_what_waits_for_a_disabled_endpoint_is_skipped_and_can_be_sent_by_hand(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    (event_id,) = make_events()
    endpoints.update_endpoint(endpoint, {"enabled": False})
    assert delivery.flush().skipped == 1
    endpoints.update_endpoint(endpoint, {"enabled": True})
    assert delivery.flush().total == 0

    endpoints.redeliver(WebhookEvent.objects.get().id)
    delivery.flush()

    assert receiver.ids == [event_id]


def test_a_redelivery_that_fails_does_not_undo_the_success(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    delivery.flush()
    receiver.answers(500)

    endpoints.redeliver(WebhookEvent.objects.get().id)
    delivery.flush()

    assert WebhookEvent.objects.get().succeeded is True
    assert len(set(receiver.ids)) == 1
    assert len(receiver.requests) == 2


def test_an_older_secret_signs_with_all_of_its_bytes(db: None, receiver: Receiver) -> None:
    with override_settings(POLAR_SANDBOX={"AUTO_DELIVER": False}):
        endpoint = endpoints.create_endpoint(
            {"url": URL, "events": ["benefit.created"], "secret": LEGACY_SECRET}
        )
        make_events()
        delivery.flush()

    assert endpoint.uses_standard_webhook_signature is False
    (request,) = receiver.requests
    verify(request.headers, request.content, [LEGACY_SECRET])


def test_a_new_secret_stops_the_old_one_at_once(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    old = endpoint.secret
    make_events()
    endpoints.reset_secret(endpoint)
    delivery.flush()

    (request,) = receiver.requests
    assert endpoint.secret != old
    verify(request.headers, request.content, [endpoint.secret])


def test_an_endpoint_hears_only_what_it_listens_to(db: None, receiver: Receiver) -> None:
    with override_settings(POLAR_SANDBOX={"AUTO_DELIVER": False}):
        endpoints.create_endpoint({"url": URL, "events": ["product.created"]})
        make_events()

    assert not WebhookEvent.objects.exists()


def test_two_endpoints_get_the_same_event_under_different_ids(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    endpoints.create_endpoint({"url": URL + "2", "events": ["benefit.created"]})
    make_events()

    delivery.flush()

    assert len(set(receiver.ids)) == 2
    assert len({request.content for request in receiver.requests}) == 1


def test_an_unknown_event_type_is_refused(db: None) -> None:
    with pytest.raises(InvalidRequest):
        endpoints.create_endpoint({"url": URL, "events": ["benefit.deleted"]})


def test_the_endpoint_of_the_settings_exists_and_follows_them(db: None, receiver: Receiver) -> None:
    first = {"WEBHOOK_URL": URL, "WEBHOOK_SECRET": LEGACY_SECRET, "AUTO_DELIVER": False}
    with override_settings(POLAR_SANDBOX=first):
        make_events()
    with override_settings(POLAR_SANDBOX={**first, "WEBHOOK_URL": URL + "/new"}):
        make_events()
        delivery.flush()

    assert WebhookEndpoint.objects.get().url == URL + "/new"
    assert len(receiver.requests) == 2


CONFIGURED = {"WEBHOOK_URL": URL, "WEBHOOK_SECRET": LEGACY_SECRET, "AUTO_DELIVER": False}


@override_settings(POLAR_SANDBOX=CONFIGURED)
def test_the_endpoint_of_the_settings_keeps_what_the_api_changed(
    db: None, receiver: Receiver
) -> None:
    (endpoint,) = endpoints.list_endpoints()
    endpoints.reset_secret(endpoint)
    endpoints.update_endpoint(endpoint, {"url": URL + "/moved", "enabled": False})

    (after,) = endpoints.list_endpoints()

    assert after.secret == endpoint.secret != LEGACY_SECRET
    assert (after.url, after.enabled) == (URL + "/moved", False)
    with override_settings(POLAR_SANDBOX={**CONFIGURED, "WEBHOOK_URL": URL + "/new"}):
        (again,) = endpoints.list_endpoints()
    assert again.id == endpoint.id
    assert (again.url, again.secret, again.enabled) == (URL + "/new", LEGACY_SECRET, True)


@override_settings(POLAR_SANDBOX=CONFIGURED)
def test_the_endpoint_of_the_settings_stays_deleted_until_they_change(
    db: None, receiver: Receiver
) -> None:
    (endpoint,) = endpoints.list_endpoints()
    endpoints.delete_endpoint(endpoint)

    with CaptureQueriesContext(connection) as asked:
        assert endpoints.list_endpoints() == []
    assert len(asked) == 1
    make_events()
    delivery.flush()
    assert receiver.requests == []
    with override_settings(POLAR_SANDBOX={**CONFIGURED, "WEBHOOK_URL": URL + "/new"}):
        assert [each.url for each in endpoints.list_endpoints()] == [URL + "/new"]


def test_a_batch_ends_with_the_first_failure_and_the_rest_goes_out_all_the_same(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    made = make_events(5)
    receiver.answer = lambda request: httpx.Response(
        500 if request.headers["webhook-id"] == made[1] else 202
    )

    counts = delivery.flush()

    assert (counts.delivered, counts.failed) == (4, 1)
    assert receiver.ids == made
    waiting = WebhookEvent.objects.get(next_attempt_at__isnull=False)
    assert str(waiting.pk) == made[1]
    assert not WebhookEvent.objects.filter(claimed_until__isnull=False).exists()


def test_twenty_deliveries_cost_hardly_more_queries_than_one(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events(20)

    with CaptureQueriesContext(connection) as queries:
        delivery.flush()

    assert len(receiver.requests) == 20
    assert WebhookAttempt.objects.filter(succeeded=True).count() == 20
    assert len(queries) < 25


def test_a_refusal_without_a_word_is_noted_in_words(
    endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    make_events()
    receiver.answer = lambda _: httpx.Response(410)

    delivery.flush()

    assert (WebhookAttempt.objects.get().response or "").startswith("Client error '410 Gone'")


def test_a_batch_that_takes_long_is_recorded_before_its_claim_ends(
    endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_events(3)
    monkeypatch.setattr(delivery, "LONGEST_BATCH_SECONDS", -1.0)

    delivery.deliver_due()

    assert receiver.ids == made
    assert WebhookAttempt.objects.count() == 3
