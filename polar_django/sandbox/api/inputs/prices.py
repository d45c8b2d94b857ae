"""Prices as they are sent: one shape per `amount_type`."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import UUID4, AfterValidator, Discriminator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from polar_django.sandbox.api.inputs.fields import Body, Currency

__all__ = ["ExistingPrice", "PriceCreate"]

LEAST_AMOUNT = 50
LARGEST_AMOUNT = 99_999_999


def _check_amount(value: int) -> int:
    if 0 < value < LEAST_AMOUNT:
        raise PydanticCustomError(
            "minimum_price", "Amount must be at least $0.50 or 0 for free pricing"
        )
    return value


Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
DecimalText = Annotated[Decimal, PlainSerializer(str, return_type=str)]


class _Price(Body):
    price_currency: Currency = "usd"
    tax_behavior: Literal["location", "inclusive", "exclusive"] | None = None


class FixedPrice(_Price):
    amount_type: Literal["fixed"]
    price_amount: Annotated[Amount, AfterValidator(_check_amount)]


class FreePrice(_Price):
    amount_type: Literal["free"]


class CustomPrice(_Price):
    amount_type: Literal["custom"]
    minimum_amount: Amount = LEAST_AMOUNT
    maximum_amount: Annotated[int, Field(ge=1, le=LARGEST_AMOUNT)] | None = None
    preset_amount: Amount | None = None


class SeatTier(Body):
    min_seats: Annotated[int, Field(ge=1)]
    max_seats: Annotated[int, Field(ge=1)] | None = None
    price_per_seat: Amount


class SeatTiers(Body):
    seat_tier_type: Literal["volume", "graduated"] = "volume"
    tiers: Annotated[list[SeatTier], Field(min_length=1)]


class SeatBasedPrice(_Price):
    amount_type: Literal["seat_based"]
    seat_tiers: SeatTiers


class UnitBasedPrice(_Price):
    amount_type: Literal["unit_based"]
    tiers: dict[str, Any]
    minimum_units: Annotated[int, Field(ge=1)] | None = None
    maximum_units: Annotated[int, Field(ge=1)] | None = None
    unit_label: Annotated[str, Field(max_length=64)] | None = None


class MeteredUnitPrice(_Price):
    amount_type: Literal["metered_unit"]
    meter_id: UUID4
    unit_amount: Annotated[DecimalText, Field(gt=0)]
    cap_amount: Annotated[int, Field(ge=0)] | None = None


class MeteredTiersPrice(_Price):
    amount_type: Literal["metered_tiers"]
    meter_id: UUID4
    tiers: dict[str, Any]
    cap_amount: Annotated[int, Field(ge=0)] | None = None


PriceCreate = Annotated[
    FixedPrice
    | FreePrice
    | CustomPrice
    | SeatBasedPrice
    | UnitBasedPrice
    | MeteredUnitPrice
    | MeteredTiersPrice,
    Discriminator("amount_type"),
]


class ExistingPrice(Body):
    """A price of the product that stays."""

    id: UUID4
