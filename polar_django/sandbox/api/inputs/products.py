"""Bodies of products."""

from typing import Annotated, Any

from pydantic import UUID4, AfterValidator, Discriminator, Field, RootModel, Tag

from polar_django.sandbox.api.inputs.custom_fields import AttachedCustomField
from polar_django.sandbox.api.inputs.fields import (
    Body,
    Metadata,
    Organizational,
    Text,
    Visibility,
    choice,
)
from polar_django.sandbox.api.inputs.prices import ExistingPrice, PriceCreate

__all__ = ["ProductBenefits", "ProductCreate", "ProductUpdate"]

Interval = Annotated[str, choice("day", "week", "month", "year")]
# The stripping comes first, so pydantic counts a "value" and not a "string", as at Polar.
ProductName = Annotated[str, AfterValidator(str.strip), Field(min_length=3, max_length=64)]
TrialCount = Annotated[int, Field(ge=1, le=1000)]
IntervalCount = Annotated[int, Field(ge=1, le=999)]


class _ProductCreate(Organizational):
    name: ProductName
    prices: Annotated[list[PriceCreate], Field(min_length=1)]
    description: Text | None = None
    visibility: Visibility = "public"
    medias: list[UUID4] | None = None
    attached_custom_fields: list[AttachedCustomField] = []
    metadata: Metadata = {}


class OneTimeProduct(_ProductCreate):
    recurring_interval: None = None
    recurring_interval_count: None = None


class RecurringProduct(_ProductCreate):
    recurring_interval: Interval
    recurring_interval_count: IntervalCount = 1
    meter_interval: Interval | None = None
    meter_interval_count: IntervalCount | None = None
    trial_interval: Interval | None = None
    trial_interval_count: TrialCount | None = None


def _kind_of_product(value: Any) -> str:
    interval = (
        value.get("recurring_interval")
        if isinstance(value, dict)
        else getattr(value, "recurring_interval", None)
    )
    return "one_time" if interval is None else "recurring"


class ProductCreate(
    RootModel[
        Annotated[
            Annotated[OneTimeProduct, Tag("one_time")]
            | Annotated[RecurringProduct, Tag("recurring")],
            Discriminator(_kind_of_product),
        ]
    ]
):
    """POST /v1/products/."""


class ProductUpdate(Body):
    """PATCH /v1/products/{id}."""

    name: ProductName | None = None
    description: Text | None = None
    visibility: Visibility | None = None
    recurring_interval: Interval | None = None
    recurring_interval_count: IntervalCount | None = None
    trial_interval: Interval | None = None
    trial_interval_count: TrialCount | None = None
    is_archived: bool | None = None
    prices: list[ExistingPrice | PriceCreate] | None = None
    medias: list[UUID4] | None = None
    attached_custom_fields: list[AttachedCustomField] | None = None
    metadata: Metadata = {}


class ProductBenefits(Body):
    """POST /v1/products/{id}/benefits: the whole list, in order."""

    benefits: list[UUID4]
