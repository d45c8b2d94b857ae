"""Deliveries as Polar sends them: signed with the project's own secret, through its own view."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings as django_settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from polar_django import outbox
from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError
from polar_django.models import WebhookDelivery
from polar_django.signing import sign
from polar_django.webhooks import processing

__all__ = ["deliver_event", "sign_delivery", "work_off"]

_PROVIDER = "polar"


def sign_delivery(
    body: bytes, *, delivery_id: str = "", at: datetime | None = None, secret: str = ""
) -> dict[str, str]:
    """The headers with which Polar would deliver this body.

    `at` (aware) is the moment of the attempt, now by default: five minutes off is refused. `secret`
    is the first of `WEBHOOK_SECRETS` by default. Raises ConfigurationError without one.
    """
    known = get_settings().webhook_secrets
    if not (secret or known):
        raise ConfigurationError(
            "Set POLAR_DJANGO['WEBHOOK_SECRETS'] for the tests: any text does."
        )
    secret = secret or known[0]
    moment = at or timezone.now()
    message_id = delivery_id or str(uuid4())
    # Whatever the secret looks like, its whole text is one of the two keys that are tried.
    signature = sign(secret, message_id=message_id, timestamp=moment, body=body, scheme="legacy")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }


def deliver_event(
    event_type: str,
    data: Mapping[str, Any],
    *,
    delivery_id: str = "",
    at: datetime | None = None,
) -> WebhookDelivery:
    """Deliver an event of Polar's and see it through: mirror, signals, `@on` handlers.

    `data` is the object as Polar sends it. `at` (aware) is when the event was made, which orders
    versions; now by default. The same `delivery_id` again is a duplicate. Returns the row of the
    inbox, whose `state` is "processed", "ignored", or tells what was wrong with `error`. Raises
    AssertionError where the view did not accept it.
    """
    made_at = at or timezone.now()
    envelope = {
        "type": event_type,
        "timestamp": made_at.isoformat(),
        "api_version": get_settings().api_version,
        "data": data,
    }
    body = json.dumps(envelope).encode()
    message_id = delivery_id or str(uuid4())
    headers = sign_delivery(body, delivery_id=message_id)
    # In a test with transactions of its own the view would otherwise wake a worker.
    # A project may be set up by its environment alone.
    inline = {**getattr(django_settings, "POLAR_DJANGO", {}), "PROCESS_INLINE": True}
    with override_settings(POLAR_DJANGO=inline):
        answer = Client().post(
            reverse("polar:webhook", args=[_PROVIDER]),
            body,
            content_type="application/json",
            headers=headers,
            secure=True,
        )
        assert 200 <= answer.status_code < 300, f"{answer.status_code}: {answer.content!r}"
        work_off()
    return WebhookDelivery.objects.get(provider=_PROVIDER, delivery_id=message_id)


def work_off() -> None:
    """What a worker does: process the inbox, then send signals and call `@on` handlers."""
    while processing.drain().claimed:
        pass
    outbox.send_all()
