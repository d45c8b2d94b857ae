"""Subscriptions and their seats."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Discount, Price, Product
from polar_django.sandbox.models.checkouts import Checkout
from polar_django.sandbox.models.customers import Customer, Member, PaymentMethod

# Access is given in these; renewals are charged in these and in past_due.
ACTIVE_STATUSES = ("trialing", "active")
BILLABLE_STATUSES = (*ACTIVE_STATUSES, "past_due")


class Subscription(Row):
    status = models.CharField(max_length=20, db_index=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions")
    product = models.ForeignKey(Product, models.CASCADE, related_name="subscriptions")
    prices = models.ManyToManyField(Price, related_name="subscriptions")
    discount = models.ForeignKey(Discount, models.SET_NULL, null=True, related_name="subscriptions")
    discount_applied_at = models.DateTimeField(null=True)
    checkout = models.ForeignKey(Checkout, models.SET_NULL, null=True, related_name="subscriptions")
    payment_method = models.ForeignKey(
        PaymentMethod, models.SET_NULL, null=True, related_name="subscriptions"
    )
    # Minor units per period, current discount taken off, metered use not included.
    amount = models.BigIntegerField()
    # What the buyer chose for a custom price; null otherwise.
    custom_amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    recurring_interval = models.CharField(max_length=8)
    recurring_interval_count = models.PositiveIntegerField(default=1)
    # The day of the month that renewals return to after a short month.
    anchor_day = models.PositiveSmallIntegerField()
    current_period_start = models.DateTimeField()
    current_period_end = models.DateTimeField(db_index=True)
    current_meter_period_start = models.DateTimeField(null=True)
    current_meter_period_end = models.DateTimeField(null=True)
    trial_start = models.DateTimeField(null=True)
    trial_end = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    canceled_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    past_due_at = models.DateTimeField(null=True)
    pause_at_period_end = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True)
    resumes_at = models.DateTimeField(null=True)
    seats = models.PositiveIntegerField(null=True)
    units = models.PositiveIntegerField(null=True)
    customer_cancellation_reason = models.CharField(max_length=32, null=True)
    customer_cancellation_comment = models.TextField(null=True)
    # Null, or {"id", "created_at", "applies_at", "product_id", "seats", "units"}.
    pending_update = models.JSONField(null=True)
    metadata = models.JSONField(default=dict)
    custom_field_data = models.JSONField(default=dict)


class Seat(Row):
    """`status`: pending, claimed, revoked. The invitation token never leaves the sandbox."""

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, null=True, related_name="seat_rows"
    )
    order = models.ForeignKey("Order", models.CASCADE, null=True, related_name="seat_rows")
    status = models.CharField(max_length=16, default="pending")
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="seats")
    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="seats")
    email = models.CharField(max_length=320, null=True)
    invitation_token = models.CharField(max_length=128, null=True)
    invitation_token_expires_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    seat_metadata = models.JSONField(null=True)
