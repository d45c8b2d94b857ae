"""As much of Stripe's API as dj-stripe reads for one subscription: objects by id, at once.

Each subscription is to a product of its own, with the same number.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

NOW = 1_795_000_000
COMMON = {"created": NOW, "livemode": False, "metadata": {}}


def product(key: str) -> dict[str, Any]:
    return {
        **COMMON,
        "id": key,
        "object": "product",
        "name": "Pro",
        "active": True,
        "type": "service",
    }


def price(key: str) -> dict[str, Any]:
    return {
        **COMMON,
        "id": key,
        "object": "price",
        "active": True,
        "currency": "usd",
        "product": key.replace("price_", "prod_"),
        "type": "recurring",
        "unit_amount": 900,
        "billing_scheme": "per_unit",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    }


def customer(key: str) -> dict[str, Any]:
    return {
        **COMMON,
        "id": key,
        "object": "customer",
        "email": "ada@example.com",
        "balance": 0,
        "currency": "usd",
        "delinquent": False,
        "default_source": None,
        "invoice_settings": {"default_payment_method": None},
    }


def subscription(key: str) -> dict[str, Any]:
    number = key.removeprefix("sub_")
    item = {
        **COMMON,
        "id": f"si_{number}",
        "object": "subscription_item",
        "subscription": key,
        "price": price(f"price_{number}"),
        "plan": None,
        "quantity": 1,
        "current_period_start": NOW,
        "current_period_end": 4_000_000_000,
    }
    return {
        **COMMON,
        "id": key,
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "collection_method": "charge_automatically",
        "cancel_at_period_end": False,
        "currency": "usd",
        "start_date": NOW,
        # At the top as before 2025-03: without it the check under test raises.
        "current_period_start": NOW,
        "current_period_end": 4_000_000_000,
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/"},
        "latest_invoice": None,
        "plan": None,
    }


def account() -> dict[str, Any]:
    return {**COMMON, "id": "acct_1", "object": "account", "type": "standard", "settings": {}}


MAKERS = {
    "products": product,
    "prices": price,
    "customers": customer,
    "subscriptions": subscription,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, _, kind, *rest = urlsplit(self.path).path.split("/")
        if kind == "account":
            found = account()
        elif kind in MAKERS and len(rest) == 1:
            found = MAKERS[kind](rest[0])
        else:
            found = {"object": "list", "data": [], "has_more": False, "url": self.path}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
