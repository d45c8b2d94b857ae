"""What is sold: products, their prices and benefits, discounts, meters."""

from django.db import models

from polar_django.sandbox.models.base import Row


class Product(Row):
    """Columns as Polar's Product; `recurring_interval` null means a one-time product."""

    name = models.CharField(max_length=64)
    description = models.TextField(null=True)
    visibility = models.CharField(max_length=16, default="public")
    recurring_interval = models.CharField(max_length=8, null=True)
    recurring_interval_count = models.PositiveIntegerField(null=True)
    meter_interval = models.CharField(max_length=8, null=True)
    meter_interval_count = models.PositiveIntegerField(null=True)
    trial_interval = models.CharField(max_length=8, null=True)
    trial_interval_count = models.PositiveIntegerField(null=True)
    is_archived = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
    medias = models.JSONField(default=list)
    attached_custom_fields = models.JSONField(default=list)
    benefits: "models.ManyToManyField[Benefit, ProductBenefit]" = models.ManyToManyField(
        "Benefit", through="ProductBenefit", related_name="products"
    )

    @property
    def is_recurring(self) -> bool:
        return self.recurring_interval is not None


class Meter(Row):
    name = models.CharField(max_length=255)
    unit = models.CharField(max_length=16, default="scalar")
    custom_label = models.CharField(max_length=255, null=True)
    custom_multiplier = models.PositiveBigIntegerField(null=True)
    filter = models.JSONField(default=dict)
    aggregation = models.JSONField(default=dict)
    archived_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)


class Price(Row):
    """One price of a product. Which columns are filled depends on `amount_type`.

    `seat_tiers` holds Polar's shape of seat prices, `tiers` the shape of unit_based and
    metered_tiers ones. Amounts are minor units; `unit_amount` is a decimal as text, in cents.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="prices")
    source = models.CharField(max_length=16, default="catalog")
    amount_type = models.CharField(max_length=16)
    price_currency = models.CharField(max_length=3, default="usd")
    tax_behavior = models.CharField(max_length=16, null=True)
    is_archived = models.BooleanField(default=False)
    price_amount = models.BigIntegerField(null=True)
    minimum_amount = models.BigIntegerField(null=True)
    maximum_amount = models.BigIntegerField(null=True)
    preset_amount = models.BigIntegerField(null=True)
    seat_tiers = models.JSONField(null=True)
    tiers = models.JSONField(null=True)
    minimum_units = models.PositiveIntegerField(null=True)
    maximum_units = models.PositiveIntegerField(null=True)
    unit_label = models.CharField(max_length=64, null=True)
    unit_amount = models.CharField(max_length=32, null=True)
    cap_amount = models.BigIntegerField(null=True)
    meter = models.ForeignKey(Meter, models.CASCADE, null=True, related_name="prices")


class Benefit(Row):
    type = models.CharField(max_length=32)
    description = models.CharField(max_length=42)
    selectable = models.BooleanField(default=True)
    deletable = models.BooleanField(default=True)
    deleted_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
    visibility = models.CharField(max_length=16, default="public")
    properties = models.JSONField(default=dict)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


class ProductBenefit(models.Model):
    """A benefit's place in its product's list."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="product_benefits")
    benefit = models.ForeignKey(Benefit, models.CASCADE, related_name="product_benefits")
    order = models.PositiveIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["product", "benefit"], name="sandbox_one_benefit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.order}: {self.benefit_id}"


class Discount(Row):
    """`amounts` (currency → minor units) for fixed ones, `basis_points` for percentages."""

    name = models.CharField(max_length=255)
    code = models.CharField(max_length=256, null=True)
    type = models.CharField(max_length=16)
    duration = models.CharField(max_length=16)
    duration_in_months = models.PositiveIntegerField(null=True)
    basis_points = models.PositiveIntegerField(null=True)
    amounts = models.JSONField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    max_redemptions = models.PositiveIntegerField(null=True)
    max_redemptions_per_customer = models.PositiveIntegerField(null=True)
    redemptions_count = models.PositiveIntegerField(default=0)
    products = models.ManyToManyField(Product, related_name="discounts")
    deleted_at = models.DateTimeField(null=True)
    metadata = models.JSONField(default=dict)
