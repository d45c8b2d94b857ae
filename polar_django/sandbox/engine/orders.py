"""Orders: made paid by a checkout, pending by a renewal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.addresses import normalize_address
from polar_django.sandbox.engine.emit import emit_order
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import (
    Checkout,
    Customer,
    Order,
    OrderItem,
    Price,
    Product,
    Subscription,
)
from polar_django.sandbox.pricing import STATIC_TYPES, discount_on, price_amount
from polar_django.sandbox.tax import tax_on

__all__ = [
    "add_checkout_order",
    "add_renewal_order",
    "announce_paid",
    "generate_invoice",
    "mark_paid",
    "update_order",
    "void_order",
]


def update_order(order: Order, data: Mapping[str, Any]) -> Order:
    """Change billing_name or billing_address. Sends order.updated."""
    values: dict[str, Any] = {}
    if "billing_name" in data:
        values["billing_name"] = data["billing_name"]
    if data.get("billing_address") is not None:
        values["billing_address"] = normalize_address(data["billing_address"])
    with business_transaction():
        rows.change(order, **values)
        emit_order(order, "updated")
        return order


def generate_invoice(order: Order) -> Order:
    """Make the invoice. Sends order.updated; nothing where there is one already."""
    with business_transaction():
        if not order.is_invoice_generated:
            rows.change(order, is_invoice_generated=True)
            emit_order(order, "updated")
        return order


def add_checkout_order(
    checkout: Checkout,
    product: Product,
    customer: Customer,
    prices: Sequence[Price],
    subscription: Subscription | None,
) -> Order:
    """The paid order of a confirmed checkout; a trial's costs nothing. Sends nothing."""
    reason = "purchase"
    if subscription is not None:
        is_upgrade = checkout.subscription_id is not None
        reason = "subscription_update" if is_upgrade else "subscription_create"
    in_trial = checkout.trial_end is not None
    tax = 0 if in_trial else checkout.tax_amount or 0
    order = rows.create(
        Order,
        status="paid",
        billing_reason=reason,
        customer=customer,
        product=product,
        subscription=subscription,
        checkout=checkout,
        discount=checkout.discount,
        payment_method=checkout.payment_method,
        currency=checkout.currency,
        subtotal_amount=0 if in_trial else checkout.amount,
        discount_amount=0 if in_trial else checkout.discount_amount,
        net_amount=0 if in_trial else checkout.net_amount,
        tax_amount=tax,
        total_amount=0 if in_trial else checkout.total_amount,
        billing_name=customer.billing_name or customer.name,
        billing_address=customer.billing_address,
        invoice_number=_next_number(customer),
        seats=checkout.seats,
        units=checkout.units,
        metadata=dict(checkout.metadata),
        custom_field_data=dict(checkout.custom_field_data),
    )
    for price in _billed(prices):
        amount = price_amount(
            price,
            custom_amount=checkout.custom_amount,
            seats=checkout.seats,
            units=checkout.units,
        )
        _add_item(order, product.name, 0 if in_trial else amount, price)
    _share_tax(order, tax)
    return order


def add_renewal_order(subscription: Subscription, at: datetime) -> Order:
    """The pending order of a period that begins at `at`. Sends nothing."""
    customer, product = subscription.customer, subscription.product
    prices = list(subscription.prices.select_related("product").order_by("created_at"))
    lines = [
        (
            price,
            price_amount(
                price,
                custom_amount=subscription.custom_amount,
                seats=subscription.seats,
                units=subscription.units,
            ),
        )
        for price in _billed(prices)
    ]
    subtotal = sum(amount for _, amount in lines)
    discount = subscription.discount
    discount_amount = discount_on(discount, subtotal, subscription.currency)
    net = subtotal - discount_amount
    tax = tax_on(net, (customer.billing_address or {}).get("country"))
    order = rows.create(
        Order,
        status="pending",
        billing_reason="subscription_cycle",
        customer=customer,
        product=product,
        subscription=subscription,
        discount=discount,
        payment_method=subscription.payment_method,
        currency=subscription.currency,
        subtotal_amount=subtotal,
        discount_amount=discount_amount,
        net_amount=net,
        tax_amount=tax,
        total_amount=net + tax,
        billing_name=customer.billing_name or customer.name,
        billing_address=customer.billing_address,
        invoice_number=_next_number(customer),
        seats=subscription.seats,
        units=subscription.units,
        metadata=dict(subscription.metadata),
        custom_field_data=dict(subscription.custom_field_data),
    )
    period = f"From {_day(at)} to {_day(subscription.current_period_end)}"
    for price, amount in lines:
        _add_item(order, f"{product.name} \N{EM DASH} {period}", amount, price)
    _share_tax(order, tax)
    return order


def mark_paid(order: Order) -> None:
    """pending → paid. Sends order.updated, order.paid."""
    rows.change(order, status="paid", next_payment_attempt_at=None)
    announce_paid(order)


def announce_paid(order: Order) -> None:
    """Sends order.updated, order.paid; the receipt of a real payment comes with the second."""
    emit_order(order, "updated")
    if order.total_amount > 0:
        rows.change(order, receipt_number=_next_receipt(order.customer))
    emit_order(order, "paid")


def void_order(order: Order) -> None:
    """pending → void. Sends order.updated."""
    rows.change(order, status="void", next_payment_attempt_at=None)
    emit_order(order, "updated")


def _billed(prices: Sequence[Price]) -> list[Price]:
    return [price for price in prices if price.amount_type in STATIC_TYPES]


def _add_item(order: Order, label: str, amount: int, price: Price) -> None:
    rows.create(OrderItem, order=order, label=label, amount=amount, product_price=price)


def _share_tax(order: Order, tax: int) -> None:
    """The order's tax stands on its first item, so that the items add up to the order."""
    first = order.items.order_by("created_at").first()
    if first is not None and tax:
        first.tax_amount = tax
        first.save(update_fields=["tax_amount"])


def _next_number(customer: Customer) -> str:
    """SANDBOX-ABCDEFGHIJ-0001: numbered per customer, as a new organization does."""
    customer.invoices_made += 1
    customer.save(update_fields=["invoices_made"])
    return f"{_prefix()}-{customer.short_id}-{customer.invoices_made:04}"


def _next_receipt(customer: Customer) -> str:
    customer.receipts_made += 1
    customer.save(update_fields=["receipts_made"])
    return f"RCPT-{customer.short_id}-{customer.receipts_made:04}"


def _prefix() -> str:
    return get_organization().slug.upper()


def _day(time: datetime) -> str:
    return f"{time:%b} {time.day}, {time.year}"
