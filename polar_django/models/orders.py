"""Purchases: checkout sessions, orders and refunds. Money is whole minor units of `currency`."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models

from polar_django.models.base import MirroredModel
from polar_django.models.fields import ExactCharField, mirrored_key, subscriber_key
from polar_django.models.querysets import OrderQuerySet


class CheckoutSession(MirroredModel):
    """A hosted pay page. `plan` and `next_url` are ours: what was asked for, and where to return.

    `subscription` is one that this checkout upgrades. `confirmed` is not paid; `succeeded` is.
    """

    subscriber = subscriber_key("polar_checkout_sessions")
    customer = mirrored_key("polar_django.Customer", "checkout_sessions")
    product = mirrored_key("polar_django.Product", "checkout_sessions")
    discount = mirrored_key("polar_django.Discount", "checkout_sessions")
    subscription = mirrored_key("polar_django.Subscription", "upgrading_checkouts")
    external_customer_id = ExactCharField(max_length=255, null=True, blank=True)
    plan = models.CharField(max_length=255, blank=True, default="")
    next_url = models.TextField(blank=True, default="")
    status = models.CharField(max_length=32, default="open")
    url = models.TextField(blank=True, default="")
    success_url = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    total_amount = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    seats = models.PositiveIntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["provider", "created_at"], name="polar_checkout_listed"),
            models.Index(fields=["status"], name="polar_checkout_status"),
        ]


@dataclass(frozen=True, slots=True)
class LineItem:
    """One line of an order, before discount and tax; an `amount` below 0 is given back."""

    label: str
    amount: int
    tax_amount: int
    proration: bool
    price_id: str | None


class Order(MirroredModel):
    """One bill. `total_amount` is `net_amount` and tax; free and trial orders are paid with 0."""

    subscriber = subscriber_key("polar_orders")
    customer = mirrored_key("polar_django.Customer", "orders")
    product = mirrored_key("polar_django.Product", "orders")
    discount = mirrored_key("polar_django.Discount", "orders")
    subscription = mirrored_key("polar_django.Subscription", "orders")
    checkout = mirrored_key("polar_django.CheckoutSession", "orders")
    status = models.CharField(max_length=32, default="pending")
    paid = models.BooleanField(default=False)
    billing_reason = models.CharField(max_length=64, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    subtotal_amount = models.BigIntegerField(default=0)
    discount_amount = models.BigIntegerField(default=0)
    net_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0)
    total_amount = models.BigIntegerField(default=0)
    applied_balance_amount = models.BigIntegerField(default=0)
    due_amount = models.BigIntegerField(default=0)
    refunded_amount = models.BigIntegerField(default=0)
    refunded_tax_amount = models.BigIntegerField(default=0)
    invoice_number = models.CharField(max_length=255, null=True, blank=True)
    is_invoice_generated = models.BooleanField(default=False)
    seats = models.PositiveIntegerField(null=True, blank=True)
    units = models.PositiveIntegerField(null=True, blank=True)
    next_payment_attempt_at = models.DateTimeField(null=True, blank=True)
    description = models.TextField(blank=True, default="")
    metadata = models.JSONField(default=dict, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status", "created_at"], name="polar_order_status"),
            models.Index(fields=["invoice_number"], name="polar_order_invoice_number"),
            models.Index(fields=["provider", "created_at"], name="polar_order_listed"),
        ]
        permissions = [("refund_order", "Can refund orders")]

    def __str__(self) -> str:
        return self.invoice_number or self.pk

    @property
    def line_items(self) -> tuple[LineItem, ...]:
        """What was billed, line by line; none where the order was only seen within another object.
        No query."""
        return tuple(_line_items(self.raw))

    @property
    def refundable_amount(self) -> int:
        """What `refund_order` may still give back: net, the tax comes on top."""
        return max(0, self.net_amount - self.refunded_amount) if self.paid else 0


class Refund(MirroredModel):
    """Money given back for an order. `amount` is net, without `tax_amount`."""

    order = mirrored_key("polar_django.Order", "refunds")
    subscription = mirrored_key("polar_django.Subscription", "refunds")
    customer = mirrored_key("polar_django.Customer", "refunds")
    status = models.CharField(max_length=32, default="pending")
    reason = models.CharField(max_length=64, blank=True, default="")
    amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True, default="")
    revoke_benefits = models.BooleanField(default=False)
    metadata = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["provider", "created_at"], name="polar_refund_listed"),
            models.Index(fields=["status"], name="polar_refund_status"),
        ]


def _line_items(raw: object) -> Iterator[LineItem]:
    items = raw.get("items") if isinstance(raw, dict) else None
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            yield LineItem(
                label=str(item.get("label") or ""),
                amount=_whole(item.get("amount")),
                tax_amount=_whole(item.get("tax_amount")),
                proration=item.get("proration") is True,
                price_id=item.get("product_price_id"),
            )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
