"""A program of its own: eight threads write one SQLite file, and it prints what stands there.

Tests in memory have one connection; this is how the demo shop and small sites run.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.core.management import call_command  # noqa: E402 (after setup)

from polar_django.models import BenefitGrant, Subscription, Transition  # noqa: E402
from tests.mirror.test_concurrency import (  # noqa: E402
    CUSTOMERS,
    history_of,
    in_its_own_connection,
)


def main() -> None:
    call_command("migrate", verbosity=0)
    random.seed(1)
    events = [one for number in range(CUSTOMERS) for one in history_of(number)] * 2
    random.shuffle(events)
    batches = [events[start : start + 5] for start in range(0, len(events), 5)]
    with ThreadPoolExecutor(max_workers=8) as writers:
        list(writers.map(in_its_own_connection, batches))
    print(
        json.dumps(
            {
                "subscriptions": sorted(set(Subscription.objects.values_list("status", "amount"))),
                "grants": BenefitGrant.objects.active().count(),
                "told": Transition.objects.filter(name="subscription_revoked").count(),
            }
        )
    )


if __name__ == "__main__":
    main()
