from pathlib import Path
from typing import Any

import pytest

from polar_django.sandbox.models import Benefit, Product, WebhookEvent
from polar_django.sandbox.seed import seed, seed_file

CATALOGUE: dict[str, Any] = {
    "benefits": {"pro": {"type": "custom", "description": "Everything in Pro"}},
    "products": {
        "pro-monthly": {
            "name": "Pro",
            "recurring_interval": "month",
            "prices": [{"amount_type": "fixed", "price_amount": 900}],
            "benefits": ["pro"],
        }
    },
}


def test_a_catalogue_is_made_with_its_keys(db: None) -> None:
    ids = seed(CATALOGUE)

    product, benefit = Product.objects.get(), Benefit.objects.get()
    assert ids == {
        "benefits": {"pro": str(benefit.id)},
        "products": {"pro-monthly": str(product.id)},
        "meters": {},
        "discounts": {},
    }
    assert product.metadata == {"key": "pro-monthly"}
    assert list(product.benefits.all()) == [benefit]


def test_the_second_time_nothing_happens(db: None) -> None:
    first = seed(CATALOGUE)
    events = WebhookEvent.objects.count()

    assert seed(CATALOGUE) == first
    assert WebhookEvent.objects.count() == events


def test_what_differs_is_brought_up_to_date(db: None) -> None:
    first = seed(CATALOGUE)
    changed = {
        "benefits": {"pro": {"description": "All of Pro"}, "more": {"description": "And more"}},
        "products": {
            "pro-monthly": {**CATALOGUE["products"]["pro-monthly"], "benefits": ["more", "pro"]}
        },
    }
    changed["products"]["pro-monthly"]["name"] = "Pro, renamed"

    second = seed(changed)

    assert second["products"] == first["products"]
    product = Product.objects.get()
    assert product.name == "Pro, renamed"
    links = product.product_benefits.order_by("order")
    assert [link.benefit.description for link in links] == ["And more", "All of Pro"]


def test_an_unknown_benefit_key_makes_nothing(db: None) -> None:
    with pytest.raises(KeyError, match="nothing-like-it"):
        seed(
            {
                "products": {
                    "x": {**CATALOGUE["products"]["pro-monthly"], "benefits": ["nothing-like-it"]}
                }
            }
        )

    assert not Product.objects.exists()


def test_a_toml_file_says_the_same(db: None, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(
        """
        [benefits.pro]
        description = "Everything in Pro"

        [products.ebook]
        name = "Ebook"
        benefits = ["pro"]
        prices = [{ amount_type = "fixed", price_amount = 1500 }]
        """
    )

    ids = seed_file(file)

    assert list(ids["products"]) == ["ebook"]
    assert Product.objects.get().prices.get().price_amount == 1_500
