"""What may be chosen in a session: product, currency, quantity, address, language."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from polar_django.sandbox import errors, shapes
from polar_django.sandbox.engine import catalog, checkouts, discounts
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import Checkout, Order, Price, Product, Subscription
from tests.sandbox.conftest import Ears, Shop
from tests.sandbox.polars_schema import Judge

STREET = {"line1": "1 Main St", "postal_code": "1012", "city": "Amsterdam", "country": "NL"}


def seats_product(least: int = 3, most: int | None = 8, name: str = "Team") -> Product:
    tiers = [{"min_seats": least, "max_seats": most, "price_per_seat": 500}]
    price = {"amount_type": "seat_based", "seat_tiers": {"tiers": tiers}}
    return catalog.create_product({"name": name, "recurring_interval": "month", "prices": [price]})


def units_product() -> Product:
    """From 2 to 100 units at a third of a dollar and a bit each."""
    price = {
        "amount_type": "unit_based",
        "minimum_units": 2,
        "maximum_units": 100,
        "tiers": {"type": "volume", "tiers": [{"bound": None, "unit_amount": "33.4"}]},
    }
    return catalog.create_product(
        {"name": "Units", "recurring_interval": "month", "prices": [price]}
    )


@pytest.fixture
def units(shop: Shop, polars_schema: Judge) -> Iterator[Product]:
    """Younger than Polar's document, which has nothing to say here."""
    yield units_product()
    polars_schema.complaints.clear()


# Seats and units


def test_a_session_begins_with_the_fewest_that_may_be_bought(shop: Shop, units: Product) -> None:
    team = seats_product()

    assert shop.open(team).seats == 3
    assert shop.open(team, min_seats=4).seats == 4
    assert shop.open(units).units == 2
    assert shop.open(units, min_units=10).units == 10


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"seats": 2}, "seats", "Minimum 3 seats required."),
        ({"seats": 9}, "seats", "Maximum 8 seats allowed."),
        ({"min_seats": 2}, "min_seats", "Minimum 3 seats required."),
        ({"max_seats": 9}, "max_seats", "Maximum 8 seats allowed."),
        ({"min_seats": 5, "seats": 4}, "seats", "Minimum 5 seats required."),
        ({"max_seats": 5, "seats": 6}, "seats", "Maximum 5 seats allowed."),
        ({"units": 2}, "units", "Units can only be set for unit-based pricing."),
    ],
)
def test_the_sessions_bounds_lie_inside_those_of_the_price(
    shop: Shop, asked: dict[str, int], field: str, says: str
) -> None:
    team = seats_product()

    with pytest.raises(errors.InvalidRequest) as refused:
        shop.open(team, **asked)

    (error,) = refused.value.errors
    assert (error["loc"], error["msg"]) == (["body", field], says)
    assert not Checkout.objects.exists()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"units": 1}, "Minimum 2 units required."),
        ({"units": 101}, "Maximum 100 units allowed."),
        ({"seats": 2}, "Seats can only be set for seat-based pricing."),
        ({"min_seats": 2}, "Seats can only be set for seat-based pricing."),
    ],
)
def test_units_have_their_bounds_too(
    shop: Shop, units: Product, asked: dict[str, int], says: str
) -> None:
    with pytest.raises(errors.InvalidRequest, match=says):
        shop.open(units, **asked)


def test_a_buyer_keeps_to_the_bounds_of_the_session(shop: Shop) -> None:
    checkout = shop.open(seats_product(), min_seats=4, max_seats=6)

    checkouts.update_checkout_by_buyer(checkout, {"seats": 6})
    assert checkout.amount == 3_000
    for seats in (3, 7):
        with pytest.raises(errors.InvalidRequest):
            checkouts.update_checkout_by_buyer(checkout, {"seats": seats})
    # What is the seller's to say is not heard.
    checkouts.update_checkout_by_buyer(checkout, {"min_seats": 1, "max_seats": 100})
    checkout.refresh_from_db()
    assert (checkout.min_seats, checkout.max_seats, checkout.seats) == (4, 6, 6)


def test_another_product_keeps_the_number_where_it_is_sold_in_that(shop: Shop) -> None:
    small, big = seats_product(2, 5), seats_product(4, None, "Big")
    checkout = checkouts.create_checkout({"products": [small.id, big.id, shop.pro.id], "seats": 2})

    for product, seats in ((big, 4), (small, 4), (shop.pro, None), (big, 4)):
        checkouts.update_checkout_by_buyer(checkout, {"product_id": product.id})
        assert checkout.seats == seats


def test_a_unit_may_cost_a_part_of_a_cent(shop: Shop, units: Product) -> None:
    shop.buy(units, units=10)

    assert Subscription.objects.get().amount == 334
    assert Order.objects.get().total_amount == 334


