from pathlib import Path
from typing import Any

import pytest

from polar_django.sandbox.engine import discounts
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import Benefit, Discount, Product, WebhookEvent
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


def product(**values: Any) -> dict[str, Any]:
    return {"products": {"wrong": {**CATALOGUE["products"]["pro-monthly"], **values}}}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (product(recurring_interval="mnth"), "products.wrong.recurring.recurring_interval"),
        (product(prices=[{"amount_type": "fixd", "price_amount": 1}]), "products.wrong"),
        (product(name="P"), "products.wrong.recurring.name"),
        ({"benefits": {"x": {"description": "y" * 43}}}, "benefits.x.custom.description"),
        ({"benefits": {"x": {"type": "licence", "description": "Key"}}}, "benefits.x"),
        ({"meters": {"x": {"name": "Tokens"}}}, "meters.x.filter"),
        ({"discounts": {"x": {"name": "X", "type": "percentage", "duration": "once"}}}, "discou"),
    ],
)
def test_what_the_api_refuses_is_refused_with_its_place(
    db: None, wrong: dict[str, Any], place: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        seed({**wrong, "benefits": {**CATALOGUE["benefits"], **wrong.get("benefits", {})}})

    assert refused.value.detail.startswith(place)
    assert not Product.objects.exists()
    assert not Benefit.objects.exists()


def test_a_benefits_type_is_for_good(db: None) -> None:
    seed(CATALOGUE)

    with pytest.raises(InvalidRequest, match="type mismatch"):
        seed({"benefits": {"pro": {"type": "feature_flag", "description": "Everything in Pro"}}})


def test_what_a_benefit_gives_and_who_sees_it_is_brought_up_to_date(db: None) -> None:
    keys = {"type": "license_keys", "description": "A key", "properties": {"prefix": "ACME"}}
    seed({"benefits": {"key": keys}})
    more = {**keys, "visibility": "private", "properties": {"prefix": "ACME", "limit_usage": 5}}

    seed({"benefits": {"key": more}})

    benefit = Benefit.objects.get()
    assert benefit.visibility == "private"
    assert benefit.properties["limit_usage"] == 5
    events = WebhookEvent.objects.count()
    seed({"benefits": {"key": more}})
    assert WebhookEvent.objects.count() == events


def test_what_a_discount_takes_off_is_brought_up_to_date(db: None) -> None:
    fixed = {"name": "Spring", "type": "fixed", "duration": "once", "amount": 500}
    share = {"name": "Tenth", "type": "percentage", "duration": "once", "basis_points": 1_000}
    seed({"discounts": {"fixed": fixed, "share": share}})

    changed = {"fixed": {**fixed, "amount": 700}, "share": {**share, "basis_points": 2_000}}
    seed({"discounts": changed})

    assert Discount.objects.get(name="Spring").amounts == {"usd": 700}
    assert Discount.objects.get(name="Tenth").basis_points == 2_000
    events = WebhookEvent.objects.count()
    seed({"discounts": changed})
    assert WebhookEvent.objects.count() == events


def test_a_discount_is_brought_back_to_its_products(db: None) -> None:
    share = {"name": "Tenth", "type": "percentage", "duration": "once", "basis_points": 1_000}
    catalogue = {**CATALOGUE, "discounts": {"share": {**share, "products": ["pro-monthly"]}}}
    seed(catalogue)
    discounts.update_discount(Discount.objects.get(), {"products": []})

    seed(catalogue)

    assert Discount.objects.get().products.get() == Product.objects.get()


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
