"""What stands between a change and the invoice that bills it, and who used which discount."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Discount, Price
from polar_django.sandbox.models.checkouts import Checkout
from polar_django.sandbox.models.customers import Customer
from polar_django.sandbox.models.orders import Order
from polar_django.sandbox.models.subscriptions import Subscription


class BillingEntry(Row):
    """A line that waits for its subscription's next order; `order` is set once it is billed.

    `amount` is in minor units, negative for a credit, discount already taken off.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="billing_entries")
    price = models.ForeignKey(Price, models.SET_NULL, null=True, related_name="+")
    label = models.CharField(max_length=255)
    amount = models.BigIntegerField()
    start_timestamp = models.DateTimeField()
    end_timestamp = models.DateTimeField()
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="billing_entries")


class DiscountRedemption(Row):
    """One use of a discount, by a purchase or by a change of a subscription."""

    discount = models.ForeignKey(Discount, models.CASCADE, related_name="redemptions")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="redemptions")
    checkout = models.ForeignKey(Checkout, models.SET_NULL, null=True, related_name="redemptions")
    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="redemptions"
    )
