"""Results that are more than one row."""

from dataclasses import dataclass

from polar_django.sandbox.models import Checkout, Seat

__all__ = ["ClaimedSeat", "Confirmation", "Ingested"]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmed checkout and the buyer's portal token.

    `checkout.status` is "confirmed", as Polar answers, although everything was already fulfilled.
    The token is None where the customer was only matched by an e-mail that anybody may type.
    """

    checkout: Checkout
    customer_session_token: str | None


@dataclass(frozen=True, slots=True)
class ClaimedSeat:
    """A claimed seat and the portal token of the member who sits on it."""

    seat: Seat
    customer_session_token: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """How many events of a batch were new, and how many had been sent before."""

    inserted: int
    duplicates: int
