"""Orders, their items, and refunds. All amounts are minor units."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Discount, Price, Product
from polar_django.sandbox.models.checkouts import Checkout
from polar_django.sandbox.models.customers import Customer, PaymentMethod
from polar_django.sandbox.models.subscriptions import Subscription

PAID_STATUSES = ("paid", "refunded", "partially_refunded")


class Order(Row):
    """`status`: draft, pending, paid, refunded, partially_refunded, void."""

    status = models.CharField(max_length=20, db_index=True)
    billing_reason = models.CharField(max_length=32)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="orders")
    discount = models.ForeignKey(Discount, models.SET_NULL, null=True, related_name="orders")
    subscription = models.ForeignKey(Subscription, models.CASCADE, null=True, related_name="orders")
    checkout = models.ForeignKey(Checkout, models.SET_NULL, null=True, related_name="orders")
    payment_method = models.ForeignKey(
        PaymentMethod, models.SET_NULL, null=True, related_name="orders"
    )
    currency = models.CharField(max_length=3)
    subtotal_amount = models.BigIntegerField()
    discount_amount = models.BigIntegerField(default=0)
    net_amount = models.BigIntegerField()
    tax_amount = models.BigIntegerField(default=0)
    total_amount = models.BigIntegerField()
    applied_balance_amount = models.BigIntegerField(default=0)
    refunded_amount = models.BigIntegerField(default=0)
    refunded_tax_amount = models.BigIntegerField(default=0)
    platform_fee_amount = models.BigIntegerField(default=0)
    platform_fee_currency = models.CharField(max_length=3, null=True)
    billing_name = models.CharField(max_length=256, null=True)
    billing_address = models.JSONField(null=True)
    invoice_number = models.CharField(max_length=64, null=True)
    is_invoice_generated = models.BooleanField(default=False)
    receipt_number = models.CharField(max_length=64, null=True)
    seats = models.PositiveIntegerField(null=True)
    units = models.PositiveIntegerField(null=True)
    next_payment_attempt_at = models.DateTimeField(null=True, db_index=True)
    failed_payment_attempts = models.PositiveSmallIntegerField(default=0)
    # What the customer tried in the portal; these do not count as attempts of ours.
    manual_payment_attempts = models.PositiveSmallIntegerField(default=0)
    metadata = models.JSONField(default=dict)
    custom_field_data = models.JSONField(default=dict)

    @property
    def paid(self) -> bool:
        return self.status in PAID_STATUSES

    @property
    def due_amount(self) -> int:
        return max(0, self.total_amount + self.applied_balance_amount)

    @property
    def refundable_amount(self) -> int:
        return self.net_amount - self.refunded_amount

    @property
    def refundable_tax_amount(self) -> int:
        return self.tax_amount - self.refunded_tax_amount


class OrderItem(Row):
    order = models.ForeignKey(Order, models.CASCADE, related_name="items")
    label = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    tax_amount = models.BigIntegerField(default=0)
    proration = models.BooleanField(default=False)
    product_price = models.ForeignKey(Price, models.SET_NULL, null=True, related_name="+")
    start_timestamp = models.DateTimeField(null=True)
    end_timestamp = models.DateTimeField(null=True)


class Refund(Row):
    """`amount` is net; its share of the tax stands in `tax_amount`.

    `status`: pending, succeeded, failed.
    """

    status = models.CharField(max_length=16, default="succeeded")
    reason = models.CharField(max_length=32)
    amount = models.BigIntegerField()
    tax_amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    order = models.ForeignKey(Order, models.CASCADE, related_name="refunds")
    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="refunds"
    )
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="refunds")
    revoke_benefits = models.BooleanField(default=False)
    # When the card processor reports again, and what: null once it has.
    settles_at = models.DateTimeField(null=True, db_index=True)
    settles_as = models.CharField(max_length=16, null=True)
    comment = models.TextField(null=True)
    metadata = models.JSONField(default=dict)
