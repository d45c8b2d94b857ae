"""What a seller puts around products: checkout links, custom fields, files."""

from django.db import models

from polar_django.sandbox.models.base import Row
from polar_django.sandbox.models.catalog import Discount
from polar_django.sandbox.models.customers import Customer, Member


class CheckoutLink(Row):
    """An address that opens a new checkout session each time it is followed."""

    client_secret = models.CharField(max_length=128, unique=True)
    label = models.CharField(max_length=255, null=True)
    # Product ids as text, in the order in which they are offered.
    product_ids = models.JSONField(default=list)
    allow_discount_codes = models.BooleanField(default=True)
    require_billing_address = models.BooleanField(default=False)
    discount = models.ForeignKey(Discount, models.SET_NULL, null=True, related_name="links")
    seats = models.PositiveIntegerField(null=True)
    units = models.PositiveIntegerField(null=True)
    trial_interval = models.CharField(max_length=8, null=True)
    trial_interval_count = models.PositiveIntegerField(null=True)
    success_url = models.TextField(null=True)
    return_url = models.TextField(null=True)
    metadata = models.JSONField(default=dict)
    # The address the link's page is under, without a trailing slash.
    base_url = models.TextField(default="", blank=True)
    deleted_at = models.DateTimeField(null=True)


class CustomField(Row):
    """A question for the buyer. `type`: text, number, date, checkbox, select."""

    type = models.CharField(max_length=16)
    slug = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    properties = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(null=True)


class File(Row):
    """An uploaded file; its bytes stay in the sandbox's database."""

    name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    service = models.CharField(max_length=32, default="downloadable")
    version = models.CharField(max_length=255, null=True)
    checksum_sha256_base64 = models.CharField(max_length=64, null=True)
    content = models.BinaryField(default=b"")
    is_uploaded = models.BooleanField(default=False)
    last_modified_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)


class Download(Row):
    """One time that a file reached somebody who holds it."""

    file = models.ForeignKey(File, models.CASCADE, related_name="downloads")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="downloads")
    member = models.ForeignKey(Member, models.SET_NULL, null=True, related_name="downloads")
