"""`me/subscriptions/`: the request's own subscriber's subscriptions, and what can be done to one.

A client chooses among what the plans sell. How a change is billed is the project's to say.
"""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import (
    cancel_subscription,
    change_product,
    change_seats,
    clear_pending_update,
    pause_subscription,
    preview_product_change,
    preview_seat_change,
    resume_subscription,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.billing.alternatives import alternatives_to, proration_of, seats_to_choose
from polar_django.drf.access import BillingView, OwnList, OwnObject, Refused
from polar_django.drf.plans import ProductOfferSerializer
from polar_django.drf.serializers import SubscriptionSerializer
from polar_django.models import Product, Subscription
from polar_django.models.databases import on_primary

__all__ = [
    "CancelView",
    "ChangeProductView",
    "ChangeSeatsView",
    "ChangesView",
    "EndView",
    "KeepPlanView",
    "PauseView",
    "PreviewView",
    "ResumeView",
    "SubscriptionView",
    "SubscriptionsView",
    "UncancelView",
]

Said = dict[str, Any]


class SubscriptionsView(OwnList):
    """The subscriber's subscriptions, ended ones too, newest first."""

    serializer_class = SubscriptionSerializer
    queryset = Subscription.objects.select_related("product")

    def get_queryset(self) -> Any:
        mine = super().get_queryset().filter(subscriber=self.get_subscriber())
        return mine.order_by("-started_at", "-pk")


class SubscriptionView(OwnObject):
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


class PauseSerializer(SubscriptionSerializer):
    """`until` is when it goes on by itself; without it somebody has to resume it."""

    until = serializers.DateTimeField(required=False, allow_null=True, write_only=True)

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "until"]

    def validate_until(self, value: Any) -> Any:
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError(_("A pause ends in the future."))
        return value


class ChangeProductSerializer(SubscriptionSerializer):
    """`change_to` is the `name` of one of the products under `changes/`."""

    change_to = serializers.CharField(max_length=255, write_only=True)

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "change_to"]


class ChangeSeatsSerializer(SubscriptionSerializer):
    """`change_to` is the number of seats, within the bounds under `changes/`."""

    change_to = serializers.IntegerField(min_value=1, write_only=True)

    class Meta(SubscriptionSerializer.Meta):
        fields = [*SubscriptionSerializer.Meta.fields, "change_to"]