# Product, price, currency


def test_a_product_may_be_named_by_its_price(shop: Shop, ears: Ears) -> None:
    """The old way to make and to change a session."""
    price = Price.objects.get(product=shop.ebook)
    made = checkouts.create_checkout({"product_price_id": price.id})
    assert (made.product, made.product_price) == (shop.ebook, price)

    checkout = checkouts.create_checkout({"products": [shop.pro.id, shop.ebook.id]})
    checkouts.update_checkout_by_buyer(checkout, {"product_price_id": price.id})
    assert (checkout.product, checkout.amount) == (shop.ebook, 1_500)
    other = Price.objects.get(product=shop.free)
    with pytest.raises(errors.InvalidRequest, match="not available in this checkout") as refused:
        checkouts.update_checkout_by_buyer(checkout, {"product_price_id": other.id})
    assert refused.value.errors[0]["loc"] == ["body", "product_price_id"]


@pytest.fixture
def bilingual(shop: Shop) -> Product:
    prices = [
        {"amount_type": "fixed", "price_amount": 1_000},
        {"amount_type": "fixed", "price_amount": 900, "price_currency": "eur"},
    ]
    return catalog.create_product({"name": "Both", "prices": prices})


def test_a_seller_changes_the_currency_and_a_buyer_does_not(
    shop: Shop, bilingual: Product, ears: Ears
) -> None:
    checkout = shop.open(bilingual)
    assert (checkout.currency, checkout.amount) == ("usd", 1_000)
    checkouts.update_checkout_by_buyer(checkout, {"currency": "eur"})
    assert checkout.currency == "usd"
    ears.events()

    checkouts.update_checkout(checkout, {"currency": "EUR"})

    data = ears.data("checkout.updated")
    assert (data["currency"], data["amount"], data["total_amount"]) == ("eur", 900, 900)
    with pytest.raises(errors.InvalidRequest, match="not available in the specified currency"):
        checkouts.update_checkout(checkout, {"currency": "gbp"})
    shop.confirm(Checkout.objects.get())
    assert (Order.objects.get().currency, Order.objects.get().total_amount) == ("eur", 900)


def test_a_fixed_discount_is_for_the_currencies_that_it_names(
    shop: Shop, bilingual: Product
) -> None:
    fixed = {"name": "Off", "type": "fixed", "amounts": {"usd": 300}, "duration": "once"}
    discount = discounts.create_discount({**fixed, "code": "OFF"})
    with pytest.raises(errors.InvalidRequest, match="Discount does not exist"):
        shop.open(bilingual, currency="eur", discount_id=discount.id)
    in_euros = shop.open(bilingual, currency="eur")
    with pytest.raises(errors.InvalidRequest, match="not applicable"):
        checkouts.update_checkout_by_buyer(in_euros, {"discount_code": "OFF"})

    checkout = shop.open(bilingual, discount_id=discount.id)
    assert (checkout.discount_amount, checkout.total_amount) == (300, 700)
    checkouts.update_checkout(checkout, {"currency": "eur"})
    assert (checkout.discount, checkout.total_amount) == (None, 900)


def test_a_product_that_lost_its_price_is_not_free(shop: Shop, bilingual: Product) -> None:
    checkout = shop.open(bilingual, currency="eur")
    usd = Price.objects.get(product=bilingual, price_currency="usd")
    catalog.update_product(bilingual, {"prices": [{"id": str(usd.id)}]})

    with pytest.raises(errors.InvalidRequest, match="not available in the specified currency"):
        shop.confirm(checkout)
    assert not Order.objects.exists()


def test_a_price_of_the_sessions_own_is_sold_there_alone(shop: Shop, ears: Ears) -> None:
    price = {"amount_type": "fixed", "price_amount": 777}
    prices = {str(shop.pro.id): [price]}

    shop.buy(shop.pro, prices=prices)

    told = ears.events()
    made = dict(told)["checkout.created"]
    assert [each["source"] for each in made["prices"][str(shop.pro.id)]] == ["ad_hoc"]
    assert dict(told)["order.paid"]["total_amount"] == 777
    shown = shapes.product(Product.objects.get(pk=shop.pro.pk))["prices"]
    assert [each["price_amount"] for each in shown] == [1_000]
    subscription = Subscription.objects.get()
    shop.roll_to(subscription.current_period_end)
    assert Order.objects.latest("created_at").total_amount == 777


def test_a_price_is_for_a_product_of_the_session(shop: Shop) -> None:
    prices = {str(shop.free.id): [{"amount_type": "fixed", "price_amount": 777}]}

    with pytest.raises(errors.InvalidRequest, match="Product is not set on that checkout"):
        shop.open(shop.pro, prices=prices)


# Who wins


