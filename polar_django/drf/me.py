"""`me/…`: what the request's own subscriber holds, pays and uses."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import cancel_subscription, uncancel_subscription
from polar_django.billing.invoices import get_invoice_url
from polar_django.drf.access import BillingView
from polar_django.drf.pagination import BillingPagination
from polar_django.drf.serializers import (
    EntitlementsSerializer,
    MeterSerializer,
    OrderSerializer,
    SubscriptionSerializer,
)
from polar_django.gating import entitlements_of
from polar_django.models import CustomerMeter, Order, Subscription
from polar_django.models.databases import on_primary

__all__ = [
    "CancelView",
    "EntitlementsView",
    "InvoiceView",
    "OrderView",
    "OrdersView",
    "SubscriptionView",
    "SubscriptionsView",
    "UncancelView",
    "UsageView",
]


class EntitlementsView(BillingView):
    """What the subscriber holds now, the user's seats included. One query."""

    serializer_class = EntitlementsSerializer

    def get(self, request: Request) -> Response:
        held = entitlements_of(request)
        live = [held.get(key) for key in sorted(held.keys)]
        return Response(
            self.get_serializer(
                {
                    "keys": sorted(held.keys),
                    "holds_everything": held.holds_everything,
                    "entitlements": live,
                }
            ).data
        )


class _OwnList(ListModelMixin, BillingView):
    """The subscriber's rows of one table, page by page. Two queries."""

    pagination_class = BillingPagination

    def get(self, request: Request) -> Response:
        return self.list(request)


class _OwnObject(BillingView):
    """One of them. One query; 404 for another's as for none."""

    def get(self, request: Request, id: str) -> Response:
        return Response(self.get_serializer(self.own_or_404(self.get_queryset(), id)).data)


class SubscriptionsView(_OwnList):
    """The subscriber's subscriptions, ended ones too, newest first."""

    serializer_class = SubscriptionSerializer
    queryset = Subscription.objects.select_related("product")

    def get_queryset(self) -> Any:
        mine = super().get_queryset().filter(subscriber=self.get_subscriber())
        return mine.order_by("-started_at", "-pk")


class SubscriptionView(_OwnObject):
    serializer_class = SubscriptionSerializer
    queryset = Subscription.objects.select_related("product")


class CancelSerializer(SubscriptionSerializer):
    """`reason` is one of Polar's words, `comment` the customer's own. Both may be left out."""

    reason = serializers.ChoiceField(
        choices=[
            "customer_service",
            "low_quality",
            "missing_features",
            "switched_service",
            "too_complex",
            "too_expensive",
            "unused",
            "other",
        ],
        required=False,
        write_only=True,
    )
    comment = serializers.CharField(
        required=False, allow_blank=True, max_length=1000, write_only=True
    )

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "reason", "comment"]


class _SubscriptionAction(BillingView):
    """POST: does it, and answers the subscription as it is then. One call to the provider."""

    managers_only = True
    throttle_kind = "polar-write"
    queryset = Subscription.objects.select_related("product")
    verb: Callable[..., Subscription]

    def post(self, request: Request, id: str) -> Response:
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        subscription = self.own_or_404(self.get_queryset(), id)
        type(self).verb(subscription, **said.validated_data)
        # The verb has just written it: a replica may not have it yet.
        fresh = on_primary(Subscription).select_related("product").get(pk=subscription.pk)
        return Response(self.get_serializer(fresh).data)


class CancelView(_SubscriptionAction):
    """It will not renew; what was paid for lasts to the end of the period."""

    serializer_class = CancelSerializer
    verb = staticmethod(cancel_subscription)


class UncancelView(_SubscriptionAction):
    """Take a scheduled cancellation back."""

    serializer_class = SubscriptionSerializer
    verb = staticmethod(uncancel_subscription)


class OrdersView(_OwnList):
    """The subscriber's bills, newest first."""

    managers_only = True
    serializer_class = OrderSerializer
    queryset = Order.objects.select_related("product")

    def get_queryset(self) -> Any:
        mine = super().get_queryset().filter(subscriber=self.get_subscriber())
        return mine.order_by("-created_at", "-pk")


class OrderView(_OwnObject):
    managers_only = True
    serializer_class = OrderSerializer
    queryset = Order.objects.select_related("product")


class InvoiceSerializer(serializers.Serializer[Any]):
    """`url` is null while the invoice is being made; ask again in a few seconds."""

    url = serializers.URLField(read_only=True, allow_null=True)


class InvoiceView(BillingView):
    """POST: the address of the order's invoice, 202 while it is being made. One or two calls.

    The address opens the invoice for whoever has it, for a while. A POST, because the first one has
    the invoice made.
    """

    managers_only = True
    throttle_kind = "polar-write"
    serializer_class = InvoiceSerializer
    queryset = Order.objects.all()

    def post(self, request: Request, id: str) -> Response:
        url = get_invoice_url(self.own_or_404(self.get_queryset(), id))
        code = status.HTTP_200_OK if url else status.HTTP_202_ACCEPTED
        return Response(self.get_serializer({"url": url}).data, status=code)


class UsageView(_OwnList):
    """What the subscriber has used of each meter, as the mirror last heard."""

    serializer_class = MeterSerializer
    queryset = CustomerMeter.objects.select_related("meter")

    def get_queryset(self) -> Any:
        mine = super().get_queryset().filter(customer__subscriber=self.get_subscriber())
        return mine.order_by("meter_id", "pk")
