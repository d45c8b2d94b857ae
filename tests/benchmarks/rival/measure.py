"""dj-stripe's own figures: the uuid of its endpoint, seconds a check, events a second."""

import json
import os
import statistics
import time
import uuid
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.rival.settings")
django.setup()

from django.core.management import call_command  # noqa: E402  (after the setup)
from django.db import connection  # noqa: E402
from djstripe import models  # noqa: E402

from tests.benchmarks.rival import fake_stripe  # noqa: E402
from tests.benchmarks.rival.events import SECRET, event  # noqa: E402

EVENTS = 150
CHECKS = 150
SUBSCRIPTIONS = 10


def process(subscription: dict[str, Any]) -> None:
    """What its view does after the signature: the event, its object, and all that it names."""
    models.Event.process(event(subscription, f"evt_{uuid.uuid4().hex}"))


def main() -> None:
    call_command("migrate", verbosity=0)
    endpoint, _ = models.WebhookEndpoint.objects.update_or_create(
        id="we_1",
        defaults={
            "secret": SECRET,
            "url": "http://127.0.0.1/",
            "enabled_events": ["*"],
            "livemode": False,
            "status": "enabled",
            "api_version": "2024-06-20",
        },
    )
    for number in range(SUBSCRIPTIONS):
        process(fake_stripe.subscription(f"sub_{number}"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    taken = []
    # Each of the products in turn: it looks at one subscription after the other.
    for number in range(CHECKS):
        product = f"prod_{number % SUBSCRIPTIONS}"
        start = time.perf_counter()
        assert models.Customer.objects.get(id="cus_1").is_subscribed_to(product)
        taken.append(time.perf_counter() - start)
    start = time.perf_counter()
    for number in range(EVENTS):
        process(fake_stripe.subscription(f"sub_{number % SUBSCRIPTIONS}"))
    rate = EVENTS / (time.perf_counter() - start)
    found = {
        "endpoint": str(endpoint.djstripe_uuid),
        "check": statistics.median(taken),
        "process": rate,
    }
    print(f"MEASURED {json.dumps(found)}")


if __name__ == "__main__":
    main()
