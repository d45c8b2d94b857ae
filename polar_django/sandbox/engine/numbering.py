"""Numbers of invoices and receipts: SANDBOX-ABCDEFGHIJ-0001, per customer, as at Polar."""

from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.models import Customer

__all__ = ["next_invoice_number", "next_receipt_number"]


def next_invoice_number(customer: Customer) -> str:
    """Three queries."""
    customer.refresh_from_db(fields=["invoices_made"])
    customer.invoices_made += 1
    customer.save(update_fields=["invoices_made"])
    prefix = get_organization().slug.upper()
    return f"{prefix}-{customer.short_id}-{customer.invoices_made:04}"


def next_receipt_number(customer: Customer) -> str:
    """Two queries."""
    customer.refresh_from_db(fields=["receipts_made"])
    customer.receipts_made += 1
    customer.save(update_fields=["receipts_made"])
    return f"RCPT-{customer.short_id}-{customer.receipts_made:04}"
