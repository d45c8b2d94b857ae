"""`me/seats/` and `seats/claim/`: who sits in what the request's own subscriber has bought."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from polar_django.billing import assign_seat, claim_seat, resend_seat_invitation, revoke_seat
from polar_django.billing.seating import purchases_with_seats, seats_of
from polar_django.billing.seats import VOID_INVITATION
from polar_django.drf.access import BillingView, OwnList, Refused
from polar_django.models import Seat

__all__ = ["ClaimView", "ResendView", "RevokeView", "SeatsView"]


class SeatSerializer(serializers.ModelSerializer[Seat]):
    """`purchase` is the id of the subscription or order whose seat it is."""

    purchase = serializers.SerializerMethodField()
    email = serializers.SerializerMethodField()

    class Meta:
        model = Seat
        fields = ["id", "purchase", "status", "email", "created_at", "claimed_at", "revoked_at"]
        read_only_fields = fields

    def get_purchase(self, seat: Seat) -> str:
        return seat.subscription_id or seat.order_id or ""

    def get_email(self, seat: Seat) -> str | None:
        held_by = seat.member.email if seat.member is not None else None
        email: str | None = held_by or seat.email
        return email


class AssignSerializer(serializers.Serializer[Any]):
    """Whom to invite, and into which purchase."""

    purchase = serializers.CharField(max_length=255, write_only=True)
    email = serializers.EmailField(max_length=320, write_only=True)


class SeatsView(OwnList):
    """GET: the seats of the subscriber's purchases, oldest first; revoked ones are not there.

    POST: invite an address to one. One call. 409 `SeatNotAvailable` where all are taken.
    """

    managers_only = True
    serializer_class = SeatSerializer
    queryset = Seat.objects.all()

    @property
    def throttle_kind(self) -> str:  # type: ignore[override]  # a constant elsewhere
        return "polar-read" if self.request.method in {"GET", "HEAD"} else "polar-write"

    def get_serializer_class(self) -> Any:
        return AssignSerializer if self.request.method == "POST" else SeatSerializer

    def get_queryset(self) -> Any:
        return seats_of(self.get_subscriber()).exclude(status="revoked")

    def post(self, request: Request, **path: Any) -> Response:
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        wanted = said.validated_data["purchase"]
        mine = purchases_with_seats(self.get_subscriber())
        purchase = next((row for row in mine if row.pk == wanted), None)
        if purchase is None:
            raise Http404
        seat = assign_seat(purchase, email=said.validated_data["email"])
        return Response(SeatSerializer(seat).data, status=status.HTTP_201_CREATED)


class _SeatAction(BillingView):
    """POST: does it, and answers the seat as it is then. One call; 404 for another's."""

    managers_only = True
    throttle_kind = "polar-write"
    serializer_class = SeatSerializer
    queryset = Seat.objects.all()

    def own_seat(self, seat_id: str) -> Seat:
        seat: Seat = self.among_or_404(seats_of(self.get_subscriber()), seat_id)
        return seat


class RevokeView(_SeatAction):
    """Take a seat from its holder, or an invitation back."""

    def post(self, request: Request, id: str, **path: Any) -> Response:
        return Response(self.get_serializer(revoke_seat(self.own_seat(id))).data)


class ResendView(_SeatAction):
    """Send an invitation again; the one before is void. 409 for a seat that is taken."""

    def post(self, request: Request, id: str, **path: Any) -> Response:
        return Response(self.get_serializer(resend_seat_invitation(self.own_seat(id))).data)


class ClaimSerializer(SeatSerializer):
    """`token` is what the invitation brought."""

    token = serializers.CharField(max_length=255, write_only=True)

    class Meta(SeatSerializer.Meta):
        fields = [*SeatSerializer.Meta.fields, "token"]


class ClaimView(BillingView):
    """POST: take the seat that a token invites to, for the user who asks. 404 for one that is
    void, unless this user has taken the seat with it. Two calls."""

    throttle_kind = "polar-write"
    serializer_class = ClaimSerializer

    def post(self, request: Request, **path: Any) -> Response:
        said = self.get_serializer(data=request.data)
        said.is_valid(raise_exception=True)
        try:
            seat = claim_seat(said.validated_data["token"], request.user)
        except VOID_INVITATION:
            raise Refused(
                status.HTTP_404_NOT_FOUND, "invitation_void", _("There is no such invitation.")
            ) from None
        return Response(self.get_serializer(seat).data)
