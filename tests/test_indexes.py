"""PostgreSQL has the indexes we mean, no others, and takes them for what is asked most."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from polar_django import outbox
from polar_django.entitlements import entitlements_for
from polar_django.models import BenefitGrant
from polar_django.webhooks import inbox

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about PostgreSQL's planner"),
]


def plan_of(sql: str) -> str:
    """How it is looked up, where reading whole tables is made dear: these are nearly empty."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def first_select(act) -> str:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        act()
    return next(item["sql"] for item in captured if item["sql"].startswith("SELECT"))


def test_no_key_has_a_second_index_for_like():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'polar_django%'"
            " AND indexdef LIKE '%pattern_ops%'"
        )
        assert cursor.fetchall() == []


def test_entitlements_are_found_by_the_small_indexes_of_live_grants():
    crowd = [User(username=f"user_{number}") for number in range(300)]
    ada, *_ = crowd = User.objects.bulk_create(crowd)
    BenefitGrant.objects.bulk_create(
        BenefitGrant(
            id=f"grant_{number}_{user.pk}",
            provider="polar",
            synced_at=user.date_joined,
            subscriber=user,
            user=crowd[-number],
            is_granted=number < 5,
            is_revoked=number >= 5,
        )
        for user in crowd
        for number in range(10)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE polar_django_benefitgrant")
    plan = plan_of(first_select(lambda: entitlements_for(ada).keys))
    assert "polar_grant_live_subscriber" in plan
    assert "polar_grant_live_user" in plan


def test_what_is_due_is_found_by_the_small_indexes_of_what_is_due():
    assert "polar_delivery_due" in plan_of(first_select(inbox.claim))
    assert "polar_transition_due" in plan_of(first_select(outbox.send_due))
