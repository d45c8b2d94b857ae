import base64
import hashlib
import hmac
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError, connection
from django.test import Client
from django.utils import timezone

from polar_django.models import Subscription, WebhookDelivery
from polar_django.webhooks import inbox, processing
from polar_django.webhooks.views import receive
from tests.webhooks.deliveries import (
    URL,
    body_of,
    headers_for,
    post,
    statements,
    subscription_body,
)

TABLE = connection.ops.quote_name(WebhookDelivery._meta.db_table)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wakes")]


def process_all():
    while processing.drain().claimed:
        pass


def test_a_signed_delivery_is_stored_by_one_insert(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(10) as captured:
        response = post(client, subscription_body(), message_id="msg_a")
    assert (response.status_code, response.json()) == (202, {"detail": "Stored."})
    (statement,) = statements(captured)
    assert statement.startswith(f"INSERT INTO {TABLE} ")
    row = WebhookDelivery.objects.get()
    assert (row.delivery_id, row.type, row.state) == ("msg_a", "subscription.updated", "pending")
    assert bytes(row.body) == subscription_body()


def test_a_duplicate_is_accepted_by_one_statement_and_stored_once(
    client, django_assert_max_num_queries
):
    post(client, subscription_body(), message_id="msg_a")
    with django_assert_max_num_queries(10) as captured:
        response = post(client, subscription_body(), message_id="msg_a")
    assert (response.status_code, response.json()) == (202, {"detail": "This delivery is known."})
    assert len(statements(captured)) == 1
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_storing_opens_no_transaction_of_its_own(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        post(client, subscription_body(), message_id="msg_a")
    with django_assert_num_queries(1):
        post(client, subscription_body(), message_id="msg_a")


def test_a_new_delivery_wakes_a_worker_after_commit_and_a_duplicate_none(
    client, wakes, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        post(client, subscription_body(), message_id="msg_a")
        assert wakes == []
    assert wakes == ["drain_inbox"]
    with django_capture_on_commit_callbacks(execute=True):
        post(client, subscription_body(), message_id="msg_a")
    assert wakes == ["drain_inbox"]


def test_the_address_works_without_its_slash_too(client):
    assert post(client, subscription_body(), url=URL.rstrip("/")).status_code == 202


def test_neither_csrf_nor_a_site_wide_login_stands_in_the_way(settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert post(Client(enforce_csrf_checks=True), subscription_body()).status_code == 202


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_anything_but_a_post_is_answered_405(client, method):
    response = getattr(client, method)(URL)
    assert (response.status_code, response["Allow"]) == (405, "POST")


BAD_HEADERS = {
    "none": lambda good: {},
    "no id": lambda good: {**good, "webhook-id": ""},
    "no timestamp": lambda good: {**good, "webhook-timestamp": ""},
    "no signature": lambda good: {**good, "webhook-signature": ""},
    "no version": lambda good: {**good, "webhook-signature": good["webhook-signature"][3:]},
    "not base64": lambda good: {**good, "webhook-signature": "v1,%%%"},
    "not ascii": lambda good: {**good, "webhook-signature": "v1,äöü"},
    "id not ascii": lambda good: {**good, "webhook-id": "mäg"},
    "another id": lambda good: {**good, "webhook-id": "msg_other"},
    "no number": lambda good: {**good, "webhook-timestamp": "yesterday"},
    "an absurd number": lambda good: {**good, "webhook-timestamp": "9" * 40},
    "not a number": lambda good: {**good, "webhook-timestamp": "nan"},
}


@pytest.mark.parametrize("spoil", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_a_signature_that_does_not_hold_is_refused_without_a_query(
    client, spoil, django_assert_num_queries
):
    body = subscription_body()
    with django_assert_num_queries(0):
        response = post(client, body, headers=spoil(headers_for(body)))
    assert response.status_code == 403
    assert response.json()["detail"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_future_delivery_is_refused(client, minutes):
    moment = timezone.now() + timedelta(minutes=minutes)
    assert post(client, subscription_body(), at=moment).status_code == 403
    assert not WebhookDelivery.objects.exists()


def test_another_secret_is_refused_and_any_configured_one_accepted(client, settings):
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    assert post(client, subscription_body(), secret=other).status_code == 403
    ours = settings.POLAR_DJANGO["WEBHOOK_SECRETS"]
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": [*ours, other]}
    assert post(client, subscription_body(), secret=other).status_code == 202


def test_a_body_over_the_limit_is_answered_413_before_it_is_read(client, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "MAX_WEBHOOK_BYTES": 200}
    response = post(client, subscription_body())
    assert response.status_code == 413
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("declared", [None, b"10", b"many", b"9" * 5000])
def test_a_body_that_hides_its_size_is_read_only_to_the_limit(settings, declared):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "MAX_WEBHOOK_BYTES": 200}
    sent = BytesIO(b"x" * 10_000)
    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "headers": [(b"content-length", declared)] if declared else [],
    }
    assert receive(ASGIRequest(scope, sent), "polar").status_code == 413
    assert sent.tell() in {0, 201}


def test_a_body_that_breaks_off_is_answered_400():
    class Broken(BytesIO):
        def read(self, *_):
            raise OSError("the client has gone")

    scope = {"type": "http", "method": "POST", "path": URL, "headers": []}
    assert receive(ASGIRequest(scope, Broken()), "polar").status_code == 400


def test_the_limit_of_forms_does_not_concern_deliveries(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(client, subscription_body()).status_code == 202


def test_an_unknown_provider_is_answered_404(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = post(client, b"{}", url="/billing/webhooks/paddle/")
    assert response.status_code == 404


def test_without_a_secret_the_answer_is_503(client, settings, monkeypatch):
    monkeypatch.delenv("POLAR_WEBHOOK_SECRET", raising=False)
    headers = headers_for(subscription_body())
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": []}
    response = post(client, subscription_body(), headers=headers)
    assert response.status_code == 503
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("error", [DatabaseError, InterfaceError])
def test_a_database_that_refuses_is_never_answered_with_success(client, monkeypatch, error):
    def refuse(*_):
        raise error("disk full: ada@example.com")

    monkeypatch.setattr(inbox, "store", refuse)
    response = post(client, subscription_body())
    assert response.status_code == 503
    assert "ada" not in response.content.decode()


def test_what_the_database_cannot_hold_of_a_type_does_not_refuse_the_delivery(client):
    body = body_of("odd\x00type" + "x" * 300, id="1").replace(b"odd", b"\\ud800")
    assert post(client, body).status_code == 202
    assert len(WebhookDelivery.objects.get().type) == 255


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[1, 2]", b"null", b'{"type": 7}', b'{"type": "order.paid"}']
)
def test_a_signed_body_that_cannot_be_read_is_stored_and_ends_dead(client, body):
    assert post(client, body).status_code == 202
    process_all()
    row = WebhookDelivery.objects.get()
    assert row.state == "dead"
    assert row.error_type.endswith("MalformedPayload")
    assert row.error


def test_a_signed_body_that_is_not_utf_8_is_no_crash(client, settings):
    body = b'{"type": "order.paid", "data": "\xff"}'
    headers = headers_for(body, message_id="msg_raw")
    secret = settings.POLAR_DJANGO["WEBHOOK_SECRETS"][0].removeprefix("whsec_")
    signed = f"msg_raw.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()
    headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()
    assert post(client, body, headers=headers).status_code == 403
    assert not WebhookDelivery.objects.exists()


def test_an_unknown_type_is_stored_and_ignored(client):
    assert post(client, body_of("moon.landed", id="1")).status_code == 202
    process_all()
    assert WebhookDelivery.objects.get().state == "ignored"


def test_an_unknown_status_is_kept_as_it_is(client):
    assert post(client, subscription_body(status="hibernating")).status_code == 202
    process_all()
    assert WebhookDelivery.objects.get().state == "processed"
    assert Subscription.objects.get().status == "hibernating"
