"""Confirming a checkout: the buyer pays, or is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.sandbox.models import Checkout


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The confirmed session (`checkout.status` is "confirmed": the answer as Polar gives it) and the portal
    token of the buyer, None where the customer was only matched by e-mail."""

    checkout: Checkout
    customer_session_token: str | None


def confirm_checkout(checkout: Checkout, data: Mapping[str, Any]) -> Confirmation:
    """Apply `data` as the buyer's last update, charge the card, and fulfil.

    `data["confirmation_token_id"]` is a test card: its number, or a token of `cards.token_for`. When the
    function returns, subscription, order and grants exist and all events are written. Raises PaymentError
    (declined: the session stays open), NotOpenCheckout, ExpiredCheckoutError, AlreadyActiveSubscriptionError,
    InvalidRequest.
    """
    raise NotImplementedError
