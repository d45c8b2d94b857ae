"""The papers of an order: its invoice, made when it is first asked for, and its receipt."""

import time

from polar_django.exceptions import ObjectNotFound
from polar_django.models import Order
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider

__all__ = ["get_invoice_url", "get_receipt_url"]

_SECONDS_BETWEEN_QUESTIONS = 0.5


def get_invoice_url(order: Order, *, wait: float = 0) -> str | None:
    """Where the order's invoice can be read for a while; None while it is being made.

    Asked for the first time it is made, which takes the provider some seconds: ask again, or let
    this wait up to so many seconds. One call, two the first time, and two a second while waiting.
    Raises ActionRefused for an order that is not paid, InvalidRequest where the billing name or
    address is missing, NotSupported and ProviderError.
    """
    provider = get_provider(order.provider)
    found = _made(provider, order)
    if found is not None:
        return found
    provider.generate_invoice(order.pk)
    until = time.monotonic() + wait
    while wait and (found := _made(provider, order)) is None:
        left = until - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(left, _SECONDS_BETWEEN_QUESTIONS))
    return found


def get_receipt_url(order: Order) -> str | None:
    """Where the receipt of the payment can be read for a while; None where there is none (yet):
    nobody paid, or the order was free. One call. Raises NotSupported and ProviderError."""
    return get_provider(order.provider).get_receipt_url(order.pk)


def _made(provider: Provider, order: Order) -> str | None:
    try:
        return provider.get_invoice_url(order.pk)
    except ObjectNotFound:
        return None
