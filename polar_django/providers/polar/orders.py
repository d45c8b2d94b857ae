"""Orders, refunds and checkout sessions: JSON → snapshots. Money is in minor units."""

from polar_django.providers.polar.reading import (
    Json,
    count,
    currency,
    flag,
    identifier,
    identifier_or_of,
    mapping,
    moment,
    optional_text,
    required_id,
    text,
    whole,
    whole_or,
    whole_or_zero,
    word,
)
from polar_django.snapshots import CheckoutSnapshot, OrderSnapshot, RefundSnapshot

_PAID_STATUSES = frozenset({"paid", "refunded", "partially_refunded"})


def order(data: Json) -> OrderSnapshot:
    """Until March 2025 an order had one `amount`, and no status: net, and never taken as paid."""
    get = data.get
    status = word(get("status"))
    paid = flag(get("paid"), status in _PAID_STATUSES)
    net = whole_or(get("net_amount"), get("amount"))
    discount = whole_or_zero(get("discount_amount"))
    tax = whole_or_zero(get("tax_amount"))
    total = whole_or(get("total_amount"), net + tax)
    balance = whole_or_zero(get("applied_balance_amount"))
    return OrderSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier_or_of(get("customer_id"), get("customer")),
        product_id=identifier_or_of(get("product_id"), get("product")),
        discount_id=identifier_or_of(get("discount_id"), get("discount")),
        subscription_id=identifier_or_of(get("subscription_id"), get("subscription")),
        checkout_id=identifier(get("checkout_id")),
        status=status or ("paid" if paid else "pending"),
        paid=paid,
        billing_reason=word(get("billing_reason")),
        currency=currency(get("currency")),
        subtotal_amount=whole_or(get("subtotal_amount"), net + discount),
        discount_amount=discount,
        net_amount=net,
        tax_amount=tax,
        total_amount=total,
        applied_balance_amount=balance,
        due_amount=whole_or(get("due_amount"), max(0, total + balance)),
        refunded_amount=whole_or_zero(get("refunded_amount")),
        refunded_tax_amount=whole_or_zero(get("refunded_tax_amount")),
        invoice_number=optional_text(get("invoice_number")),
        is_invoice_generated=flag(get("is_invoice_generated")),
        seats=count(get("seats")),
        units=count(get("units")),
        next_payment_attempt_at=moment(get("next_payment_attempt_at")),
        description=text(get("description"), 100_000),
        metadata=mapping(get("metadata")),
    )


def refund(data: Json) -> RefundSnapshot:
    get = data.get
    return RefundSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        order_id=identifier(get("order_id")),
        subscription_id=identifier(get("subscription_id")),
        customer_id=identifier(get("customer_id")),
        status=word(get("status"), "pending"),
        reason=text(get("reason"), 64),
        amount=whole_or_zero(get("amount")),
        tax_amount=whole_or_zero(get("tax_amount")),
        currency=currency(get("currency")),
        revoke_benefits=flag(get("revoke_benefits")),
        metadata=mapping(get("metadata")),
    )


def checkout(data: Json) -> CheckoutSnapshot:
    get = data.get
    # Renamed in June 2025; today both are there.
    external_id = identifier(get("external_customer_id")) or identifier(get("customer_external_id"))
    return CheckoutSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier(get("customer_id")),
        product_id=identifier_or_of(get("product_id"), get("product")),
        discount_id=identifier_or_of(get("discount_id"), get("discount")),
        subscription_id=identifier(get("subscription_id")),
        external_customer_id=external_id,
        status=word(get("status"), "open"),
        url=text(get("url"), 100_000),
        success_url=text(get("success_url"), 100_000),
        expires_at=moment(get("expires_at")),
        amount=whole(get("amount")),
        total_amount=whole(get("total_amount")),
        currency=currency(get("currency")),
        seats=count(get("seats")),
        metadata=mapping(get("metadata")),
    )
