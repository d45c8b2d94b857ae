"""Bodies of benefits: one shape per type."""

from typing import Annotated, Any, Literal

from pydantic import UUID4, Discriminator, Field, RootModel

from polar_django.sandbox.api.inputs.fields import (
    Body,
    Metadata,
    Organizational,
    Text,
    Visibility,
    choice,
)

__all__ = ["BenefitCreate", "BenefitType", "BenefitUpdate"]

# All that Polar has; not all can be made here.
BenefitType = Annotated[
    str,
    choice(
        "custom",
        "discord",
        "github_repository",
        "downloadables",
        "license_keys",
        "meter_credit",
        "feature_flag",
        "slack_shared_channel",
    ),
]

Description = Annotated[str, Field(min_length=3, max_length=42)]
Count = Annotated[int, Field(gt=0, le=2_147_483_647)]


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
    ttl: Count
    timeframe: Literal["year", "month", "day"]


class Activations(Body):
    limit: Count
    enable_customer_admin: bool


class LicenseKeysProperties(Body):
    # Before a key of 36 letters in a column of 512.
    prefix: Annotated[str, Field(max_length=255)] | None = None
    expires: Expiration | None = None
    activations: Activations | None = None
    limit_usage: Count | None = None


class LicenseKeysBenefit(_BenefitCreate):
    type: Literal["license_keys"]
    properties: LicenseKeysProperties


class MeterCreditProperties(Body):
    units: Count
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


class _BenefitUpdate(Body):
    description: Description | None = None
    visibility: Visibility | None = None
    metadata: Metadata = {}


# These names stand in the `loc` of Polar's errors.
class BenefitCustomUpdate(_BenefitUpdate):
    type: Literal["custom"]
    properties: CustomProperties | None = None


class BenefitFeatureFlagUpdate(_BenefitUpdate):
    type: Literal["feature_flag"]
    properties: dict[str, Any] | None = None


class BenefitLicenseKeysUpdate(_BenefitUpdate):
    type: Literal["license_keys"]
    properties: LicenseKeysProperties | None = None


class BenefitMeterCreditUpdate(_BenefitUpdate):
    type: Literal["meter_credit"]
    properties: MeterCreditProperties | None = None


class BenefitDownloadablesUpdate(_BenefitUpdate):
    type: Literal["downloadables"]
    properties: DownloadablesProperties | None = None


class BenefitUpdate(
    RootModel[
        BenefitCustomUpdate
        | BenefitDownloadablesUpdate
        | BenefitLicenseKeysUpdate
        | BenefitMeterCreditUpdate
        | BenefitFeatureFlagUpdate
    ]
):
    """PATCH /v1/benefits/{id}: the type has to be named, and is the benefit's own."""
