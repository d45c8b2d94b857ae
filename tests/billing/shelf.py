"""More to sell than the usual catalogue: what a buyer prices, what is free, and discounts."""

from typing import Any

from polar_django.sandbox.seed import seed

SHELF: dict[str, dict[str, dict[str, Any]]] = {
    "meters": {
        "tokens": {
            "name": "Tokens",
            "filter": {"conjunction": "and", "clauses": []},
            "aggregation": {"func": "count"},
        }
    },
    "benefits": {"thanks": {"description": "Our thanks"}},
    "products": {
        "donation": {
            "name": "Donation",
            "prices": [
                {
                    "amount_type": "custom",
                    "minimum_amount": 500,
                    "maximum_amount": 20_000,
                    "preset_amount": 1_000,
                }
            ],
            "benefits": ["thanks"],
        },
        "hobby": {
            "name": "Hobby",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 0}],
            "benefits": ["thanks"],
        },
        "studio": {
            "name": "Studio",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 3_000}],
            "benefits": ["thanks"],
        },
        "euro": {
            "name": "Euro",
            "prices": [
                {"amount_type": "fixed", "price_amount": 1_000, "price_currency": "usd"},
                {"amount_type": "fixed", "price_amount": 900, "price_currency": "eur"},
            ],
            "benefits": ["thanks"],
        },
    },
    "discounts": {
        "spring": {
            "name": "Spring",
            "code": "SPRING20",
            "type": "percentage",
            "basis_points": 2_000,
            "duration": "once",
        },
        "friends": {
            "name": "Friends",
            "type": "percentage",
            "basis_points": 5_000,
            "duration": "forever",
        },
    },
}


def stock(sandbox: Any) -> dict[str, dict[str, str]]:
    """Put it on sale, and let the mirror hear of it. The ids by kind and key."""
    ids = seed(SHELF)
    sandbox.deliver()
    return ids


def plans(settings: Any, **entries: Any) -> None:
    """What the project sells: these plans and no others."""
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": entries}
