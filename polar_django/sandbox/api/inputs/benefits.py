"""Bodies of benefits: one shape per type."""

from typing import Annotated, Any, Literal

from pydantic import UUID4, Discriminator, Field, RootModel

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Organizational, Text, Visibility

__all__ = ["BenefitCreate", "BenefitUpdate"]

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
