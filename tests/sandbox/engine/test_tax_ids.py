import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import checkouts, customers
from polar_django.sandbox.engine.tax_ids import read_tax_id
from polar_django.sandbox.models import Customer
from tests.sandbox.conftest import Shop

FRENCH = "FR61954506077"


@pytest.mark.parametrize(
    ("number", "country", "kind"),
    [
        (FRENCH, "FR", "eu_vat"),
        ("EL123456789", "GR", "eu_vat"),
        ("12-3456789", "US", "us_ein"),
        ("GB 123456789", "GB", "gb_vat"),
        (FRENCH, None, "eu_vat"),
        ("GB123456789", None, "gb_vat"),
    ],
)
def test_a_number_is_kept_with_its_kind(number: str, country: str | None, kind: str) -> None:
    assert read_tax_id(number, country, "tax_id") == [number, kind]


@pytest.mark.parametrize(
    ("number", "country"),
    [(FRENCH, "US"), (FRENCH, "DE"), ("FR", "FR"), ("hello", "GB"), (FRENCH, "XX")],
)
def test_a_number_of_another_country_is_refused(number: str, country: str) -> None:
    with pytest.raises(errors.InvalidRequest, match="Invalid tax ID") as refused:
        read_tax_id(number, country, "customer_tax_id")

    assert refused.value.errors[0]["loc"] == ["body", "customer_tax_id"]


def test_a_number_needs_a_country_on_the_pay_page(shop: Shop) -> None:
    with pytest.raises(errors.InvalidRequest, match="Country is required to validate tax ID"):
        shop.open(shop.pro, customer_tax_id=FRENCH)


def test_a_move_to_another_country_makes_the_known_number_wrong(shop: Shop) -> None:
    address = {"country": "FR"}
    alice = customers.create_customer(
        {"email": "alice@example.com", "tax_id": FRENCH, "billing_address": address}
    )
    checkout = checkouts.create_checkout({"products": [shop.ebook.id], "customer_id": alice.id})

    with pytest.raises(errors.InvalidRequest, match="Invalid tax ID"):
        shop.confirm(checkout, country="US")


def test_the_buyers_number_becomes_the_customers(shop: Shop) -> None:
    shop.buy(
        shop.ebook,
        country="FR",
        customer_tax_id=FRENCH,
        customer_billing_address={"country": "FR"},
    )

    assert Customer.objects.get().tax_id == [FRENCH, "eu_vat"]
