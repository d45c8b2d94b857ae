"""Everything a real Polar server sent is read without loss of its ids."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from polar_django import signing
from polar_django.providers.polar.client import COLLECTIONS
from polar_django.providers.polar.customer_state import customer_state
from polar_django.providers.polar.events import STATE_CHANGED, parse_event
from polar_django.providers.polar.parsing import PARSERS
from polar_django.snapshots import SubscriptionSnapshot

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the recordings are not on this machine"),
]


def recorded(name):
    with (CORPUS / name).open() as lines:
        yield from map(json.loads, lines)


def test_every_recorded_delivery_is_an_event_about_its_object():
    kinds = set()
    for delivery in recorded("webhooks.jsonl"):
        body = delivery["body"].encode()
        data = json.loads(body)["data"]
        event = parse_event("polar", body)
        kinds.add(event.type)
        assert event.type == delivery["type"]
        assert event.timestamp is not None
        if event.type == STATE_CHANGED:
            assert event.state.customer.id == data["id"]
            assert [grant.id for grant in event.state.grants] == [
                entry["id"] for entry in data["granted_benefits"]
            ]
        elif event.type != "organization.updated":
            snapshot = event.observations[0].snapshot
            assert snapshot.id == data["id"]
            assert snapshot.raw == data
            assert snapshot.created_at is not None
            _assert_same_columns(snapshot, data)
    assert len(kinds) >= 35


def test_every_recorded_delivery_is_trusted_with_its_secret(time_machine):
    headers_of_hook = [
        delivery for delivery in recorded("webhooks.jsonl") if delivery["endpoint"] == "/hook"
    ]
    for delivery in headers_of_hook:
        time_machine.move_to(delivery["received_at"], tick=False)
        message = signing.verify(
            delivery["headers"],
            delivery["body"].encode(),
            ["oracle_secret_0123456789_0123456789abcdef"],
        )
        assert message.id == delivery["headers"]["webhook-id"]
    assert headers_of_hook


def test_every_recorded_answer_is_read():
    read = 0
    for call in recorded("api.jsonl"):
        path = urlsplit(call["path"]).path
        content_type = dict(call["response_headers"]).get("content-type")
        if call["status"] not in {200, 201} or content_type != "application/json":
            continue
        data = json.loads(call["response_body"])
        if path.endswith("/state"):
            assert customer_state(data).customer.id == data["id"]
            read += 1
            continue
        for kind, collection in COLLECTIONS.items():
            if kind not in PARSERS or not path.startswith(collection.route.rstrip("/")):
                continue
            rest = path.removeprefix(collection.route.rstrip("/")).strip("/")
            if "/" in rest and not rest.startswith("external/"):
                continue
            items = data.get(collection.items) if isinstance(data, dict) else None
            for item in items if isinstance(items, list) else [data]:
                if "id" not in item:
                    continue
                snapshot = PARSERS[kind](item)[0].snapshot
                assert snapshot.id == item["id"]
                _assert_same_columns(snapshot, item)
                read += 1
    assert read > 300


def _assert_same_columns(snapshot, data):
    """A column named like a field of the payload holds its value, as far as types are the same."""
    for name in snapshot.__dataclass_fields__:
        value = data.get(name)
        if name in {"key", "raw", "unit_amount"} or value is None:
            continue
        found = getattr(snapshot, name)
        if isinstance(value, str) and not isinstance(found, str):
            assert found.isoformat().replace("+00:00", "Z") == value, name
        else:
            assert found == value, name
    if isinstance(snapshot, SubscriptionSnapshot):
        assert snapshot.provider_status == data["status"]
