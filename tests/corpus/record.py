"""Write down the sandbox's own deliveries: `python -m tests.corpus.record`.

For clones without the recordings of a real server: a short life (subscribe, cancel, the period
ends; somebody else buys once), in the same form. Run it again when the sandbox sends differently.
"""

import json
import os
from typing import Any
from uuid import UUID

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.core.management import call_command  # noqa: E402  (after the setup)
from django.utils import timezone  # noqa: E402

from polar_django.sandbox import cards, clients, delivery, seed  # noqa: E402
from polar_django.sandbox.engine import (  # noqa: E402
    checkouts,
    confirmation,
    customers,
    schedule,
    subscriptions,
)
from polar_django.sandbox.models import Subscription  # noqa: E402
from tests.corpus.recordings import OWN  # noqa: E402

CATALOGUE = {
    "benefits": {"pro": {"description": "Everything in Pro"}},
    "products": {
        "pro-monthly": {
            "name": "Pro, monthly",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 900, "price_currency": "usd"}],
            "benefits": ["pro"],
        },
        "ebook": {
            "name": "Ebook",
            "prices": [{"amount_type": "fixed", "price_amount": 1500, "price_currency": "usd"}],
            "benefits": [],
        },
    },
}


def buy(product_id: str, email: str) -> None:
    checkout = checkouts.create_checkout({"products": [UUID(product_id)], "customer_email": email})
    body = {
        "confirmation_token_id": cards.token_for("4242424242424242"),
        "customer_billing_address": {"country": "NL"},
    }
    confirmation.confirm_checkout(checkout, body)


def live() -> None:
    product_ids = seed.seed(CATALOGUE)["products"]
    customers.create_customer({"email": "ada@example.com", "external_id": "reader-1"})
    buy(product_ids["pro-monthly"], "ada@example.com")
    buy(product_ids["ebook"], "grace@example.com")
    subscriptions.cancel_at_period_end(Subscription.objects.get(), reason="unused")
    schedule.advance(days=32)


def main() -> None:
    call_command("migrate", verbosity=0)
    written: list[dict[str, Any]] = []

    def keep(request: httpx.Request) -> httpx.Response:
        written.append(
            {
                "type": json.loads(request.content)["type"],
                "received_at": timezone.now().timestamp(),
                "headers": {k: v for k, v in request.headers.items() if k.startswith("webhook-")},
                "body": request.content.decode(),
            }
        )
        return httpx.Response(202)

    clients.open_client = lambda: httpx.Client(transport=httpx.MockTransport(keep))
    live()
    delivery.flush()
    OWN.write_text("".join(json.dumps(one) + "\n" for one in written), "utf-8")
    print(f"{len(written)} deliveries")


if __name__ == "__main__":
    main()
