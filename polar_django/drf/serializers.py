"""What the API shows of the mirror: Polar's field names, money in whole minor units, times in ISO.

Never `raw`, other people's data, or what staff wrote down about a grant.
"""

from typing import Any

from rest_framework import serializers

from polar_django.models import CustomerMeter, Order, Product, Subscription

__all__ = [
    "EntitlementSerializer",
    "EntitlementsSerializer",
    "MeterSerializer",
    "OrderSerializer",
    "ProductSerializer",
    "SubscriptionSerializer",
]


class ProductSerializer(serializers.ModelSerializer[Product]):
    class Meta:
        model = Product
        fields = ["id", "key", "name", "description"]
        read_only_fields = fields


class EntitlementSerializer(serializers.Serializer[Any]):
    """`metadata` is the benefit's, where feature flags and limits stand."""

    key = serializers.CharField(read_only=True)
    benefit_id = serializers.CharField(read_only=True, allow_null=True)
    provider = serializers.CharField(read_only=True)
    metadata = serializers.DictField(read_only=True)
    granted_at = serializers.DateTimeField(read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    subscription_id = serializers.CharField(read_only=True, allow_null=True)


class EntitlementsSerializer(serializers.Serializer[Any]):
    """`holds_everything` is the staff bypass; `keys` lists real grants and free benefits only."""

    keys = serializers.ListField(child=serializers.CharField(), read_only=True)
    holds_everything = serializers.BooleanField(read_only=True)
    entitlements = EntitlementSerializer(many=True, read_only=True)


class PendingChangeSerializer(serializers.Serializer[Any]):
    """What waits for the next period; null is what stays as it is."""

    product_id = serializers.CharField(read_only=True, allow_null=True)
    seats = serializers.IntegerField(read_only=True, allow_null=True)
    applies_at = serializers.DateTimeField(read_only=True, allow_null=True)


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    product = ProductSerializer(read_only=True, allow_null=True)
    is_active = serializers.BooleanField(read_only=True)
    is_trialing = serializers.BooleanField(read_only=True)
    is_ending = serializers.BooleanField(read_only=True)
    in_grace = serializers.BooleanField(read_only=True)
    can_resume = serializers.BooleanField(read_only=True)
    has_ended = serializers.BooleanField(read_only=True)
    renews_at = serializers.DateTimeField(read_only=True, allow_null=True)
    pending_change = PendingChangeSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Subscription
        fields = [
            "id",
            "status",
            "is_active",
            "is_trialing",
            "is_ending",
            "in_grace",
            "can_resume",
            "has_ended",
            "product",
            "amount",
            "currency",
            "recurring_interval",
            "recurring_interval_count",
            "seats",
            "started_at",
            "current_period_start",
            "current_period_end",
            "trial_end",
            "past_due_at",
            "cancel_at_period_end",
            "canceled_at",
            "ends_at",
            "ended_at",
            "pause_at_period_end",
            "paused_at",
            "resumes_at",
            "renews_at",
            "pending_change",
        ]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    product = ProductSerializer(read_only=True, allow_null=True)
    subscription_id = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "created_at",
            "status",
            "paid",
            "billing_reason",
            "description",
            "product",
            "subscription_id",
            "currency",
            "subtotal_amount",
            "discount_amount",
            "net_amount",
            "tax_amount",
            "total_amount",
            "refunded_amount",
            "refunded_tax_amount",
            "seats",
            "invoice_number",
            "is_invoice_generated",
        ]
        read_only_fields = fields


class MeterSerializer(serializers.ModelSerializer[CustomerMeter]):
    """Units are the meter's; `balance` is credited minus consumed and may be negative.

    `unreckoned` is what was recorded and is not in these figures yet (null where that cannot be
    told), `available` the balance without it.
    """

    key = serializers.SerializerMethodField()
    name = serializers.SerializerMethodField()
    unreckoned = serializers.SerializerMethodField()
    available = serializers.SerializerMethodField()

    class Meta:
        model = CustomerMeter
        fields = [
            "meter_id",
            "key",
            "name",
            "consumed_units",
            "credited_units",
            "balance",
            "unreckoned",
            "available",
        ]
        read_only_fields = fields

    def get_key(self, row: CustomerMeter) -> str:
        return row.meter.key if row.meter else ""

    def get_name(self, row: CustomerMeter) -> str:
        return row.meter.name if row.meter else ""

    def get_unreckoned(self, row: CustomerMeter) -> float | None:
        since: dict[str, float | None] = self.context.get("unreckoned", {})
        return since.get(row.pk, 0.0)

    def get_available(self, row: CustomerMeter) -> float:
        return row.balance - (self.get_unreckoned(row) or 0.0)
