import json
from datetime import UTC, datetime

import pytest

from polar_django import signing
from polar_django.exceptions import ConfigurationError, SignatureError
from polar_django.providers.registry import get_provider
from tests.providers.polar import shapes
from tests.providers.polar.shapes import CHANGED_AT, delivered

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OLD_SECRET = "an_older_secret_that_was_chosen_by_hand"


@pytest.fixture(autouse=True)
def _secrets(settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": [SECRET, OLD_SECRET]}


def headers_for(body, secret=SECRET, scheme="standard"):
    now = datetime.now(UTC)
    return {
        "Webhook-Id": "del-1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": signing.sign(
            secret, message_id="del-1", timestamp=now, body=body, scheme=scheme
        ),
    }


@pytest.mark.parametrize(("secret", "scheme"), [(SECRET, "standard"), (OLD_SECRET, "legacy")])
def test_a_signed_delivery_has_an_envelope(secret, scheme):
    body = delivered("order.paid", shapes.order(), api_version="2026-10")
    envelope = get_provider().verify_webhook(headers_for(body, secret, scheme), body)
    assert (envelope.delivery_id, envelope.type) == ("del-1", "order.paid")
    assert (envelope.timestamp, envelope.api_version) == (CHANGED_AT, "2026-10")


def test_the_api_version_may_be_missing():
    body = delivered("order.paid", shapes.order())
    assert get_provider().verify_webhook(headers_for(body), body).api_version == ""


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"7", b"{}", json.dumps({"type": 7, "timestamp": 8}).encode()]
)
def test_a_signed_body_that_cannot_be_read_is_kept_without_type_and_time(body):
    envelope = get_provider().verify_webhook(headers_for(body), body)
    assert (envelope.type, envelope.timestamp) == ("", None)


def test_the_envelope_of_a_long_or_unstorable_type_fits_its_column():
    body = b'{"type":"a\\u0000' + b"x" * 300 + b'"}'
    envelope = get_provider().verify_webhook(headers_for(body), body)
    assert len(envelope.type) == 255
    assert "\0" not in envelope.type


def test_another_secret_is_not_trusted():
    body = delivered("order.paid", shapes.order())
    with pytest.raises(SignatureError):
        get_provider().verify_webhook(headers_for(body, signing.generate_secret()), body)


@pytest.mark.parametrize(("secret", "scheme"), [(SECRET, "standard"), (OLD_SECRET, "legacy")])
def test_the_line_break_of_a_secret_from_a_file_is_no_part_of_it(settings, secret, scheme):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": [f"{secret}\n"]}
    body = delivered("order.paid", shapes.order())
    assert get_provider().verify_webhook(headers_for(body, secret, scheme), body).type


@pytest.mark.parametrize("secrets", [[], [""], [" \n"]])
def test_without_a_secret_nothing_is_trusted(settings, secrets):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": secrets}
    with pytest.raises(ConfigurationError, match="WEBHOOK_SECRETS"):
        get_provider().verify_webhook({}, b"{}")
