"""Bodies of orders."""

from polar_django.sandbox.api.inputs.fields import Address, Body, Name

__all__ = ["OrderUpdate"]


class OrderUpdate(Body):
    """PATCH /v1/orders/{id}."""

    billing_name: Name | None = None
    billing_address: Address | None = None
