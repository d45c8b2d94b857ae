"""Who buys: customers, their members, cards and portal sessions."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Meter


class Customer(Row):
    """`deleted_at` set means deleted: gone from the API, kept for its orders."""

    type = models.CharField(max_length=16, default="individual")
    external_id = models.CharField(max_length=255, null=True)
    email = models.CharField(max_length=320, null=True)
    email_verified = models.BooleanField(default=False)
    name = models.CharField(max_length=256, null=True)
    billing_name = models.CharField(max_length=256, null=True)
    billing_address = models.JSONField(null=True)
    tax_id = models.JSONField(null=True)
    locale = models.CharField(max_length=16, null=True)
    default_payment_method = models.ForeignKey(
        "PaymentMethod", models.SET_NULL, null=True, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True)
    first_user_event_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
    # Invoices are numbered per customer: ACME-<short_id>-0001.
    short_id = models.CharField(max_length=16)
    invoices_made = models.PositiveIntegerField(default=0)
    receipts_made = models.PositiveIntegerField(default=0)
    # By currency, minor units: what the customer has to their credit; negative is owed.
    balances = models.JSONField(default=dict)

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=Q(deleted_at=None), name="sandbox_customer_email"
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=Q(deleted_at=None),
                name="sandbox_customer_external_id",
            ),
        ]


class Member(Row):
    """A person of a customer; every customer has one with role `owner`."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="members")
    email = models.CharField(max_length=320)
    name = models.CharField(max_length=256, null=True)
    external_id = models.CharField(max_length=255, null=True)
    role = models.CharField(max_length=16, default="member")
    deleted_at = models.DateTimeField(null=True)


class PaymentMethod(Row):
    """A test card: how it behaves, never a number. `behaviour` is a name of `cards.Behaviour`."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="payment_methods")
    behaviour = models.CharField(max_length=16)
    brand = models.CharField(max_length=16, default="visa")
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField(default=12)
    exp_year = models.PositiveSmallIntegerField(default=2034)
    deleted_at = models.DateTimeField(null=True)


class CustomerSession(Row):
    """A portal session: its token opens the portal of one customer for an hour."""

    token = models.CharField(max_length=128, unique=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="sessions")
    expires_at = models.DateTimeField()
    return_url = models.TextField(null=True)
    # The address the portal is under, without a trailing slash.
    base_url = models.TextField(default="", blank=True)


class EmailChange(Row):
    """A new address that a customer asked for in the portal, until the mail's link is followed."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="email_changes")
    email = models.CharField(max_length=320)
    token = models.CharField(max_length=128, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class CustomerMeter(Row):
    """What one customer used of one meter; balance is credited minus consumed."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="meters")
    meter = models.ForeignKey(Meter, models.CASCADE, related_name="customer_meters")
    consumed_units = models.FloatField(default=0)
    credited_units = models.BigIntegerField(default=0)
    balance = models.FloatField(default=0)

    class Meta(Row.Meta):
        constraints = [
            models.UniqueConstraint(fields=["customer", "meter"], name="sandbox_customer_meter"),
        ]
