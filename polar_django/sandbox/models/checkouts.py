"""A checkout session, from its creation to payment or expiry."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Discount, Price, Product
from polar_django.sandbox.models.customers import Customer, PaymentMethod


class Checkout(Row):
    """`status`: open, confirmed, succeeded, expired (failed exists at Polar but is never used)."""

    status = models.CharField(max_length=16, default="open", db_index=True)
    client_secret = models.CharField(max_length=128, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    # As given, `{CHECKOUT_ID}` included; "" means the sandbox's own confirmation page.
    success_url = models.TextField(default="", blank=True)
    return_url = models.TextField(null=True)
    embed_origin = models.TextField(null=True)
    # The address the session's pages are under, without a trailing slash.
    base_url = models.TextField(default="", blank=True)
    products = models.ManyToManyField(
        Product, through="CheckoutProduct", related_name="offered_in_checkouts"
    )
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="checkouts")
    product_price = models.ForeignKey(Price, models.CASCADE, null=True, related_name="+")
    amount = models.BigIntegerField(default=0)
    custom_amount = models.BigIntegerField(null=True)
    discount_amount = models.BigIntegerField(default=0)
    net_amount = models.BigIntegerField(default=0)
    tax_amount = models.BigIntegerField(null=True)
    tax_behavior = models.CharField(max_length=16, null=True)
    total_amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="usd")
    seats = models.PositiveIntegerField(null=True)
    min_seats = models.PositiveIntegerField(null=True)
    max_seats = models.PositiveIntegerField(null=True)
    units = models.PositiveIntegerField(null=True)
    min_units = models.PositiveIntegerField(null=True)
    max_units = models.PositiveIntegerField(null=True)
    allow_trial = models.BooleanField(default=True)
    trial_interval = models.CharField(max_length=8, null=True)
    trial_interval_count = models.PositiveIntegerField(null=True)
    trial_end = models.DateTimeField(null=True)
    discount = models.ForeignKey(Discount, models.SET_NULL, null=True, related_name="checkouts")
    allow_discount_codes = models.BooleanField(default=True)
    require_billing_address = models.BooleanField(default=False)
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="checkouts")
    external_customer_id = models.CharField(max_length=255, null=True)
    is_business_customer = models.BooleanField(default=False)
    customer_name = models.CharField(max_length=256, null=True)
    customer_email = models.CharField(max_length=320, null=True)
    customer_ip_address = models.CharField(max_length=64, null=True)
    customer_billing_name = models.CharField(max_length=256, null=True)
    customer_billing_address = models.JSONField(null=True)
    customer_tax_id = models.CharField(max_length=64, null=True)
    customer_metadata = models.JSONField(default=dict)
    locale = models.CharField(max_length=16, null=True)
    metadata = models.JSONField(default=dict)
    custom_field_data = models.JSONField(default=dict)
    attached_custom_fields = models.JSONField(default=list)
    payment_method = models.ForeignKey(
        PaymentMethod, models.SET_NULL, null=True, related_name="checkouts"
    )
    # The free subscription that this session upgrades, never the one that it creates.
    subscription = models.ForeignKey(
        "Subscription", models.SET_NULL, null=True, related_name="upgrade_checkouts"
    )


class CheckoutProduct(models.Model):
    """A product's place among those the buyer may choose from, with ad-hoc prices if any."""

    checkout = models.ForeignKey(Checkout, models.CASCADE, related_name="checkout_products")
    product = models.ForeignKey(Product, models.CASCADE, related_name="checkout_products")
    order = models.PositiveIntegerField()
    ad_hoc_prices = models.ManyToManyField(Price, related_name="checkout_products")

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"{self.checkout_id} {self.order}: {self.product_id}"
