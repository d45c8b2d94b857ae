"""Prices as they are sent: one shape per `amount_type`."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import UUID4, AfterValidator, Discriminator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from polar_django.sandbox.api.inputs.fields import Body, Currency
from polar_django.sandbox.pricing import LARGEST_INTEGER, MAXIMUM_CHARGE, MINIMUM_CHARGE

__all__ = ["ExistingPrice", "PriceCreate"]


def _check_amount(value: int) -> int:
    if 0 < value < MINIMUM_CHARGE:
        raise PydanticCustomError(
            "minimum_price", "Amount must be at least $0.50 or 0 for free pricing"
        )
    return value


Amount = Annotated[int, Field(ge=0, le=MAXIMUM_CHARGE)]
DecimalText = Annotated[Decimal, PlainSerializer(str, return_type=str)]
Count = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


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
    minimum_amount: Amount = MINIMUM_CHARGE
    maximum_amount: Annotated[int, Field(ge=1, le=MAXIMUM_CHARGE)] | None = None
    preset_amount: Amount | None = None


class SeatTier(Body):
    min_seats: Count
    max_seats: Count | None = None
    price_per_seat: Amount


class SeatTiers(Body):
    seat_tier_type: Literal["volume", "graduated"] = "volume"
    tiers: Annotated[list[SeatTier], Field(min_length=1)]


class SeatBasedPrice(_Price):
    amount_type: Literal["seat_based"]
    seat_tiers: SeatTiers


class Tier(Body):
    bound: Count | None = None
    unit_amount: Annotated[DecimalText, Field(ge=0, max_digits=17, decimal_places=12)]


class Tiers(Body):
    type: Literal["volume", "graduated"] = "volume"
    tiers: Annotated[list[Tier], Field(min_length=1)]


class UnitBasedPrice(_Price):
    amount_type: Literal["unit_based"]
    tiers: Tiers
    minimum_units: Count | None = None
    maximum_units: Count | None = None
    unit_label: Annotated[str, Field(max_length=64)] | None = None


class MeteredUnitPrice(_Price):
    amount_type: Literal["metered_unit"]
    meter_id: UUID4
    unit_amount: Annotated[DecimalText, Field(gt=0, max_digits=17, decimal_places=12)]
    cap_amount: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] | None = None


class MeteredTiersPrice(_Price):
    amount_type: Literal["metered_tiers"]
    meter_id: UUID4
    tiers: Tiers
    cap_amount: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] | None = None


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
