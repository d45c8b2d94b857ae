from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, meters
from polar_django.sandbox.models import BenefitGrant, Order, Price, Subscription
from tests.sandbox.conftest import Ears, Shop

FIXED = {"amount_type": "fixed", "price_amount": 1_000}
CUSTOM = {"amount_type": "custom", "minimum_amount": 500}
METERED = {
    "amount_type": "metered_unit",
    "meter_id": str(uuid4()),
    "unit_amount": "1",
    "tax_behavior": "exclusive",
}
EUROS = {"amount_type": "fixed", "price_amount": 900, "price_currency": "eur"}


def test_a_free_price_is_stored_as_fixed_nothing(ears: Ears) -> None:
    product = catalog.create_product({"name": "Gratis", "prices": [{"amount_type": "free"}]})

    price = product.prices.get()
    assert (price.amount_type, price.price_amount) == ("fixed", 0)
    assert ears.data("product.created")["prices"][0]["price_amount"] == 0


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ([], "At least one price"),
        ([FIXED, FIXED], "Only one static price"),
        ([FIXED, CUSTOM], "cannot be combined"),
        ([EUROS], "default presentment currency"),
        ([{**FIXED, "tax_behavior": "inclusive"}, METERED], "same tax behavior"),
        ([FIXED, {"amount_type": "metered_unit", "meter_id": str(uuid4())}], "one-time products"),
    ],
)
def test_prices_that_cannot_stand_together_are_refused(
    ears: Ears, prices: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(errors.InvalidRequest, match=message):
        catalog.create_product({"name": "Wrong", "prices": prices})

    assert ears.types() == []


def test_a_product_may_have_a_price_per_currency(ears: Ears) -> None:
    product = catalog.create_product({"name": "Both", "prices": [FIXED, EUROS]})

    assert product.prices.count() == 2


def test_prices_in_two_currencies_may_differ_in_their_tax(ears: Ears) -> None:
    prices = [{**FIXED, "tax_behavior": "inclusive"}, {**EUROS, "tax_behavior": "exclusive"}]

    product = catalog.create_product({"name": "Both", "prices": prices})

    assert {each.tax_behavior for each in product.prices.all()} == {"inclusive", "exclusive"}


def test_a_price_that_stays_says_how_the_new_one_is_taxed(shop: Shop) -> None:
    sold = catalog.create_product(
        {
            "name": "Sold",
            "recurring_interval": "month",
            "prices": [{**FIXED, "tax_behavior": "inclusive"}],
        }
    )
    meter = meters.create_meter({"name": "Calls", "aggregation": {"func": "count"}})
    kept = {"id": str(sold.prices.get().id)}

    with pytest.raises(errors.InvalidRequest, match="same tax behavior"):
        catalog.update_product(sold, {"prices": [kept, {**METERED, "meter_id": str(meter.id)}]})


@pytest.mark.parametrize("wish", [{"recurring_interval": "year"}, {"recurring_interval_count": 3}])
def test_how_often_a_product_is_paid_is_for_good(shop: Shop, wish: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequest, match="Recurring interval cannot be changed"):
        catalog.update_product(shop.pro, wish)

    catalog.update_product(shop.pro, {"recurring_interval": "month", "recurring_interval_count": 1})


def test_new_prices_archive_the_old_and_subscribers_keep_theirs(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro)
    old = shop.pro.prices.get()
    ears.events()

    catalog.update_product(shop.pro, {"prices": [{"amount_type": "fixed", "price_amount": 2_000}]})

    data = ears.data("product.updated")
    assert [price["price_amount"] for price in data["prices"]] == [2_000]
    assert Price.objects.get(pk=old.pk).is_archived
    assert list(Subscription.objects.get().prices.all()) == [old]


def test_a_renewal_is_charged_at_the_price_that_was_bought(shop: Shop) -> None:
    shop.buy(shop.pro)
    catalog.update_product(shop.pro, {"prices": [{"amount_type": "fixed", "price_amount": 2_000}]})

    shop.roll_to(Subscription.objects.get().current_period_end)

    assert Order.objects.latest("created_at").total_amount == 1_000


def test_a_changed_benefit_list_spares_those_who_rest_and_reaches_past_purchases(
    shop: Shop, ears: Ears
) -> None:
    shop.buy(shop.pro, customer_email="ada@example.com")
    shop.buy(shop.ebook, customer_email="bob@example.com")
    Subscription.objects.update(status="paused")
    BenefitGrant.objects.filter(order=None).delete()
    ears.events()

    for product in (shop.pro, shop.ebook):
        catalog.set_product_benefits(product, [shop.benefits[0].id])

    assert ears.types() == [
        "product.updated",
        "product.updated",
        "benefit_grant.revoked",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    held = BenefitGrant.objects.filter(granted_at__isnull=False)
    assert [(grant.customer.email, grant.benefit) for grant in held] == [
        ("bob@example.com", shop.benefits[0])
    ]


def test_a_price_named_by_id_stays(shop: Shop) -> None:
    old = shop.pro.prices.get()

    catalog.update_product(shop.pro, {"prices": [{"id": old.pk}, EUROS]})

    assert not Price.objects.get(pk=old.pk).is_archived
    assert shop.pro.prices.filter(is_archived=False).count() == 2


def test_the_interval_of_a_product_is_fixed(shop: Shop) -> None:
    with pytest.raises(errors.InvalidRequest, match="interval cannot be changed"):
        catalog.update_product(shop.pro, {"recurring_interval": "year"})


def test_benefits_keep_the_order_they_are_given_in(shop: Shop, ears: Ears) -> None:
    reversed_ids = [each.id for each in reversed(shop.benefits)]

    catalog.set_product_benefits(shop.pro, reversed_ids)

    data = ears.data("product.updated")
    assert [each["id"] for each in data["benefits"]] == [str(each) for each in reversed_ids]


def test_an_unknown_benefit_is_named_by_its_place(shop: Shop) -> None:
    with pytest.raises(errors.InvalidRequest, match="Benefit does not exist") as refused:
        catalog.set_product_benefits(shop.pro, [shop.benefits[0].id, uuid4()])

    assert refused.value.errors[0]["loc"] == ["body", "benefits", 1]


def test_a_changed_benefit_list_reaches_those_who_bought_already(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro)
    shop.buy(shop.ebook, customer_email="bob@example.com")
    new = catalog.create_benefit({"type": "custom", "description": "Something new"})
    ears.events()

    catalog.set_product_benefits(shop.pro, [shop.benefits[0].id, new.id])
    catalog.set_product_benefits(shop.ebook, [])

    assert ears.types() == [
        "product.updated",
        "benefit_grant.revoked",
        "benefit_grant.created",
        "customer.state_changed",
        "product.updated",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]


def test_a_deleted_benefit_is_updated_and_taken_from_everybody(shop: Shop, ears: Ears) -> None:
    shop.buy(shop.pro)
    ears.events()

    catalog.delete_benefit(shop.benefits[0])

    events = ears.events()
    assert [name for name, _ in events] == [
        "benefit.updated",
        "benefit_grant.revoked",
        "customer.state_changed",
    ]
    assert events[0][1]["is_deleted"] is True


def test_a_product_that_was_sold_cannot_be_deleted(shop: Shop) -> None:
    shop.buy(shop.ebook)

    with pytest.raises(errors.ProductNotDeletable):
        catalog.delete_product(shop.ebook)
    catalog.delete_product(shop.gift)

    assert not Price.objects.filter(amount_type="custom").exists()


def test_a_feature_flag_is_private_unless_told_otherwise(ears: Ears) -> None:
    flag = catalog.create_benefit({"type": "feature_flag", "description": "A flag"})
    shown = catalog.create_benefit(
        {"type": "feature_flag", "description": "A flag", "visibility": "public"}
    )

    assert (flag.visibility, shown.visibility) == ("private", "public")


def test_a_benefits_properties_are_replaced_all_at_once(shop: Shop) -> None:
    keys = catalog.create_benefit(
        {
            "type": "license_keys",
            "description": "A key",
            "properties": {"prefix": "ACME", "limit_usage": 5},
        }
    )

    catalog.update_benefit(keys, {"properties": {"limit_usage": 9}})

    assert keys.properties["prefix"] is None
    assert keys.properties["limit_usage"] == 9
