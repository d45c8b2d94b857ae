"""Bodies of license keys."""

from typing import Annotated, Literal

from pydantic import UUID4, Field

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Moment, Text

__all__ = [
    "KeyStatus",
    "LicenseKeyActivate",
    "LicenseKeyDeactivate",
    "LicenseKeyUpdate",
    "LicenseKeyValidate",
]

KeyStatus = Literal["granted", "revoked", "disabled"]
LARGEST = 2_147_483_647
Limit = Annotated[int, Field(gt=0, le=LARGEST)]


class _Key(Body):
    key: Text
    organization_id: UUID4


class LicenseKeyValidate(_Key):
    """POST .../validate."""

    activation_id: UUID4 | None = None
    benefit_id: UUID4 | None = None
    customer_id: UUID4 | None = None
    increment_usage: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    conditions: Metadata = {}


class LicenseKeyActivate(_Key):
    """POST .../activate."""

    label: Annotated[str, Field(max_length=255)]
    conditions: Metadata = {}
    meta: Metadata = {}


class LicenseKeyDeactivate(_Key):
    """POST .../deactivate."""

    activation_id: UUID4


class LicenseKeyUpdate(Body):
    """PATCH /v1/license-keys/{id}: only what is sent changes."""

    status: KeyStatus | None = None
    usage: Annotated[int, Field(ge=-LARGEST - 1, le=LARGEST)] = 0
    limit_activations: Limit | None = None
    limit_usage: Limit | None = None
    expires_at: Moment | None = None
