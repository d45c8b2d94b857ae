"""Bodies of subscriptions. The class names stand in the `loc` of Polar's errors."""

from typing import Annotated, Literal

from pydantic import UUID4, AliasChoices, ConfigDict, Field, RootModel

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Moment, Text, choice

__all__ = [
    "SubscriptionCancel",
    "SubscriptionChangePreview",
    "SubscriptionCreate",
    "SubscriptionPause",
    "SubscriptionResume",
    "SubscriptionRevoke",
    "SubscriptionUpdate",
    "SubscriptionUpdateBase",
    "SubscriptionUpdateBillingPeriod",
    "SubscriptionUpdateClear",
    "SubscriptionUpdateSeats",
    "SubscriptionUpdateUnits",
]

Status = Annotated[
    str,
    choice(
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "canceled",
        "unpaid",
        "paused",
    ),
]
LARGEST = 2_147_483_647
Count = Annotated[int, Field(ge=-LARGEST - 1, le=LARGEST)]
Proration = Annotated[str, choice("invoice", "prorate", "next_period", "reset")]
Reason = Annotated[
    str,
    choice(
        "customer_service",
        "low_quality",
        "missing_features",
        "switched_service",
        "too_complex",
        "too_expensive",
        "unused",
        "other",
    ),
]


class _SubscriptionCreate(Body):
    product_id: UUID4
    metadata: Metadata = {}


class SubscriptionCreateCustomer(_SubscriptionCreate):
    customer_id: UUID4


class SubscriptionCreateExternalCustomer(_SubscriptionCreate):
    external_customer_id: Annotated[str, Field(max_length=255)] = Field(
        validation_alias=AliasChoices("external_customer_id", "customer_external_id")
    )


class SubscriptionCreate(
    RootModel[SubscriptionCreateCustomer | SubscriptionCreateExternalCustomer]
):
    """POST /v1/subscriptions/: free products only."""


class _Strict(Body):
    # Each kind of change stands alone: a key of another one is refused.
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class SubscriptionUpdateBase(_Strict):
    metadata: Metadata = {}
    product_id: UUID4 | None = None
    proration_behavior: Proration | None = None
    discount_id: UUID4 | None = None
    trial_end: Moment | Literal["now"] | None = None


class SubscriptionUpdateSeats(_Strict):
    seats: Count
    proration_behavior: Proration | None = None


class SubscriptionUpdateUnits(_Strict):
    units: Count
    proration_behavior: Proration | None = None


class SubscriptionUpdateBillingPeriod(_Strict):
    current_billing_period_end: Moment


class _Leaving(_Strict):
    customer_cancellation_reason: Reason | None = None
    customer_cancellation_comment: Text | None = None


class SubscriptionCancel(_Leaving):
    cancel_at_period_end: bool


class SubscriptionRevoke(_Leaving):
    revoke: Literal[True]


class SubscriptionPause(_Strict):
    pause_at_period_end: bool
    resumes_at: Moment | None = None


class SubscriptionResume(_Strict):
    resume: Literal[True]


class SubscriptionUpdateClear(_Strict):
    pending_update: None


class SubscriptionUpdate(
    RootModel[
        SubscriptionUpdateBase
        | SubscriptionUpdateSeats
        | SubscriptionUpdateUnits
        | SubscriptionUpdateBillingPeriod
        | SubscriptionCancel
        | SubscriptionRevoke
        | SubscriptionPause
        | SubscriptionResume
        | SubscriptionUpdateClear
    ]
):
    """PATCH /v1/subscriptions/{id}: one kind of change at a time."""


class SubscriptionChangePreviewProduct(_Strict):
    product_id: UUID4
    proration_behavior: Proration | None = None


class SubscriptionChangePreview(
    RootModel[SubscriptionChangePreviewProduct | SubscriptionUpdateSeats | SubscriptionUpdateUnits]
):
    """POST /v1/subscriptions/{id}/change-preview: one kind of change at a time."""
