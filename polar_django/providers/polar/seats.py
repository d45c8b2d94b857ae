"""The seats of a team, in Polar's own calls."""

from dataclasses import asdict

from polar_django.providers.base import SeatInvitation, SeatRequest
from polar_django.providers.polar.answers import object_in
from polar_django.providers.polar.calls import PolarCalls
from polar_django.providers.polar.reading import flag, text
from polar_django.snapshots import Answer

__all__ = ["PolarSeats"]


class PolarSeats(PolarCalls):
    """Given, invited to, taken, and taken back."""

    def assign_seat(self, request: SeatRequest) -> Answer:
        given = {name: value for name, value in asdict(request).items() if value}
        return self._answer("customer_seats", self.client.create("customer_seats", given))

    def revoke_seat(self, seat_id: str) -> Answer:
        return self._answer("customer_seats", self.client.delete("customer_seats", seat_id))

    def resend_seat_invitation(self, seat_id: str) -> Answer:
        return self._answer("customer_seats", self.client.resend_seat(seat_id))

    def get_seat_invitation(self, token: str) -> SeatInvitation:
        data = object_in(self.client.seat_invitation(token))
        return SeatInvitation(
            product_name=text(data.get("product_name")),
            organization_name=text(data.get("organization_name")),
            email=text(data.get("customer_email")),
            can_claim=flag(data.get("can_claim")),
        )

    def claim_seat(self, token: str) -> Answer:
        """The answer's other half, a token that opens the member's portal, is let go."""
        reply = self.client.claim_seat(token)
        return self._page("customer_seats", reply, [object_in(reply).get("seat")])
