"""Bodies of checkout links."""

from typing import Annotated, Literal, Self

from pydantic import UUID4, Field, RootModel, model_validator

from polar_django.sandbox.api.inputs.checkouts import Seats, TrialInterval
from polar_django.sandbox.api.inputs.fields import Body, Metadata, Url

__all__ = ["CheckoutLinkCreate", "CheckoutLinkUpdate"]

Count = Annotated[int, Field(ge=1, le=1000)]
Products = Annotated[list[UUID4], Field(min_length=1)]


class _Link(Body):
    trial_interval: TrialInterval | None = None
    trial_interval_count: Count | None = None
    metadata: Metadata = {}
    label: Annotated[str, Field(max_length=255)] | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    discount_id: UUID4 | None = None
    seats: Seats | None = None
    units: Seats | None = None
    success_url: Url | None = None
    return_url: Url | None = None

    @model_validator(mode="after")
    def is_complete_configuration(self) -> Self:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise ValueError(
                "Both trial_interval and trial_interval_count must be set, or neither."
            )
        return self


class _LinkCreate(_Link):
    payment_processor: Literal["stripe"]


# These names stand in the `loc` of Polar's errors.
class CheckoutLinkCreateProductPrice(_LinkCreate):
    product_price_id: UUID4


class CheckoutLinkCreateProduct(_LinkCreate):
    product_id: UUID4


class CheckoutLinkCreateProducts(_LinkCreate):
    products: Products


class CheckoutLinkCreate(
    RootModel[
        CheckoutLinkCreateProductPrice | CheckoutLinkCreateProduct | CheckoutLinkCreateProducts
    ]
):
    """POST /v1/checkout-links/."""


class CheckoutLinkUpdate(_Link):
    """PATCH /v1/checkout-links/{id}."""

    products: Products | None = None
