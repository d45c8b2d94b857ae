"""Signed deliveries, made by hand: small bodies in Polar's shape."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

from django.conf import settings
from django.utils import timezone

from polar_django.models import WebhookDelivery
from polar_django.models.databases import on_primary
from polar_django.providers.base import Envelope
from polar_django.signing import sign
from polar_django.webhooks import inbox

URL = "/billing/webhooks/polar/"
EPOCH = datetime(2026, 11, 1, 12, tzinfo=UTC)
_numbers = count(1)


def body_of(type: str = "subscription.updated", *, seconds: float = 0, **data: object) -> bytes:
    """An envelope as Polar sends it, made `seconds` after EPOCH."""
    made_at = (EPOCH + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    envelope = {"type": type, "timestamp": made_at, "api_version": "2026-10", "data": data}
    return json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()


def subscription_body(id: str = "sub_1", *, seconds: float = 0, **changes: object) -> bytes:
    data = {
        "id": id,
        "status": "active",
        "amount": 900,
        "currency": "usd",
        "customer_id": "cus_1",
        "product_id": "prod_1",
        "customer": {"id": "cus_1", "email": "ada@example.com", "external_id": None},
        "product": {"id": "prod_1", "name": "Pro"},
        "current_period_end": "2026-12-01T12:00:00Z",
    }
    return body_of(seconds=seconds, **{**data, **changes})


def headers_for(
    body: bytes, *, message_id: str = "", at: datetime | None = None, secret: str = ""
) -> dict[str, str]:
    moment = at or timezone.now()
    message_id = message_id or f"msg_{next(_numbers)}"
    secret = secret or settings.POLAR_DJANGO["WEBHOOK_SECRETS"][0]
    # `sign` takes text only; a body that is none is signed by the rule itself.
    try:
        signature = sign(secret, message_id=message_id, timestamp=moment, body=body)
    except UnicodeDecodeError:
        signature = ""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }


def post(client, body: bytes, *, url: str = URL, headers=None, **signing):
    return client.post(
        url,
        data=body,
        content_type="application/json",
        headers=headers_for(body, **signing) if headers is None else headers,
    )


def stored(body: bytes | None = None, *, provider: str = "polar", **changes) -> WebhookDelivery:
    """A row as the view stores it; `changes` are columns set afterwards."""
    body = subscription_body() if body is None else body
    try:
        kind = json.loads(body)["type"]
    except (ValueError, TypeError, KeyError):
        kind = ""
    envelope = Envelope(delivery_id=f"msg_{next(_numbers)}", type=kind, timestamp=None)
    assert inbox.store(provider, envelope, body)
    delivery = on_primary(WebhookDelivery).filter(delivery_id=envelope.delivery_id)
    if changes:
        delivery.update(**changes)
    return delivery.get()


def statements(captured) -> list[str]:
    """The SQL that was captured, without what begins and ends transactions."""
    bounds = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return [item["sql"] for item in captured if not item["sql"].startswith(bounds)]


def states(deliveries: Iterable[WebhookDelivery]) -> list[str]:
    return [WebhookDelivery.objects.get(pk=delivery.pk).state for delivery in deliveries]
