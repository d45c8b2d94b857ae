"""Orders and refunds as JSON."""

from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, Order, OrderItem, Refund
from polar_django.sandbox.pricing import METERED_TYPES
from polar_django.sandbox.shapes import catalog, customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.relations import related
from polar_django.sandbox.shapes.subscriptions import subscription_base

__all__ = ["order", "refund"]


def order(row: Order) -> dict[str, Any]:
    """Order, with the hidden legacy keys. Two queries beyond customer, product, subscription."""
    items = sorted(related(row, "items", "product_price"), key=lambda each: each.created_at)
    # The plan's own price, though usage may stand above it.
    sold = [each.product_price for each in items if each.product_price]
    sold.sort(key=lambda each: each.amount_type in METERED_TYPES)
    price = next(iter(sold), None)
    if price is not None and row.product is not None:
        price.product = row.product
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "status": row.status,
        "paid": row.paid,
        "subtotal_amount": row.subtotal_amount,
        "discount_amount": row.discount_amount,
        "net_amount": row.net_amount,
        "tax_amount": row.tax_amount,
        "total_amount": row.total_amount,
        "applied_balance_amount": row.applied_balance_amount,
        "due_amount": row.due_amount,
        "refunded_amount": row.refunded_amount,
        "refunded_tax_amount": row.refunded_tax_amount,
        "refundable_amount": row.refundable_amount,
        "refundable_tax_amount": row.refundable_tax_amount,
        "currency": row.currency,
        "billing_reason": row.billing_reason,
        "billing_name": row.billing_name,
        "billing_address": row.billing_address,
        "invoice_number": row.invoice_number,
        "is_invoice_generated": row.is_invoice_generated,
        "receipt_number": row.receipt_number,
        "seats": row.seats,
        "units": row.units,
        "customer_id": str(row.customer_id),
        "product_id": str(row.product_id) if row.product_id else None,
        "product_price_id": str(price.id) if price else None,
        "discount_id": str(row.discount_id) if row.discount_id else None,
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "checkout_id": str(row.checkout_id) if row.checkout_id else None,
        "next_payment_attempt_at": moment_or_none(row.next_payment_attempt_at),
        "metadata": row.metadata,
        "custom_field_data": row.custom_field_data,
        "platform_fee_amount": row.platform_fee_amount,
        "platform_fee_currency": row.platform_fee_currency,
        "customer": customers.customer(row.customer),
        "user_id": str(row.customer_id),
        "user": customers.legacy_user(row.customer),
        "product": catalog.product_with_metadata(row.product) if row.product else None,
        "product_price": catalog.price(price) if price else None,
        "discount": catalog.discount_base(row.discount) if row.discount else None,
        "subscription": subscription_base(row.subscription) if row.subscription else None,
        "items": [_item(each) for each in items],
        "description": row.product.name if row.product else "Order",
        "amount": row.net_amount,
        "from_balance_amount": 0,
    }


def _item(row: OrderItem) -> dict[str, Any]:
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "label": row.label,
        "amount": row.amount,
        "tax_amount": row.tax_amount,
        "proration": row.proration,
        "product_price_id": str(row.product_price_id) if row.product_price_id else None,
        "start_timestamp": moment_or_none(row.start_timestamp),
        "end_timestamp": moment_or_none(row.end_timestamp),
    }


def refund(row: Refund) -> dict[str, Any]:
    """Refund. No query."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "metadata": row.metadata,
        "status": row.status,
        "reason": row.reason,
        "amount": row.amount,
        "tax_amount": row.tax_amount,
        "currency": row.currency,
        "organization_id": str(ORGANIZATION_ID),
        "order_id": str(row.order_id),
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "customer_id": str(row.customer_id),
        "revoke_benefits": row.revoke_benefits,
        "dispute": None,
    }
