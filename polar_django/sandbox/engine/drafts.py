"""Draft orders: charged to a saved card when they are finalized, with nobody at a pay page."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from polar_django.sandbox.engine import grants, orders, rows
from polar_django.sandbox.engine.emit import emit_order
from polar_django.sandbox.engine.invoicing import Line, add_order
from polar_django.sandbox.engine.numbering import next_invoice_number
from polar_django.sandbox.engine.organization import has_feature
from polar_django.sandbox.engine.payments import pays_later
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import (
    OffSessionChargesNotEnabled,
    OrderNotDraft,
    PaymentFailed,
    invalid,
)
from polar_django.sandbox.models import Customer, Order, PaymentMethod, Price, Product
from polar_django.sandbox.pricing import MINIMUM_CHARGE
from polar_django.sandbox.shapes.catalog import catalog_prices

__all__ = ["create_draft", "finalize_draft"]


def create_draft(data: Mapping[str, Any]) -> Order:
    """`data`: customer_id, product_id (one-time, fixed price), amount and description instead of
    the product's own, currency, metadata, custom_field_data.

    Without an invoice number. Sends order.created. Raises OffSessionChargesNotEnabled,
    InvalidRequest.
    """
    if not has_feature("off_session_charges_enabled"):
        raise OffSessionChargesNotEnabled
    customer = Customer.objects.filter(pk=data["customer_id"], deleted_at=None).first()
    if customer is None:
        raise invalid("Customer does not exist.", "customer_id", value=str(data["customer_id"]))
    product = Product.objects.filter(pk=data["product_id"], deleted_at=None).first()
    if product is None:
        raise invalid("Product does not exist.", "product_id", value=str(data["product_id"]))
    currency = str(data.get("currency") or "usd").lower()
    price = _price_of(product, currency)
    amount = data.get("amount")
    if amount is not None and 0 < amount < MINIMUM_CHARGE:
        message = "Amount must be at least $0.50 or 0."
        raise invalid(message, "amount", value=amount)
    line = Line(
        data.get("description") or product.name,
        price.price_amount or 0 if amount is None else amount,
        price,
    )
    with business_transaction():
        order = add_order(
            [line],
            customer=customer,
            currency=currency,
            status="draft",
            billing_reason="purchase",
            product=product,
            metadata=dict(data.get("metadata") or {}),
            custom_field_data=dict(data.get("custom_field_data") or {}),
        )
        emit_order(order, "created")
        return order


def _price_of(product: Product, currency: str) -> Price:
    prices = [each for each in catalog_prices(product) if each.price_currency == currency]
    if product.is_recurring or [each.amount_type for each in prices] != ["fixed"]:
        message = "Only one-time products with a fixed price in this currency are supported."
        raise invalid(message, "product_id", value=str(product.id))
    return prices[0]


def finalize_draft(order: Order, *, payment_method_id: UUID | None = None) -> Order:
    """Charge the card named, or the customer's default one; grants follow.

    Sends order.updated, .paid. Raises OffSessionChargesNotEnabled, OrderNotDraft, InvalidRequest
    (no such card), PaymentFailed: then it is a draft still.
    """
    if not has_feature("off_session_charges_enabled"):
        raise OffSessionChargesNotEnabled
    with business_transaction() as work:
        order.refresh_from_db()
        if order.status != "draft":
            raise OrderNotDraft
        card = _card(order, payment_method_id)
        if order.due_amount > 0 and not pays_later(card):
            raise PaymentFailed
        number = next_invoice_number(order.customer)
        rows.change(order, payment_method=card, invoice_number=number)
        orders.mark_paid(order)
        work.later(partial(grants.sync_order, order.id))
        return order


def _card(order: Order, payment_method_id: UUID | None) -> PaymentMethod | None:
    if payment_method_id is None:
        return order.customer.default_payment_method
    own = order.customer.payment_methods.filter(pk=payment_method_id, deleted_at=None)
    card = own.first()
    if card is None:
        message = "Payment method does not exist."
        raise invalid(message, "payment_method_id", value=str(payment_method_id))
    return card
