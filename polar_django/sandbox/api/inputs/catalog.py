"""Bodies of products and benefits."""

from typing import Annotated, Any, Literal

from pydantic import UUID4, AfterValidator, Discriminator, Field, RootModel, Tag

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Organizational, Text, choice
from polar_django.sandbox.api.inputs.prices import ExistingPrice, PriceCreate

__all__ = [
    "BenefitCreate",
    "BenefitUpdate",
    "ProductBenefits",
    "ProductCreate",
    "ProductUpdate",
]

Interval = Annotated[str, choice("day", "week", "month", "year")]
Visibility = Annotated[str, choice("draft", "private", "public")]
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
    attached_custom_fields: list[dict[str, Any]] = []
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
    attached_custom_fields: list[dict[str, Any]] | None = None
    metadata: Metadata = {}


class ProductBenefits(Body):
    """POST /v1/products/{id}/benefits: the whole list, in order."""

    benefits: list[UUID4]


Description = Annotated[str, Field(min_length=3, max_length=42)]


class _BenefitCreate(Organizational):
    description: Description
    visibility: Visibility | None = None
    metadata: Metadata = {}


class CustomProperties(Body):
    note: Text | None = None


class CustomBenefit(_BenefitCreate):
    type: Literal["custom"]
    properties: CustomProperties


class FeatureFlagBenefit(_BenefitCreate):
    type: Literal["feature_flag"]
    properties: dict[str, Any]


class Expiration(Body):
    ttl: Annotated[int, Field(gt=0)]
    timeframe: Literal["year", "month", "day"]


class Activations(Body):
    limit: Annotated[int, Field(gt=0, le=1000)]
    enable_customer_admin: bool


class LicenseKeysProperties(Body):
    prefix: Text | None = None
    expires: Expiration | None = None
    activations: Activations | None = None
    limit_usage: Annotated[int, Field(gt=0)] | None = None


class LicenseKeysBenefit(_BenefitCreate):
    type: Literal["license_keys"]
    properties: LicenseKeysProperties


class MeterCreditProperties(Body):
    units: Annotated[int, Field(gt=0)]
    rollover: bool
    meter_id: UUID4


class MeterCreditBenefit(_BenefitCreate):
    type: Literal["meter_credit"]
    properties: MeterCreditProperties


class DownloadablesProperties(Body):
    archived: dict[str, bool] = {}
    files: Annotated[list[UUID4], Field(min_length=1)]


class DownloadablesBenefit(_BenefitCreate):
    type: Literal["downloadables"]
    properties: DownloadablesProperties


class BenefitCreate(
    RootModel[
        Annotated[
            CustomBenefit
            | FeatureFlagBenefit
            | LicenseKeysBenefit
            | MeterCreditBenefit
            | DownloadablesBenefit,
            Discriminator("type"),
        ]
    ]
):
    """POST /v1/benefits/. Discord, GitHub and Slack need accounts that no sandbox has."""


class BenefitUpdate(Body):
    """PATCH /v1/benefits/{id}."""

    description: Description | None = None
    visibility: Visibility | None = None
    properties: dict[str, Any] | None = None
    metadata: Metadata = {}
