from typing import Any

import pytest

from polar_django.sandbox import errors
from polar_django.sandbox.engine import catalog, drafts
from polar_django.sandbox.engine.organization import update_organization
from polar_django.sandbox.models import BenefitGrant, Customer, Order, PaymentMethod
from tests.sandbox.conftest import FAILS_LATER, PAYS, Ears, Shop


@pytest.fixture
def customer(shop: Shop, ears: Ears) -> Customer:
    """One who bought before, so that there is a card."""
    shop.buy(shop.pro, PAYS)
    update_organization({"feature_settings": {"off_session_charges_enabled": True}})
    ears.events()
    return Customer.objects.get()


def draft(shop: Shop, customer: Customer, **data: Any) -> Order:
    return drafts.create_draft({"customer_id": customer.id, "product_id": shop.ebook.id, **data})


def test_a_draft_has_no_number_and_nothing_is_charged(
    shop: Shop, customer: Customer, ears: Ears
) -> None:
    draft(shop, customer)

    assert ears.types() == ["order.created"]
    row = Order.objects.latest("created_at")
    assert (row.status, row.paid, row.invoice_number) == ("draft", False, None)


def test_finalizing_charges_the_saved_card_and_grants_follow(
    shop: Shop, customer: Customer, ears: Ears
) -> None:
    order = draft(shop, customer, amount=900, description="9 pages")
    ears.events()

    drafts.finalize_draft(order)

    assert ears.types() == [
        "order.updated",
        "order.paid",
        "benefit_grant.created",
        "customer.state_changed",
    ]
    row = Order.objects.latest("created_at")
    assert (row.status, row.total_amount) == ("paid", 900)
    assert row.invoice_number is not None
    assert row.items.get().label == "9 pages"
    assert BenefitGrant.objects.filter(order=row, granted_at__isnull=False).exists()
    with pytest.raises(errors.OrderNotDraft) as refusal:
        drafts.finalize_draft(order)
    assert refusal.value.status == 412


def test_a_refused_card_leaves_the_draft(shop: Shop, customer: Customer, ears: Ears) -> None:
    order = draft(shop, customer)
    PaymentMethod.objects.update(behaviour="fails_later")
    ears.events()

    with pytest.raises(errors.PaymentFailed):
        drafts.finalize_draft(order)

    assert ears.types() == []
    assert Order.objects.latest("created_at").status == "draft"


def test_a_card_is_the_customers_own(shop: Shop, customer: Customer) -> None:
    shop.buy(shop.ebook, FAILS_LATER, customer_email="bob@example.com")
    others = PaymentMethod.objects.latest("created_at")

    with pytest.raises(errors.InvalidRequest, match="Payment method does not exist"):
        drafts.finalize_draft(draft(shop, customer), payment_method_id=others.id)


def test_the_organization_must_allow_it(shop: Shop) -> None:
    shop.buy(shop.pro)

    with pytest.raises(errors.OffSessionChargesNotEnabled):
        draft(shop, Customer.objects.get())


@pytest.mark.parametrize("name", ["pro", "gift"])
def test_only_a_fixed_price_paid_once_can_be_drafted(
    shop: Shop, customer: Customer, name: str
) -> None:
    product_id = getattr(shop, name).id

    with pytest.raises(errors.InvalidRequest, match="Only one-time products"):
        draft(shop, customer, product_id=product_id)


def test_too_small_an_amount_is_refused_and_nothing_is_free(shop: Shop, customer: Customer) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"at least \$0.50"):
        draft(shop, customer, amount=20)
    PaymentMethod.objects.update(behaviour="fails_later")

    drafts.finalize_draft(draft(shop, customer, amount=0))

    assert Order.objects.latest("created_at").status == "paid"


def test_another_product_in_another_currency_is_refused(shop: Shop, customer: Customer) -> None:
    price = {"amount_type": "fixed", "price_amount": 900, "price_currency": "eur"}
    dollars = {"amount_type": "fixed", "price_amount": 1_000}
    both = catalog.create_product({"name": "Both", "prices": [price, dollars]})

    order = draft(shop, customer, product_id=both.id, currency="EUR")

    assert (order.currency, order.total_amount) == ("eur", 900)
    with pytest.raises(errors.InvalidRequest):
        draft(shop, customer, product_id=both.id, currency="gbp")