class _OwnSubscription(BillingView):
    """One subscription that the request may manage; 404 for another's as for none."""

    managers_only = True
    throttle_kind = "polar-write"
    queryset = Subscription.objects.select_related("product")

    def said(self, request: Request) -> Said:
        """What the client sent, checked."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def offered_product(self, subscription: Subscription, name: str) -> Product:
        """The product of that name, where the plans offer it. Three queries."""
        offer = alternatives_to(subscription, request=self.request).get(name)
        if offer is None:
            raise serializers.ValidationError({"change_to": [_("This is not for sale here.")]})
        return offer.product

    def offered_seats(self, subscription: Subscription, seats: int) -> int:
        """The number, where it can be chosen. Two queries."""
        bounds = seats_to_choose(subscription, request=self.request)
        if bounds is None or not bounds[0] <= seats <= bounds[1]:
            raise serializers.ValidationError({"change_to": [_("This is not for sale here.")]})
        return seats


class _Action(_OwnSubscription):
    """POST: does it, and answers the subscription as it is then. One call to the provider."""

    serializer_class: Any = SubscriptionSerializer

    def act(self, subscription: Subscription, said: Said) -> None:
        raise NotImplementedError

    def post(self, request: Request, id: str, **path: Any) -> Response:
        said = self.said(request)
        subscription = self.own_or_404(self.get_queryset(), id)
        self.act(subscription, said)
        # The verb has just written it: a replica may not have it yet.
        fresh = on_primary(Subscription).select_related("product").get(pk=subscription.pk)
        return Response(self.get_serializer(fresh).data)


class CancelView(_Action):
    """It will not renew; what was paid for lasts to the end of the period."""

    serializer_class = CancelSerializer

    def act(self, subscription: Subscription, said: Said) -> None:
        cancel_subscription(subscription, **said)


class UncancelView(_Action):
    """Take a scheduled cancellation back."""

    def act(self, subscription: Subscription, said: Said) -> None:
        uncancel_subscription(subscription)


class PauseView(_Action):
    """Let it rest when the paid period ends, until a day or until it is resumed."""

    serializer_class = PauseSerializer

    def act(self, subscription: Subscription, said: Said) -> None:
        pause_subscription(subscription, until=said.get("until"))


class ResumeView(_Action):
    """End a pause, which is charged, or take back one that has not begun."""

    def act(self, subscription: Subscription, said: Said) -> None:
        resume_subscription(subscription)


class EndView(_Action):
    """End at once what is paused. 409 `not_paused` for what is not: that is canceled."""

    def act(self, subscription: Subscription, said: Said) -> None:
        if subscription.has_ended:
            return
        if subscription.status != "paused":
            text = str(_("It is not paused: cancel it instead."))
            raise Refused(status.HTTP_409_CONFLICT, "not_paused", text)
        revoke_subscription(subscription)


class ChangeProductView(_Action):
    """Change the plan. 402 where a charge was refused: nothing has changed then."""

    serializer_class = ChangeProductSerializer

    def act(self, subscription: Subscription, said: Said) -> None:
        product = self.offered_product(subscription, said["change_to"])
        change_product(subscription, product, proration=proration_of(subscription, product=product))


class ChangeSeatsView(_Action):
    """Change the number of seats. 402 where a charge was refused: nothing has changed then."""

    serializer_class = ChangeSeatsSerializer

    def act(self, subscription: Subscription, said: Said) -> None:
        seats = self.offered_seats(subscription, said["change_to"])
        change_seats(subscription, seats, proration=proration_of(subscription, seats=seats))


class KeepPlanView(_Action):
    """Drop the change that waits for the next period."""

    def act(self, subscription: Subscription, said: Said) -> None:
        clear_pending_update(subscription)


class ChangesSerializer(serializers.Serializer[Any]):
    """`min_seats` and `max_seats` are null for a subscription without seats."""

    products = ProductOfferSerializer(many=True, read_only=True)
    min_seats = serializers.IntegerField(read_only=True, allow_null=True)
    max_seats = serializers.IntegerField(read_only=True, allow_null=True)


class ChangesView(_OwnSubscription):
    """What the subscription may be changed to. Six queries."""

    throttle_kind = "polar-read"
    serializer_class = ChangesSerializer

    def get(self, request: Request, id: str, **path: Any) -> Response:
        subscription = self.own_or_404(self.get_queryset(), id)
        fewest, most = seats_to_choose(subscription, request=request) or (None, None)
        offers = {
            "products": list(alternatives_to(subscription, request=request).values()),
            "min_seats": fewest,
            "max_seats": most,
        }
        return Response(self.get_serializer(offers).data)


class PreviewSerializer(serializers.Serializer[Any]):
    """One of `product` (a name) and `seats`. Amounts are whole minor units of `currency`."""

    product = serializers.CharField(required=False, max_length=255, write_only=True)
    seats = serializers.IntegerField(required=False, min_value=1, write_only=True)
    currency = serializers.CharField(read_only=True)
    subtotal_amount = serializers.IntegerField(read_only=True)
    discount_amount = serializers.IntegerField(read_only=True)
    tax_amount = serializers.IntegerField(read_only=True)
    total_amount = serializers.IntegerField(read_only=True)
    applied_balance_amount = serializers.IntegerField(read_only=True)
    due_amount = serializers.IntegerField(read_only=True)

    def validate(self, attrs: Said) -> Said:
        if ("product" in attrs) == ("seats" in attrs):
            raise serializers.ValidationError(_("Name a product, or a number of seats."))
        return attrs


class PreviewView(_OwnSubscription):
    """POST: what a change would cost; `due_amount` would be charged now. Changes nothing. One
    call. 409 where the provider cannot tell."""

    harmless = True
    serializer_class = PreviewSerializer

    def post(self, request: Request, id: str, **path: Any) -> Response:
        said = self.said(request)
        subscription = self.own_or_404(self.get_queryset(), id)
        if "product" in said:
            product = self.offered_product(subscription, said["product"])
            rule = proration_of(subscription, product=product)
            preview = preview_product_change(subscription, product, proration=rule)
        else:
            seats = self.offered_seats(subscription, said["seats"])
            rule = proration_of(subscription, seats=seats)
            preview = preview_seat_change(subscription, seats, proration=rule)
        amounts = {"currency": subscription.currency, **asdict(preview)}
        return Response(self.get_serializer(amounts).data)