def test_the_one_to_upgrade_names_the_customer_before_all_others(shop: Shop) -> None:
    shop.confirm(shop.open(shop.free), card=None)
    free = Subscription.objects.get()
    shop.buy(shop.ebook, customer_email="bob@example.com", external_customer_id="bob")
    bob = Order.objects.latest("created_at").customer

    upgraded = shop.open(
        shop.pro, subscription_id=free.id, customer_id=bob.id, external_customer_id="bob"
    )
    assert upgraded.customer == free.customer
    named = shop.open(shop.pro, customer_id=bob.id, external_customer_id="nobody")
    assert named.customer == bob
    with pytest.raises(errors.InvalidRequest, match="Customer does not exist"):
        shop.open(shop.pro, customer_id=uuid4(), external_customer_id="bob")
    with pytest.raises(errors.InvalidRequest, match="Subscription does not exist"):
        shop.open(shop.pro, subscription_id=uuid4())


def test_a_trial_is_the_sessions_own_or_the_products_or_none(shop: Shop) -> None:
    own = {"trial_interval": "week", "trial_interval_count": 2}
    trial = {"trial_interval": "day", "trial_interval_count": 3}
    product = shop.product("Trial", 2_000, interval="month", **trial)

    def days(**data: Any) -> int | None:
        opened = shop.open(product, **data)
        return None if opened.trial_end is None else (opened.trial_end - opened.created_at).days

    assert days() in (2, 3)
    assert days(**own) in (13, 14)
    assert days(allow_trial=False, **own) is None
    assert shop.open(shop.ebook, **own).trial_end is None


def test_a_buyer_may_do_without_a_trial_but_not_take_one(shop: Shop) -> None:
    trial = {"trial_interval": "day", "trial_interval_count": 3}
    product = shop.product("Trial", 2_000, interval="month", **trial)

    checkout = shop.open(product)
    checkouts.update_checkout_by_buyer(checkout, {"allow_trial": False})
    assert checkout.trial_end is None
    checkouts.update_checkout_by_buyer(checkout, {"allow_trial": True})
    assert checkout.trial_end is None
    assert shapes.checkout(checkout)["is_payment_required"] is True


# Address and language


def test_an_address_that_the_seller_presets_has_to_be_a_whole_one(shop: Shop) -> None:
    assert shop.open(shop.pro).require_billing_address is False
    country = shop.open(shop.pro, customer_billing_address={"country": "NL"})
    assert country.require_billing_address is False

    checkout = shop.open(shop.pro, customer_billing_address=STREET)

    assert checkout.require_billing_address is True
    fields = shapes.checkout(checkout)["billing_address_fields"]
    assert {name for name, kind in fields.items() if kind == "required"} == {
        "country",
        "city",
        "postal_code",
        "line1",
    }


def test_the_page_speaks_english_unless_the_organization_speaks_more(shop: Shop) -> None:
    assert shop.open(shop.pro, locale="fr").locale == "en"
    update_organization({"feature_settings": {"checkout_localization_enabled": True}})

    checkout = shop.open(shop.pro, locale="fr")

    assert checkout.locale == "fr"
    checkouts.update_checkout_by_buyer(checkout, {"locale": "de"})
    assert checkout.locale == "de"
    checkouts.update_checkout_by_buyer(checkout, {"locale": None})
    assert checkout.locale == "en"


def test_a_buyer_who_is_known_is_not_renamed_by_a_typed_address(shop: Shop) -> None:
    shop.buy(shop.ebook, external_customer_id="ada", customer_name="Ada")
    ada = Order.objects.get().customer

    checkout = shop.open(shop.pro, customer_id=ada.id)
    checkouts.update_checkout_by_buyer(checkout, {"customer_email": "eve@example.com"})
    assert checkout.customer_email == "ada@example.com"
    shop.confirm(checkout, customer_name="Somebody Else")

    ada.refresh_from_db()
    assert (ada.email, ada.name) == ("ada@example.com", "Ada")


def test_metadata_go_where_they_belong(shop: Shop) -> None:
    shop.buy(
        shop.pro,
        metadata={"order": "1"},
        customer_metadata={"person": "1"},
        external_customer_id="ada",
    )
    subscription = Subscription.objects.get()
    assert Order.objects.get().metadata == subscription.metadata == {"order": "1"}
    assert subscription.customer.metadata == {"person": "1"}

    shop.roll_to(subscription.current_period_end)
    renewal = Order.objects.latest("created_at")
    assert (renewal.metadata, renewal.checkout) == ({"order": "1"}, None)
    shop.buy(shop.ebook, customer_metadata={"more": "2"}, external_customer_id="ada")
    subscription.customer.refresh_from_db()
    assert subscription.customer.metadata == {"person": "1", "more": "2"}
