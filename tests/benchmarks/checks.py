"""Asking for a benefit: cold and warm, against one hand-written EXISTS; and as the table grows.

`python -m tests.benchmarks.checks [grants …]`, with POLAR_TEST_DATABASE_URL set.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  (after the setup)
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from polar_django.entitlements import entitlements_for, refresh_entitlements  # noqa: E402
from polar_django.mirror.arrivals import Arrival, versions_in  # noqa: E402
from polar_django.mirror.upsert import apply_versions  # noqa: E402
from polar_django.models import Benefit, BenefitGrant, Customer  # noqa: E402
from polar_django.providers.registry import get_provider  # noqa: E402
from tests.benchmarks.payloads import envelopes  # noqa: E402
from tests.benchmarks.results import Result, median_of  # noqa: E402

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CALLS = 400
TEN = 10
ROUNDS = 5


def fill(grants: int) -> None:
    """So many grants, five to a user, two of them revoked; made in the database itself."""
    for table in ("benefitgrant", "customer", "benefit"):
        connection.cursor().execute(f"TRUNCATE polar_django_{table} CASCADE")
    get_user_model().objects.all().delete()
    Benefit.objects.create(id="ben_pro", key="pro", provider="polar", synced_at=NOW)
    users = max(grants // 5, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (id, username, password, is_superuser, is_staff, is_active,"
            " first_name, last_name, email, date_joined)"
            " SELECT n, 'user' || n, '', false, false, true, '', '', '', now()"
            " FROM generate_series(1, %s) n",
            [users],
        )
        row = BenefitGrant(
            provider="polar", benefit_id="ben_pro", is_granted=True, granted_at=NOW, synced_at=NOW
        )
        row.id = "template"
        row.save(force_insert=True)
        columns = [f.column for f in BenefitGrant._meta.concrete_fields]
        special = {
            "id": "'grant_' || n",
            "subscriber_id": f"1 + (n %% {users})",
            "is_granted": f"(n / {users}) %% 5 < 3",
            "is_revoked": f"(n / {users}) %% 5 >= 3",
        }
        chosen = ", ".join(special.get(c, f't."{c}"') for c in columns)
        names = ", ".join(f'"{c}"' for c in columns)
        cursor.execute(
            f"INSERT INTO polar_django_benefitgrant ({names}) SELECT {chosen}"
            f" FROM polar_django_benefitgrant t, generate_series(0, %s) n WHERE t.id = 'template'",
            [grants - 1],
        )
        cursor.execute("DELETE FROM polar_django_benefitgrant WHERE id = 'template'")
        # What the loading left to be done is not what is measured.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def seconds(ask: Callable[[int], object]) -> float:
    """The median of one call, over users far apart, whose rows the server has in memory.

    As those who use a site today: the first look at somebody's rows waits for the disk, in any
    table that is larger than the server's memory.
    """
    users = get_user_model().objects.count()
    keys = [1 + (number * 7919) % users for number in range(CALLS)]
    for key in keys:
        ask(key)
    taken = []
    for key in keys:
        start = time.perf_counter()
        assert ask(key)
        taken.append(time.perf_counter() - start)
    return median_of(taken)


def cold(key: int) -> bool:
    return "pro" in entitlements_for(get_user_model()(pk=key))


def exists(key: int) -> bool:
    return BenefitGrant.objects.filter(
        subscriber_id=key, is_granted=True, is_revoked=False, benefit__key="pro"
    ).exists()


def webhook() -> float:
    """One renewal of a grant that is known: the median of its whole write."""
    provider = get_provider()
    event = next(e for e in envelopes(3, 1) if e["type"].startswith("benefit_grant"))
    taken = []
    for number in range(60):
        event["timestamp"] = datetime(2027, 1, 1, microsecond=number, tzinfo=UTC).isoformat()
        parsed = provider.parse_event(json.dumps(event).encode())
        start = time.perf_counter()
        with transaction.atomic():
            apply_versions(versions_in([Arrival(parsed)]))
        taken.append(time.perf_counter() - start)
    Customer.objects.all().delete()
    return median_of(taken[5:])


@contextmanager
def table_of(size: int, made: dict[int, str]) -> Iterator[None]:
    """Within, the database is one whose table of grants is of that size; made at the first time."""
    usual = connection.settings_dict["NAME"]
    new = size not in made
    if new:
        made[size] = f"{usual}_{size}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {made[size]}")
    connection.close()
    connection.settings_dict["NAME"] = made[size]
    try:
        if new:
            call_command("migrate", run_syncdb=True, verbosity=0)
            fill(size)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def main(sizes: list[int]) -> None:
    made: dict[int, str] = {}
    with table_of(sizes[0], made):
        against_exists()
        against_rival()
        warm_check()
    checks: dict[int, list[float]] = {size: [] for size in sizes}
    webhooks: dict[int, list[float]] = {size: [] for size in sizes}
    # Small and large in turn, for what else the machine does is not the same all the time.
    for _ in range(1 + ROUNDS):
        for size in sizes:
            with table_of(size, made):
                checks[size].append(seconds(cold))
                webhooks[size].append(webhook())
    small, large = sizes[0], sizes[-1]
    for what, found in (("a cold check", checks), ("one webhook", webhooks)):
        # The first round warms up.
        few, many = found[small][1:], found[large][1:]
        Result(
            f"{what} at {large:,} grants, against {small:,}",
            f"{median_of(many) * 1e6:.0f} µs",
            f"{median_of(few) * 1e6:.0f} µs",
            median_of([a / b for a, b in zip(many, few, strict=True)]),
            at_most=1.5,
        ).print()


def against_exists() -> None:
    rounds = [(seconds(cold), seconds(exists)) for _ in range(ROUNDS)]
    ours, other = (median_of([each[n] for each in rounds]) for n in (0, 1))
    Result(
        "a cold check, against one EXISTS written by hand",
        f"{ours * 1e6:.0f} µs",
        f"{other * 1e6:.0f} µs",
        median_of([a / b for a, b in rounds]),
        at_most=1.3,
    ).print()


def against_rival() -> None:
    """Somebody with ten benefits, of which each is asked for in turn; the rival did the same."""
    if "RIVAL_CHECK" not in os.environ:
        return
    keys = [f"key-{number}" for number in range(TEN)]
    users = get_user_model().objects
    user = users.create(pk=1 + users.count(), username="ten")
    with transaction.atomic():
        for key in keys:
            common = {"provider": "polar", "synced_at": NOW}
            Benefit.objects.create(id=f"ben_{key}", key=key, **common)
            BenefitGrant.objects.create(
                id=f"grant_{key}", benefit_id=f"ben_{key}", subscriber=user,
                is_granted=True, granted_at=NOW, **common,
            )  # fmt: skip
    taken = []
    for number in range(CALLS):
        somebody, key = get_user_model()(pk=user.pk), keys[number % TEN]
        start = time.perf_counter()
        assert key in entitlements_for(somebody)
        taken.append(time.perf_counter() - start)
    ours, rival = median_of(taken), float(os.environ["RIVAL_CHECK"])
    Result(
        "a cold check, ten products held, against dj-stripe's `is_subscribed_to`: faster",
        f"{ours * 1e6:.0f} µs",
        f"{rival * 1e3:.1f} ms",
        rival / ours,
        at_least=15,
    ).print()


def warm_check() -> None:
    user = get_user_model()(pk=1)
    refresh_entitlements(user)
    entitlements = entitlements_for(user)
    plain = frozenset(entitlements.keys)
    ours, floor = [], []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(20_000):
            "pro" in entitlements  # noqa: B015  (the check is what is timed)
        ours.append((time.perf_counter() - start) / 20_000)
        start = time.perf_counter()
        for _ in range(20_000):
            "pro" in plain  # noqa: B015
        floor.append((time.perf_counter() - start) / 20_000)
    mine, its = median_of(ours), median_of(floor)
    Result(
        "a warm check (wanted: under 2 µs), against `in` a frozenset",
        f"{mine * 1e6:.2f} µs",
        f"{its * 1e6:.3f} µs",
        mine / its,
    ).print()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 1_000_000, 5_000_000])
