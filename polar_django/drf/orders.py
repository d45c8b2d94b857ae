"""`me/orders/`: the request's own subscriber's bills, and their papers."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import get_invoice_url, get_receipt_url
from polar_django.drf.access import BillingView, OwnList, OwnObject
from polar_django.drf.serializers import OrderSerializer
from polar_django.models import Order

__all__ = ["InvoiceView", "OrderView", "OrdersView", "ReceiptView"]

# A draft is not one yet: its amounts may still change.
_BILLS = Order.objects.exclude(status="draft")


class OrdersView(OwnList):
    """The subscriber's bills, newest first."""

    managers_only = True
    serializer_class = OrderSerializer
    queryset = _BILLS.select_related("product")

    def get_queryset(self) -> Any:
        mine = super().get_queryset().filter(subscriber=self.get_subscriber())
        return mine.order_by("-created_at", "-pk")


class OrderView(OwnObject):
    managers_only = True
    serializer_class = OrderSerializer
    queryset = _BILLS.select_related("product")


class PaperSerializer(serializers.Serializer[Any]):
    """`url` is null while the paper is being made; ask again in a few seconds."""

    url = serializers.URLField(read_only=True, allow_null=True)


class _PaperView(BillingView):
    """A POST, because the first one has it made. The address opens it for whoever has it."""

    managers_only = True
    throttle_kind = "polar-write"
    harmless = True
    serializer_class = PaperSerializer
    queryset = _BILLS
    verb: Callable[[Order], str | None]

    def post(self, request: Request, id: str, **path: Any) -> Response:
        url = type(self).verb(self.own_or_404(self.get_queryset(), id))
        code = status.HTTP_200_OK if url else status.HTTP_202_ACCEPTED
        return Response(self.get_serializer({"url": url}).data, status=code)


class InvoiceView(_PaperView):
    """POST: the address of the order's invoice, 202 while it is being made. One or two calls."""

    verb = staticmethod(get_invoice_url)


class ReceiptView(_PaperView):
    """POST: the address of the payment's receipt, 202 while there is none. One call."""

    verb = staticmethod(get_receipt_url)
