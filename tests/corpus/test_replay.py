"""Recorded deliveries through the webhook view, in any order, more than once.

Those of a real server are beside the checkout of those who develop here; the sandbox's own, in
`sandbox.jsonl`, are what every clone has (`record` writes them).
"""

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from polar_django import models
from polar_django.mirror.tables import TABLES
from polar_django.models import WebhookDelivery
from polar_django.webhooks import processing
from tests.corpus import recordings
from tests.corpus.recordings import Recording
from tests.settings import WEBHOOK_SECRET

pytestmark = pytest.mark.django_db

MODELS = {
    "benefit": models.Benefit,
    "benefit_grant": models.BenefitGrant,
    "checkout": models.CheckoutSession,
    "customer": models.Customer,
    "customer_seat": models.Seat,
    "discount": models.Discount,
    "member": models.Member,
    "order": models.Order,
    "product": models.Product,
    "refund": models.Refund,
    "subscription": models.Subscription,
}
COLUMNS = (
    "status",
    "is_granted",
    "is_revoked",
    "revoked_at",
    "cancel_at_period_end",
    "ended_at",
    "customer_id",
    "subscription_id",
    "order_id",
    "member_id",
    "benefit_id",
    "amount",
    "total_amount",
    "refunded_amount",
    "email",
)


REAL = pytest.param((recordings.CORPUS, recordings.SECRET), id="real", marks=pytest.mark.corpus)
OWN = pytest.param((recordings.OWN, WEBHOOK_SECRET), id="sandbox")


@pytest.fixture(params=[REAL, OWN])
def recorded(request, settings) -> list[Recording]:
    file, secret = request.param
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "WEBHOOK_SECRETS": [secret]}
    return recordings.read(file)


def deliver(deliveries: Iterable[Recording], *, drain_every: int = 40) -> None:
    """Post each as it was posted, the clock standing at its time; work them off in batches."""
    client = Client()
    with time_machine.travel(0, tick=False) as clock:
        for number, one in enumerate(deliveries, start=1):
            clock.move_to(one.received_at)
            answer = client.post(
                "/billing/webhooks/polar/",
                one.body.encode(),
                content_type="application/json",
                headers={k: v for k, v in one.headers.items() if k.startswith("webhook-")},
            )
            assert answer.status_code == 202, (one.type, answer.content)
            if number % drain_every == 0:
                work_off(clock)
        work_off(clock)


def work_off(clock: Any) -> None:
    # Shuffled, the recorded times run backwards: what was received "later" has to be due.
    clock.move_to(datetime.fromisoformat("2026-11-22T00:00:00+00:00"))
    while processing.drain().claimed:
        pass


def check_every_object(recorded: list[Recording]) -> None:
    told = [one for one in recorded if not one.type.startswith("organization.")]
    checked = 0
    for kind, data in recordings.newest_versions(told):
        row = MODELS[kind].objects.get(pk=data["id"])
        assert row.raw == data, (kind, row.pk)
        for column in COLUMNS:
            if column in data and hasattr(row, column):
                assert as_json(getattr(row, column), data[column]), (kind, row.pk, column)
        checked += 1
    assert checked == len({one.data["id"] for one in told})
    check_when_granted(told)
    for key, meter in recordings.newest_meters(told).items():
        assert models.CustomerMeter.objects.get(pk=key).balance == meter["balance"]


def check_when_granted(told: list[Recording]) -> None:
    """A state may tell of a later re-granting, whose own event is not among the recordings."""
    moments: dict[str, list[str]] = {}
    for one in told:
        if one.type == "customer.state_changed":
            for grant in one.data["granted_benefits"]:
                moments.setdefault(grant["id"], []).append(grant["granted_at"])
        elif one.type.startswith("benefit_grant.") and one.data["granted_at"]:
            moments.setdefault(one.data["id"], []).append(one.data["granted_at"])
    for row in models.BenefitGrant.objects.filter(is_granted=True):
        assert row.granted_at == datetime.fromisoformat(max(moments[row.pk]))


def as_json(stored: Any, told: Any) -> bool:
    if isinstance(stored, datetime):
        return stored == datetime.fromisoformat(told)
    return stored == told


def whole_mirror() -> dict[str, Any]:
    """Every row seen whole, and the ids of those known only from a copy within another."""
    mirror: dict[str, Any] = {}
    for table in TABLES.values():
        rows = table.objects.order_by("pk").values()
        for row in rows:
            row.pop("synced_at")
        name = table._meta.model_name
        mirror[name] = [row for row in rows if row["as_of"] is not None]
        mirror[f"{name}, copies"] = [row["id"] for row in rows if row["as_of"] is None]
    return mirror


def check_inbox(expected: int) -> None:
    states = WebhookDelivery.objects.values_list("state", flat=True)
    assert set(states) <= {"processed", "ignored"}
    assert len(states) == expected


def test_recorded_order_ends_in_the_newest_version_of_every_object(recorded):
    deliver(recorded)
    check_inbox(len(recorded))
    check_every_object(recorded)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_and_repeated_they_end_in_the_same_mirror(recorded, seed):
    alice = User.objects.create_user("alice")
    deliver(recorded)
    in_order = whole_mirror()
    for table in (*TABLES.values(), WebhookDelivery, models.Transition):
        table.objects.all().delete()

    chance = random.Random(seed)
    jumbled = recorded + chance.choices(recorded, k=len(recorded) // 2)
    chance.shuffle(jumbled)
    deliver(jumbled, drain_every=chance.choice([1, 7, 400]))
    check_inbox(len(recorded))
    check_every_object(recorded)
    assert whole_mirror() == in_order
    assert alice.polar_customers.count() == 0


@pytest.mark.corpus
def test_every_mirrored_kind_is_recorded_from_a_real_server():
    recorded = recordings.read(recordings.CORPUS)
    assert len(recorded) > 300
    kinds = {one.type.split(".")[0] for one in recorded} - {"organization"}
    assert kinds == set(MODELS)
