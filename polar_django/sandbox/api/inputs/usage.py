"""Bodies of usage events and meters."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    UUID4,
    AfterValidator,
    Discriminator,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from polar_django.sandbox import clock
from polar_django.sandbox.api.inputs.fields import (
    Body,
    Metadata,
    MetadataKey,
    MetadataValue,
    Moment,
    Organizational,
    Text,
    sent,
)

__all__ = ["EventsIngest", "MeterCreate", "MeterUpdate"]

Key = Annotated[str, Field(max_length=255)]
EventMetadataValue = MetadataValue | dict[str, Any]


class CostMetadata(Body):
    """In cents, as a number or as text; kept as a number, so that meters can add it."""

    amount: Annotated[
        Decimal,
        Field(max_digits=17, decimal_places=12),
        PlainSerializer(float, return_type=float),
    ]
    currency: Annotated[str, StringConstraints(pattern="usd")]


class LLMMetadata(Body):
    vendor: Text
    model: Text
    prompt: str | None = None
    response: str | None = None
    input_tokens: int
    cached_input_tokens: int = 0
    output_tokens: int
    total_tokens: int


# What metadata may hold beside plain values.
NESTED: Mapping[str, type[Body]] = {"_cost": CostMetadata, "_llm": LLMMetadata}


def _check_past(value: Moment) -> Moment:
    if value > clock.now():
        raise ValueError("Timestamp must be in the past.")
    return value


def _check_nested(value: dict[str, EventMetadataValue]) -> dict[str, EventMetadataValue]:
    for key, each in value.items():
        kind = NESTED.get(key)
        if kind is None and isinstance(each, dict):
            raise PydanticCustomError("string_type", "Input should be a valid string")
        if kind is not None:
            value[key] = _read_kind(key, kind, each)
    return value


def _read_kind(key: str, kind: type[Body], value: EventMetadataValue) -> dict[str, Any]:
    try:
        return sent(kind.model_validate(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (key, *first["loc"])))
        # As an argument: braces in a message are the caller's own.
        raise PydanticCustomError(
            "value_error", "{what}", {"what": f"{where}: {first['msg']}"}
        ) from error


class _EventCreate(Body):
    name: Annotated[str, Field(max_length=128)]
    timestamp: Annotated[Moment, AfterValidator(_check_past)] | None = None
    organization_id: UUID4 | None = None
    external_id: Key | None = None
    parent_id: Text | None = None
    metadata: Annotated[
        dict[MetadataKey, EventMetadataValue],
        Field(max_length=50),
        AfterValidator(_check_nested),
    ] = {}


# These names stand in the `loc` of Polar's errors.
class EventCreateCustomer(_EventCreate):
    customer_id: UUID4
    member_id: UUID4 | None = None


class EventCreateExternalCustomer(_EventCreate):
    external_customer_id: Key
    external_member_id: Key | None = None


class EventsIngest(Body):
    """POST /v1/events/ingest: the whole batch is stored, or nothing."""

    events: list[EventCreateCustomer | EventCreateExternalCustomer]


Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "like", "not_like"]
Integer = Annotated[int, Field(ge=-(2**31), lt=2**31)]
ClauseValue = bool | Integer | Annotated[str, StringConstraints(max_length=1000)]


class FilterClause(Body):
    property: Text
    operator: Operator
    value: ClauseValue


class Filter(Body):
    """Clauses, and filters inside filters."""

    conjunction: Literal["and", "or"]
    clauses: list["FilterClause | Filter"]

    @field_validator("clauses")
    @classmethod
    def _not_too_deep(cls, value: list[Any]) -> list[Any]:
        if _depth(value) > MOST_DEPTH:
            raise ValueError("Filters cannot be nested that deeply.")
        return value


MOST_DEPTH = 20


def _depth(clauses: list[Any]) -> int:
    inner = [_depth(each.clauses) for each in clauses if isinstance(each, Filter)]
    return 1 + max(inner, default=0)


class CountAggregation(Body):
    func: Literal["count"]


class PropertyAggregation(Body):
    func: Literal["sum", "max", "min", "avg"]
    property: Text


class UniqueAggregation(Body):
    func: Literal["unique"]
    property: Text


Aggregation = Annotated[
    CountAggregation | PropertyAggregation | UniqueAggregation, Discriminator("func")
]
LARGEST = 2_147_483_647
MeterName = Annotated[str, AfterValidator(str.strip), Field(min_length=3, max_length=255)]
Unit = Literal["scalar", "token", "custom"]


class MeterCreate(Organizational):
    """POST /v1/meters/."""

    name: MeterName
    filter: Filter
    aggregation: Aggregation
    unit: Unit = "scalar"
    custom_label: Annotated[str, Field(max_length=255)] | None = None
    custom_multiplier: Annotated[int, Field(gt=0, le=LARGEST)] | None = None
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _label_custom_units(self) -> Self:
        if self.unit == "custom" and not self.custom_label:
            raise ValueError("custom_label is required when unit is custom.")
        return self


class MeterUpdate(Body):
    """PATCH /v1/meters/{id}."""

    name: MeterName | None = None
    filter: Filter | None = None
    aggregation: Aggregation | None = None
    unit: Unit | None = None
    custom_label: Annotated[str, Field(max_length=255)] | None = None
    custom_multiplier: Annotated[int, Field(gt=0, le=LARGEST)] | None = None
    is_archived: bool | None = None
    metadata: Metadata = {}
