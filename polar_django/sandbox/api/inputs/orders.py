"""Bodies of orders."""

from typing import Annotated

from pydantic import UUID4, Field

from polar_django.sandbox.api.inputs.fields import (
    Address,
    Body,
    Currency,
    CustomFieldData,
    Metadata,
    Name,
    Organizational,
    choice,
)

__all__ = ["OrderCreate", "OrderFinalize", "OrderStatus", "OrderUpdate"]

OrderStatus = Annotated[
    str, choice("draft", "pending", "paid", "refunded", "partially_refunded", "void")
]


class OrderCreate(Organizational):
    """POST /v1/orders/: a draft."""

    customer_id: UUID4
    product_id: UUID4
    currency: Currency | None = None
    amount: Annotated[int, Field(ge=0, le=99_999_999)] | None = None
    description: Annotated[str, Field(max_length=255)] | None = None
    metadata: Metadata = {}
    custom_field_data: CustomFieldData = {}


class OrderFinalize(Body):
    """POST /v1/orders/{id}/finalize."""

    payment_method_id: UUID4 | None = None


class OrderUpdate(Body):
    """PATCH /v1/orders/{id}."""

    billing_name: Name | None = None
    billing_address: Address | None = None
