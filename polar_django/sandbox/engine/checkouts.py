"""Checkout sessions: made, changed, expired."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import Checkout


def create_checkout(data: Mapping[str, Any], *, base_url: str = "") -> Checkout:
    """`data` as CheckoutCreate (also product_id, product_price_id). `base_url` is the sandbox's address for links;
    empty means the setting BASE_URL. Raises InvalidRequest. Sends checkout.created."""
    raise NotImplementedError


def update_checkout(checkout: Checkout, data: Mapping[str, Any]) -> Checkout:
    """By the seller (PATCH /v1/checkouts/{id}). Raises NotOpenCheckout, InvalidRequest. Sends checkout.updated."""
    raise NotImplementedError


def update_checkout_by_buyer(checkout: Checkout, data: Mapping[str, Any]) -> Checkout:
    """By the pay page or PATCH client/{secret}; `discount_code` instead of an id. Raises as update_checkout, and
    ExpiredCheckoutError. Sends checkout.updated."""
    raise NotImplementedError


def get_client_checkout(client_secret: str) -> Checkout:
    """The session of a pay page. Raises ResourceNotFound, ExpiredCheckoutError (past expires_at, any status)."""
    raise NotImplementedError


def expire_checkout(checkout: Checkout) -> None:
    """Sends checkout.expired."""
    raise NotImplementedError
