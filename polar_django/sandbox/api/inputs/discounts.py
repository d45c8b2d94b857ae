"""Bodies of discounts. The class names and tags stand in the `loc` of Polar's errors."""

from typing import Annotated, Any, Literal

from pydantic import (
    UUID4,
    AfterValidator,
    Discriminator,
    Field,
    RootModel,
    StringConstraints,
    Tag,
)
from pydantic_core import PydanticCustomError

from polar_django.sandbox.api.inputs.fields import (
    Body,
    Currency,
    Metadata,
    Moment,
    Organizational,
    choice,
)

__all__ = ["DiscountCreate", "DiscountUpdate"]

LARGEST_COUNT = 2_147_483_647
LARGEST_AMOUNT = 999_999_999_999


def _check_code(value: str | None) -> str | None:
    """Letters and digits, 3 to 256 of them; nothing but blanks is no code."""
    if value is None or not value.strip():
        return None
    code = value.strip()
    if not code.isalnum():
        raise PydanticCustomError("value_error", "Code must contain only alphanumeric characters.")
    if not 3 <= len(code) <= 256:
        raise PydanticCustomError("value_error", "Code must be between 3 and 256 characters long.")
    return code


Code = Annotated[str | None, AfterValidator(_check_code)]
Count = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
Amount = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
Amounts = Annotated[dict[Currency, Amount], Field(min_length=1)]
BasisPoints = Annotated[int, Field(ge=1, le=10_000)]
Months = Annotated[int, Field(ge=1, le=999)]
DiscountName = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class _DiscountCreate(Organizational):
    name: DiscountName
    code: Code = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_redemptions: Count | None = None
    max_redemptions_per_customer: Count | None = None
    products: list[UUID4] | None = None
    metadata: Metadata = {}


class _Fixed(_DiscountCreate):
    type: Literal["fixed"]
    amount: Amount | None = None
    currency: Currency | None = "usd"
    amounts: Amounts | None = None


class _Percentage(_DiscountCreate):
    type: Literal["percentage"]
    basis_points: BasisPoints


class DiscountFixedOnceForeverDurationCreate(_Fixed):
    duration: Annotated[str, choice("once", "forever")]


class DiscountFixedRepeatDurationCreate(_Fixed):
    duration: Literal["repeating"]
    duration_in_months: Months


class DiscountPercentageOnceForeverDurationCreate(_Percentage):
    duration: Annotated[str, choice("once", "forever")]


class DiscountPercentageRepeatDurationCreate(_Percentage):
    duration: Literal["repeating"]
    duration_in_months: Months


def _kind_of_discount(value: Any) -> str:
    def read(name: str) -> Any:
        return value.get(name) if isinstance(value, dict) else getattr(value, name, None)

    kind = "percentage" if read("type") == "percentage" else "fixed"
    return f"{kind}.{'repeat' if read('duration') == 'repeating' else 'once_forever'}"


class DiscountCreate(
    RootModel[
        Annotated[
            Annotated[DiscountFixedOnceForeverDurationCreate, Tag("fixed.once_forever")]
            | Annotated[DiscountFixedRepeatDurationCreate, Tag("fixed.repeat")]
            | Annotated[DiscountPercentageOnceForeverDurationCreate, Tag("percentage.once_forever")]
            | Annotated[DiscountPercentageRepeatDurationCreate, Tag("percentage.repeat")],
            Discriminator(_kind_of_discount),
        ]
    ]
):
    """POST /v1/discounts/."""


class DiscountUpdate(Body):
    """PATCH /v1/discounts/{id}."""

    name: DiscountName | None = None
    code: Code = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_redemptions: Count | None = None
    max_redemptions_per_customer: Count | None = None
    type: Annotated[str, choice("fixed", "percentage")] | None = None
    duration: Annotated[str, choice("once", "forever", "repeating")] | None = None
    duration_in_months: Months | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    amounts: Amounts | None = None
    basis_points: BasisPoints | None = None
    products: list[UUID4] | None = None
    metadata: Metadata = {}
