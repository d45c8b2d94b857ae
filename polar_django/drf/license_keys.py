"""`me/license-keys/`: the keys that the request's own user may use."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import reveal_license_key, rotate_license_key
from polar_django.drf.access import BillingView, OwnList
from polar_django.models import LicenseKey
from polar_django.subscribers import resolve_subscriber

__all__ = ["LicenseKeysView", "RevealView", "RotateView"]


class LicenseKeySerializer(serializers.ModelSerializer[LicenseKey]):
    """`display_key` is the end of the key; the whole is asked for with `reveal/`."""

    benefit = serializers.SerializerMethodField()
    valid = serializers.BooleanField(source="is_valid", read_only=True)

    class Meta:
        model = LicenseKey
        fields = [
            "id",
            "benefit",
            "display_key",
            "status",
            "valid",
            "limit_activations",
            "limit_usage",
            "usage",
            "validations",
            "last_validated_at",
            "expires_at",
            "created_at",
        ]
        read_only_fields = fields

    def get_benefit(self, row: LicenseKey) -> str:
        return (row.benefit.key if row.benefit is not None else "") or row.benefit_id or ""


class _Keys(BillingView):
    """A team's keys are its members', each their own; an individual's are the subscriber's.

    Who acts for no subscriber has those of their seats.
    """

    queryset = LicenseKey.objects.select_related("benefit", "member")

    def get_queryset(self) -> "QuerySet[LicenseKey]":
        mine = Q(member__user=self.request.user)
        subscriber = resolve_subscriber(self.request)
        if subscriber is not None:
            not_a_seats = ~Q(customer__type="team") | Q(member=None)
            mine |= Q(customer__subscriber=subscriber) & not_a_seats
        found: QuerySet[LicenseKey] = super().get_queryset().filter(mine)
        return found.order_by("-created_at", "pk")


class LicenseKeysView(_Keys, OwnList):
    """Newest first, revoked ones too. Two queries."""

    serializer_class = LicenseKeySerializer


class WholeKeySerializer(serializers.Serializer[Any]):
    """The key itself: show it, and keep it nowhere."""

    key = serializers.CharField(read_only=True)


class _WholeKeyView(_Keys):
    throttle_kind = "polar-write"
    serializer_class = WholeKeySerializer
    verb: Callable[[LicenseKey], str]

    def check_row(self, row: LicenseKey) -> None:
        """Raise PermissionDenied where this key is not for this user to do that with."""

    def post(self, request: Request, id: str, **path: Any) -> Response:
        row = self.among_or_404(self.get_queryset(), id)
        self.check_row(row)
        return Response(self.get_serializer({"key": type(self).verb(row)}).data)


class RevealView(_WholeKeyView):
    """POST: the whole key. One call; a POST, so that nothing on the way keeps it."""

    harmless = True
    verb = staticmethod(reveal_license_key)


class RotateView(_WholeKeyView):
    """POST: a new key instead; the old one is void at once. One call. 409 for a revoked one.

    A key that several share, a team's without seats, is for who may manage billing to renew.
    """

    verb = staticmethod(rotate_license_key)

    def check_row(self, row: LicenseKey) -> None:
        if row.member is None or row.member.user_id != self.request.user.pk:
            self.check_may_manage(self.get_subscriber())
