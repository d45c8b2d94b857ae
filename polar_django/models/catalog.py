"""What is for sale: products, prices, benefits, meters and discounts.

`key` is the name a project gives an object in its `metadata` (`{"key": "pro"}`), so that code need
not know ids, which differ between the provider's environments.
"""

from django.db import models

from polar_django.models.base import MirroredModel
from polar_django.models.fields import ExactCharField, mirrored_key
from polar_django.models.querysets import ProductQuerySet


class Product(MirroredModel):
    """Something a customer can buy once or subscribe to. `benefit_ids` is in display order."""

    key = ExactCharField(max_length=255, blank=True, default="")
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.TextField(null=True, blank=True)
    visibility = models.CharField(max_length=32, default="public")
    is_recurring = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    recurring_interval = models.CharField(max_length=32, null=True, blank=True)
    recurring_interval_count = models.PositiveIntegerField(null=True, blank=True)
    trial_interval = models.CharField(max_length=32, null=True, blank=True)
    trial_interval_count = models.PositiveIntegerField(null=True, blank=True)
    benefit_ids = models.JSONField(default=list, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["key"], name="polar_product_key")]

    def __str__(self) -> str:
        return self.name or self.pk


class Price(MirroredModel):
    """One price of a product, in whole minor units of `price_currency`.

    `unit_amount` of a metered price is decimal, in minor units with up to 12 places.
    """

    product = mirrored_key("polar_django.Product", "prices")
    meter = mirrored_key("polar_django.Meter", "prices")
    amount_type = models.CharField(max_length=32, default="fixed")
    source = models.CharField(max_length=32, default="catalog")
    price_currency = models.CharField(max_length=3, blank=True, default="")
    price_amount = models.BigIntegerField(null=True, blank=True)
    minimum_amount = models.BigIntegerField(null=True, blank=True)
    maximum_amount = models.BigIntegerField(null=True, blank=True)
    preset_amount = models.BigIntegerField(null=True, blank=True)
    unit_amount = models.DecimalField(max_digits=29, decimal_places=12, null=True, blank=True)
    cap_amount = models.BigIntegerField(null=True, blank=True)
    recurring_interval = models.CharField(max_length=32, null=True, blank=True)
    is_archived = models.BooleanField(default=False)


class Benefit(MirroredModel):
    """What a product gives. `metadata` holds the values of a feature flag."""

    key = ExactCharField(max_length=255, blank=True, default="")
    type = models.CharField(max_length=64, blank=True, default="")
    description = models.CharField(max_length=500, blank=True, default="")
    is_deleted = models.BooleanField(default=False)
    metadata = models.JSONField(default=dict, blank=True)
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["key"], name="polar_benefit_key")]

    def __str__(self) -> str:
        return self.key or self.description or self.pk


class Meter(MirroredModel):
    """What is counted, in `unit`."""

    key = ExactCharField(max_length=255, blank=True, default="")
    name = models.CharField(max_length=255, blank=True, default="")
    unit = models.CharField(max_length=32, default="scalar")
    archived_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)


class Discount(MirroredModel):
    """A reduction: `amount` in minor units, or `basis_points` (10,000 = all of it)."""

    name = models.CharField(max_length=255, blank=True, default="")
    code = models.CharField(max_length=255, null=True, blank=True)
    type = models.CharField(max_length=32, blank=True, default="")
    duration = models.CharField(max_length=32, blank=True, default="")
    duration_in_months = models.PositiveIntegerField(null=True, blank=True)
    basis_points = models.PositiveIntegerField(null=True, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redemptions_count = models.PositiveIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
