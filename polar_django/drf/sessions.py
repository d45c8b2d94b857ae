"""`checkout-sessions/` and `portal-sessions/`: hosted pages to send the buyer to."""

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
from polar_django.billing.standing import is_billed_for
from polar_django.conf import get_settings
from polar_django.drf.access import BillingView, Refused
from polar_django.gating.addresses import safe_next

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

    409 `already_subscribed` where the plan is being billed. One call, and those of a first
    purchase.
    """

    managers_only = True
    throttle_kind = "polar-write"
    serializer_class = CheckoutSessionSerializer

    def post(self, request: Request, **path: Any) -> Response:
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        wanted = said.validated_data
        subscriber = self.get_subscriber()
        plan = get_settings().plan(wanted["plan"], request)
        products = products_of(plan)
        chosen = choose_product(plan, products, wanted.get("product"))
        if is_billed_for(subscriber, products.values()) or is_billed_for(subscriber, [chosen]):
            raise Refused(
                status.HTTP_409_CONFLICT, "already_subscribed", _("You have this plan already.")
            )
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


class PortalSessionSerializer(serializers.Serializer[Any]):
    """`url` holds a secret that opens the portal for about an hour: go there, never store it."""

    url = serializers.URLField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)


class PortalSessionsView(BillingView, CreateAPIView[Any]):
    """POST: a fresh self-service page. 404 for who has never bought. One call."""

    managers_only = True
    throttle_kind = "polar-write"
    serializer_class = PortalSessionSerializer

    def post(self, request: Request, **path: Any) -> Response:
        back = get_settings().return_url
        back = absolute_address(resolve_url(back), request) if back else ""
        session = create_portal_session(self.get_subscriber(), back)
        return Response(self.get_serializer(session).data, status=status.HTTP_201_CREATED)
