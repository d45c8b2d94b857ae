"""`checkout-sessions/` and `portal-sessions/`: hosted pages to send the buyer to."""

from collections.abc import Collection
from typing import Any

from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.generics import CreateAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import create_checkout_session, create_portal_session
from polar_django.billing.checkout import absolute_address
from polar_django.billing.products import choose_product, products_of
from polar_django.billing.standing import standing_of
from polar_django.conf import get_settings
from polar_django.drf.access import BillingView, Refused
from polar_django.gating.addresses import safe_next
from polar_django.models import Product

__all__ = ["CheckoutSessionsView", "PortalSessionsView"]


class CheckoutSessionSerializer(serializers.Serializer[Any]):
    """What the client may say: a plan, one of its products, seats, an amount in minor units, a
    discount code, and where on this site to go on.

    Everything else about a purchase comes from the settings.
    """

    plan = serializers.CharField(max_length=255)
    product = serializers.CharField(required=False, max_length=255, write_only=True)
    seats = serializers.IntegerField(required=False, min_value=1)
    amount = serializers.IntegerField(required=False, min_value=0, write_only=True)
    discount = serializers.CharField(required=False, max_length=256, write_only=True)
    next = serializers.CharField(required=False, max_length=2000, write_only=True)
    id = serializers.CharField(source="pk", read_only=True)
    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


class CheckoutSessionsView(BillingView, CreateAPIView[Any]):
    """POST: a hosted pay page for the request's subscriber; the open one again, if there is one.

    409 `already_subscribed` where a subscription is being billed, or is paused. One call, and those
    of a first purchase.
    """

    managers_only = True
    throttle_kind = "polar-write"
    harmless = True
    serializer_class = CheckoutSessionSerializer

    def post(self, request: Request, **path: Any) -> Response:
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        wanted = said.validated_data
        subscriber = self.get_subscriber()
        plan = get_settings().plan(wanted["plan"], request)
        products = products_of(plan)
        chosen = choose_product(plan, products, wanted.get("product"))
        for sold in (products.values(), [chosen]):
            _check_not_held(subscriber, sold)
        session = create_checkout_session(
            subscriber,
            plan,
            product=wanted.get("product"),
            seats=wanted.get("seats"),
            amount=wanted.get("amount"),
            discount_code=wanted.get("discount", ""),
            next_url=safe_next(request, wanted.get("next")),
            request=request,
        )
        return Response(self.get_serializer(session).data, status=status.HTTP_201_CREATED)


def _check_not_held(subscriber: Any, products: Collection[Product]) -> None:
    """Raise Refused where a subscription is to be changed, or let go on, instead. One query."""
    held = standing_of(subscriber, products).hindrance
    if held is None:
        return
    text = _("You have this plan already.")
    if held.status == "paused":
        text = _("You have a subscription that is paused: let it go on, or end it.")
    raise Refused(status.HTTP_409_CONFLICT, "already_subscribed", text)


class PortalSessionSerializer(serializers.Serializer[Any]):
    """`url` holds a secret that opens the portal for about an hour: go there, never store it."""

    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)


class PortalSessionsView(BillingView, CreateAPIView[Any]):
    """POST: a fresh self-service page. 404 for who has never bought. One call."""

    managers_only = True
    throttle_kind = "polar-write"
    harmless = True
    serializer_class = PortalSessionSerializer

    def post(self, request: Request, **path: Any) -> Response:
        back = get_settings().return_url
        back = absolute_address(resolve_url(back), request) if back else ""
        session = create_portal_session(self.get_subscriber(), back)
        return Response(self.get_serializer(session).data, status=status.HTTP_201_CREATED)
