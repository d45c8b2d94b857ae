"""One superset of JSON: the official client of every version that lives can read it."""

from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.engine import checkouts, confirmation
from polar_django.sandbox.seed import seed
from tests.sandbox_fixtures import CATALOGUE, PAYS


@pytest.mark.parametrize("version", ["v2026_04", "v2026_10", "v2027_01"])
def test_the_client_of_each_version_reads_everything(
    live_server: Any, transactional_db: None, version: str
) -> None:
    ids = seed(CATALOGUE)["products"]
    for key in ("team", "ebook"):
        checkout = checkouts.create_checkout({"products": [UUID(ids[key])]})
        body = {
            "customer_email": f"{key}@example.com",
            "customer_billing_address": {"country": "NL"},
            "confirmation_token_id": PAYS,
        }
        confirmation.confirm_checkout(checkout, body)

    module = import_module(f"polar.{version}")
    address = f"{live_server.url}/sandbox"
    with module.Polar(get_settings().access_token, base_url=address, timeout=30) as polar:
        assert len(polar.products.list().items) == 4
        assert len(polar.benefits.list().items) == 2
        assert len(polar.customers.list().items) == 2
        assert len(polar.checkouts.list().items) == 2
        assert len(polar.orders.list().items) == 2
        (team,) = polar.subscriptions.list().items
        assert team.seats == 1
        assert polar.benefit_grants.list().items
        assert polar.webhooks.list_webhook_endpoints().items
        assert polar.organizations.list().items
