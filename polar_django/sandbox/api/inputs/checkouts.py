"""Bodies of checkouts, the seller's and the buyer's."""

from typing import Annotated, Literal, Self

from pydantic import (
    UUID4,
    AfterValidator,
    AliasChoices,
    Field,
    IPvAnyAddress,
    PlainSerializer,
    RootModel,
    model_validator,
)

from polar_django.sandbox.api.inputs.fields import (
    Address,
    Body,
    Currency,
    CustomFieldData,
    Email,
    Metadata,
    Name,
    Text,
    Url,
    choice,
)
from polar_django.sandbox.api.inputs.prices import PriceCreate
from polar_django.sandbox.pricing import MAXIMUM_CHARGE

__all__ = [
    "CheckoutConfirm",
    "CheckoutCreate",
    "CheckoutStatus",
    "CheckoutUpdate",
    "CheckoutUpdatePublic",
]

CheckoutStatus = Annotated[str, choice("open", "expired", "confirmed", "succeeded", "failed")]
Seats = Annotated[int, Field(ge=1, le=10_000)]
Amount = Annotated[int, Field(ge=0, le=MAXIMUM_CHARGE)]
TrialInterval = Annotated[str, choice("day", "week", "month", "year")]
IPAddress = Annotated[IPvAnyAddress, PlainSerializer(str, return_type=str)]


def _check_unique(values: list[UUID4]) -> list[UUID4]:
    if len(set(values)) != len(values):
        raise ValueError("Product IDs must be unique.")
    return values


class _CheckoutCreate(Body):
    """What the three ways to name a product share.

    The names of the validators, and of the classes below, stand in the `loc` of Polar's errors.
    """

    trial_interval: TrialInterval | None = None
    trial_interval_count: Annotated[int, Field(ge=1, le=1000)] | None = None
    allow_trial: bool = True
    currency: Currency | None = None
    amount: Amount | None = None
    seats: Seats | None = None
    min_seats: Seats | None = None
    max_seats: Seats | None = None
    units: Seats | None = None
    min_units: Seats | None = None
    max_units: Seats | None = None
    discount_id: UUID4 | None = None
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    customer_id: UUID4 | None = None
    external_customer_id: Annotated[str, Field(max_length=255)] | None = Field(
        None, validation_alias=AliasChoices("external_customer_id", "customer_external_id")
    )
    is_business_customer: bool = False
    customer_name: Name | None = None
    customer_email: Email | None = None
    customer_ip_address: IPAddress | None = None
    customer_billing_name: Name | None = None
    customer_billing_address: Address | None = None
    customer_tax_id: Annotated[str, Field(max_length=64)] | None = None
    customer_metadata: Metadata = {}
    metadata: Metadata = {}
    custom_field_data: CustomFieldData = {}
    subscription_id: UUID4 | None = None
    success_url: Url | None = None
    return_url: Url | None = None
    embed_origin: Text | None = None
    locale: Annotated[str, Field(max_length=16)] | None = None

    @model_validator(mode="after")
    def is_complete_configuration(self) -> Self:
        if (self.trial_interval is None) != (self.trial_interval_count is None):
            raise ValueError(
                "Both trial_interval and trial_interval_count must be set, or neither."
            )
        return self

    @model_validator(mode="after")
    def _validate_seat_constraints(self) -> Self:
        _check_bounds("seats", self.min_seats, self.seats, self.max_seats)
        return self

    @model_validator(mode="after")
    def _validate_unit_constraints(self) -> Self:
        _check_bounds("units", self.min_units, self.units, self.max_units)
        return self


def _check_bounds(what: str, least: int | None, given: int | None, most: int | None) -> None:
    if least is not None and most is not None and least > most:
        raise ValueError(f"min_{what} must be less than or equal to max_{what}.")
    if given is not None and least is not None and given < least:
        raise ValueError(f"{what} must be greater than or equal to min_{what}.")
    if given is not None and most is not None and given > most:
        raise ValueError(f"{what} must be less than or equal to max_{what}.")


class CheckoutProductsCreate(_CheckoutCreate):
    products: Annotated[list[UUID4], Field(min_length=1), AfterValidator(_check_unique)]
    prices: dict[UUID4, Annotated[list[PriceCreate], Field(min_length=1)]] | None = None


class CheckoutProductCreate(_CheckoutCreate):
    product_id: UUID4


class CheckoutPriceCreate(_CheckoutCreate):
    product_price_id: UUID4


class CheckoutCreate(
    RootModel[CheckoutProductsCreate | CheckoutProductCreate | CheckoutPriceCreate]
):
    """POST /v1/checkouts/."""


class _CheckoutChange(Body):
    product_id: UUID4 | None = None
    product_price_id: UUID4 | None = None
    amount: Amount | None = None
    seats: Seats | None = None
    units: Seats | None = None
    is_business_customer: bool | None = None
    customer_name: Name | None = None
    customer_email: Email | None = None
    customer_billing_name: Name | None = None
    customer_billing_address: Address | None = None
    customer_tax_id: Annotated[str, Field(max_length=64)] | None = None
    locale: Annotated[str, Field(max_length=16)] | None = None
    custom_field_data: CustomFieldData | None = None


class CheckoutUpdate(_CheckoutChange):
    """PATCH /v1/checkouts/{id}, by the seller."""

    trial_interval: TrialInterval | None = None
    trial_interval_count: Annotated[int, Field(ge=1, le=1000)] | None = None
    allow_trial: bool | None = None
    currency: Currency | None = None
    discount_id: UUID4 | None = None
    allow_discount_codes: bool | None = None
    require_billing_address: bool | None = None
    customer_ip_address: IPAddress | None = None
    customer_metadata: Metadata | None = None
    metadata: Metadata = {}
    success_url: Url | None = None
    return_url: Url | None = None
    embed_origin: Text | None = None


class CheckoutUpdatePublic(_CheckoutChange):
    """PATCH /v1/checkouts/client/{client_secret}, by the pay page."""

    discount_code: Text | None = None
    allow_trial: Literal[False] | None = None


class CheckoutConfirm(CheckoutUpdatePublic):
    """POST .../confirm; `confirmation_token_id` is a test card's number or token."""

    confirmation_token_id: Text | None = None
