"""`python -m tests.sandbox.year --customers 500 [--profile]`: a simulated year, and what it took.

Each customer buys a monthly plan with two benefits on a day of their own; then the clock goes on by
a year, with every renewal, order, payment and event, and with every delivery to a receiver that
answers at once. It runs on an SQLite file, as `python -m polar_django.sandbox` does.
"""

import argparse
import cProfile
import logging
import os
import pstats
import tempfile
import time
from uuid import UUID

import django
import httpx
from django.core.management import call_command

FOLDER = tempfile.TemporaryDirectory(prefix="polar-year-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["POLAR_TEST_DATABASE_URL"] = f"sqlite:///{FOLDER.name}/year.sqlite3"
django.setup()

from polar_django.sandbox import clients  # noqa: E402  (after the setup)
from polar_django.sandbox.engine import checkouts, confirmation, schedule  # noqa: E402
from polar_django.sandbox.models import Order, WebhookAttempt, WebhookEvent  # noqa: E402
from polar_django.sandbox.seed import seed  # noqa: E402

__all__ = ["live", "main"]

# What is promised, in seconds, by the number of customers.
LIMITS = {1: 10, 500: 300}
DAYS_OF_BUYING = 28
CATALOGUE = {
    "benefits": {
        "pro": {"description": "Everything in Pro"},
        "export": {"description": "Export to every format"},
    },
    "products": {
        "pro": {
            "name": "Pro",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 1_000}],
            "benefits": ["pro", "export"],
        }
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.year", description=__doc__)
    parser.add_argument("--customers", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--silent", action="store_true", help="without deliveries")
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    profile = cProfile.Profile(builtins=False)
    began, cpu_began = time.monotonic(), time.process_time()
    if options.profile:
        profile.enable()
    counts = live(options.customers, days=options.days, deliver=not options.silent)
    profile.disable()
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu_began
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
    limit = LIMITS.get(options.customers)
    allowed = f"; at most {limit} s are allowed" if limit else ""
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{options.customers} customers, {options.days} days: {numbers}")
    print(f"{seconds:.1f} s, of which {cpu:.1f} s were the processor's{allowed}; load: {load}")
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


def live(customers: int, *, days: int, deliver: bool) -> dict[str, int]:
    """Sell to `customers`, spread over the first month, and let time pass. What there is then."""
    clients.open_client = _receiver
    product = UUID(seed(CATALOGUE)["products"]["pro"])
    for number in range(customers):
        opened = checkouts.create_checkout(
            {"products": [product], "customer_email": f"customer-{number}@example.com"}
        )
        card = {"confirmation_token_id": "4242 4242 4242 4242"}
        address = {"customer_billing_address": {"country": "NL"}}
        confirmation.confirm_checkout(opened, {**card, **address})
        schedule.advance(hours=DAYS_OF_BUYING * 24 / customers, deliver=deliver)
    schedule.advance(days=days - DAYS_OF_BUYING, deliver=deliver)
    return {
        "orders": Order.objects.filter(status="paid").count(),
        "events": WebhookEvent.objects.count(),
        "attempts": WebhookAttempt.objects.count(),
    }


def _receiver() -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(202)))


if __name__ == "__main__":
    main()
