"""`plans/`: what is for sale, for everybody."""

from typing import Any

from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing.plans import PlanOffer, ProductOffer, plans_on_offer
from polar_django.drf.access import BillingView
from polar_django.models import Price

__all__ = ["PlansView"]


class PriceSerializer(serializers.ModelSerializer[Price]):
    class Meta:
        model = Price
        fields = [
            "id",
            "amount_type",
            "price_currency",
            "price_amount",
            "minimum_amount",
            "maximum_amount",
            "preset_amount",
            "unit_amount",
            "cap_amount",
            "meter_id",
        ]
        read_only_fields = fields


class ProductOfferSerializer(serializers.Serializer[ProductOffer]):
    """`name` is what `checkout-sessions/` takes as `product`; `price_texts` are for people."""

    name = serializers.CharField(read_only=True)
    id = serializers.CharField(source="product.pk", read_only=True)
    key = serializers.CharField(source="product.key", read_only=True)
    title = serializers.CharField(source="product.name", read_only=True)
    description = serializers.CharField(
        source="product.description", read_only=True, allow_null=True
    )
    is_recurring = serializers.BooleanField(source="product.is_recurring", read_only=True)
    recurring_interval = serializers.CharField(
        source="product.recurring_interval", read_only=True, allow_null=True
    )
    recurring_interval_count = serializers.IntegerField(
        source="product.recurring_interval_count", read_only=True, allow_null=True
    )
    trial_interval = serializers.CharField(
        source="product.trial_interval", read_only=True, allow_null=True
    )
    trial_interval_count = serializers.IntegerField(
        source="product.trial_interval_count", read_only=True, allow_null=True
    )
    prices = PriceSerializer(many=True, read_only=True)
    price_texts = serializers.ListField(child=serializers.CharField(), read_only=True)
    benefits = serializers.SerializerMethodField()

    def get_benefits(self, offer: ProductOffer) -> list[dict[str, str]]:
        return [
            {"key": benefit.key, "description": benefit.description} for benefit in offer.benefits
        ]


class PlanSerializer(serializers.Serializer[PlanOffer]):
    """`min_seats` and `max_seats` are null where the plan sells no seats."""

    key = serializers.CharField(read_only=True)
    min_seats = serializers.SerializerMethodField()
    max_seats = serializers.SerializerMethodField()
    products = ProductOfferSerializer(many=True, read_only=True)

    def get_min_seats(self, offer: PlanOffer) -> int | None:
        return offer.seat_bounds[0] if offer.seat_bounds else None

    def get_max_seats(self, offer: PlanOffer) -> int | None:
        return offer.seat_bounds[1] if offer.seat_bounds else None


class PlansView(ListModelMixin, BillingView):
    """The plans of the settings, with products, prices and benefits. Three queries."""

    permission_classes = [AllowAny]
    serializer_class = PlanSerializer
    pagination_class = None

    def get_queryset(self) -> Any:
        return plans_on_offer(request=self.request)

    def filter_queryset(self, queryset: Any) -> Any:
        # The project's filters know database rows; plans are few, and come from the settings.
        return queryset

    def get(self, request: Request, **path: Any) -> Response:
        return self.list(request)
