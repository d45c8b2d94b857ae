"""An order is made of lines: their sum, the discount, the tax, the customer's balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.balances import use_balance
from polar_django.sandbox.engine.numbering import next_invoice_number
from polar_django.sandbox.engine.organization import default_tax_behavior
from polar_django.sandbox.models import Customer, Discount, Order, OrderItem, Price
from polar_django.sandbox.pricing import discount_on
from polar_django.sandbox.tax import split_tax, tax_behavior

__all__ = ["Line", "add_order"]


@dataclass(frozen=True, slots=True)
class Line:
    """`amount` in minor units; the discount is taken off a proration before it is a line."""

    label: str
    amount: int
    price: Price | None = None
    proration: bool = False
    start: datetime | None = None
    end: datetime | None = None


def add_order(
    lines: Sequence[Line],
    *,
    customer: Customer,
    currency: str,
    status: str,
    discount: Discount | None = None,
    **columns: Any,
) -> Order:
    """The row and its items; sends nothing. About seven queries and one per line.

    A draft has no invoice number yet. Only an order that is to be paid settles the balance.
    """
    subtotal = sum(line.amount for line in lines)
    discountable = sum(line.amount for line in lines if not line.proration)
    discount_amount = discount_on(discount, max(0, discountable), currency)
    country = (customer.billing_address or {}).get("country")
    prices = [line.price for line in lines if line.price]
    behavior = tax_behavior(prices, country, default=default_tax_behavior())
    net, tax = split_tax(subtotal - discount_amount, country, behavior)
    order = rows.create(
        Order,
        customer=customer,
        currency=currency,
        status=status,
        discount=discount,
        subtotal_amount=subtotal,
        discount_amount=discount_amount,
        net_amount=net,
        tax_amount=tax,
        total_amount=net + tax,
        applied_balance_amount=(
            use_balance(customer, currency, net + tax) if status == "pending" else 0
        ),
        billing_name=customer.billing_name or customer.name,
        billing_address=customer.billing_address,
        invoice_number=None if status == "draft" else next_invoice_number(customer),
        **columns,
    )
    for line in lines:
        rows.create(
            OrderItem,
            order=order,
            label=line.label,
            amount=line.amount,
            proration=line.proration,
            product_price=line.price,
            start_timestamp=line.start,
            end_timestamp=line.end,
        )
    # They never change, and each of the events that follow shows them.
    items = OrderItem.objects.select_related("product_price")
    prefetch_related_objects([order], Prefetch("items", queryset=items))
    return order
