"""What happens to an order that there is: billing details, invoice, paid, void."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.addresses import normalize_address
from polar_django.sandbox.engine.balances import add_to_balance
from polar_django.sandbox.engine.emit import emit_order
from polar_django.sandbox.engine.numbering import next_receipt_number
from polar_django.sandbox.engine.payments import was_charged
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import MissingInvoiceBillingDetails, OrderNotEligibleForInvoice
from polar_django.sandbox.models import PAID_STATUSES, Order

__all__ = ["announce_paid", "generate_invoice", "mark_paid", "update_order", "void_order"]


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
    """Make the invoice. Sends order.updated; nothing where there is one already.

    Raises OrderNotEligibleForInvoice (not paid), MissingInvoiceBillingDetails.
    """
    with business_transaction():
        if order.status not in PAID_STATUSES:
            raise OrderNotEligibleForInvoice
        if not (order.billing_name and order.billing_address):
            raise MissingInvoiceBillingDetails
        if not order.is_invoice_generated:
            rows.change(order, is_invoice_generated=True)
            emit_order(order, "updated")
        return order


def mark_paid(order: Order) -> None:
    """draft or pending → paid; more than all is credited. Sends order.updated, order.paid."""
    rows.change(order, status="paid", next_payment_attempt_at=None)
    if order.total_amount < 0:
        add_to_balance(order.customer, order.currency, -order.total_amount)
    announce_paid(order)


def announce_paid(order: Order) -> None:
    """Sends order.updated, order.paid; the receipt of a real payment comes with the second."""
    emit_order(order, "updated")
    if was_charged(order):
        rows.change(order, receipt_number=next_receipt_number(order.customer))
    emit_order(order, "paid")


def void_order(order: Order) -> None:
    """pending → void; a balance that was used comes back. Sends order.updated."""
    if order.applied_balance_amount:
        add_to_balance(order.customer, order.currency, -order.applied_balance_amount)
    rows.change(order, status="void", next_payment_attempt_at=None)
    emit_order(order, "updated")
