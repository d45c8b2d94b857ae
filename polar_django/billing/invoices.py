"""The invoice of an order: made by the provider when it is first asked for."""

from polar_django.exceptions import ObjectNotFound
from polar_django.models import Order
from polar_django.providers.registry import get_provider

__all__ = ["get_invoice_url"]


def get_invoice_url(order: Order) -> str | None:
    """Where the order's invoice can be read for a while; None while it is being made.

    Asked for the first time it is made, which takes the provider some seconds: ask again. One call,
    two the first time. Raises ActionRefused for an order that is not paid, InvalidRequest where
    the billing name or address is missing, NotSupported and ProviderError.
    """
    provider = get_provider(order.provider)
    try:
        return provider.get_invoice_url(order.pk)
    except ObjectNotFound:
        provider.generate_invoice(order.pk)
        return None
