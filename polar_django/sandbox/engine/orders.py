"""Orders: made paid by a checkout, pending by a renewal."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import Order


def update_order(order: Order, data: Mapping[str, Any]) -> Order:
    """billing_name, billing_address. Sends order.updated."""
    raise NotImplementedError


def generate_invoice(order: Order) -> Order:
    """Mark the invoice as made. Sends order.updated."""
    raise NotImplementedError
