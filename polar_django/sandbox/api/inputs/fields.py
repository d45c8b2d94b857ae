"""The kinds of values that bodies are made of, with Polar's limits."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import (
    UUID4,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    PlainSerializer,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from polar_django.sandbox.errors import InvalidRequest

__all__ = [
    "Address",
    "BillingType",
    "Body",
    "Currency",
    "CustomFieldData",
    "Email",
    "Metadata",
    "Moment",
    "Name",
    "Organizational",
    "Text",
    "Url",
    "Visibility",
    "choice",
    "sent",
]


def _in_utc(value: datetime) -> datetime:
    """PostgreSQL takes no offset beyond 15:59, though ISO 8601 allows up to 23:59."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is outside the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """A request body. Keys it does not know are ignored, as Polar does."""

    # As FastAPI reads bodies; only the wording of one error depends on it.
    model_config = ConfigDict(from_attributes=True)


def sent(body: BaseModel) -> dict[str, Any]:
    """What the caller sent, checked: only the keys that were there."""
    return body.model_dump(exclude_unset=True)


def choice(*values: str) -> AfterValidator:
    """One of these texts; refused as FastAPI refuses what is in no enumeration."""
    quoted = [f"'{value}'" for value in values]
    expected = f"{', '.join(quoted[:-1])} or {quoted[-1]}"

    def check(value: str) -> str:
        if value not in values:
            raise PydanticCustomError("enum", "Input should be {expected}", {"expected": expected})
        return value

    return AfterValidator(check)


def _check_email(value: str) -> str:
    if "@" not in value:
        reason = "An email address must have an @-sign."
    else:
        try:
            validate_email(value)
        except ValidationError:
            reason = "The email address is not valid."
        else:
            return value
    raise PydanticCustomError(
        "value_error", "value is not a valid email address: {reason}", {"reason": reason}
    )


def _keep_text(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    # `{CHECKOUT_ID}` must stay as it is; a parsed URL would escape its braces.
    handler(value)
    return value


Text = Annotated[str, StringConstraints(max_length=5_000)]
Name = Annotated[str, StringConstraints(max_length=256)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_check_email)]
Url = Annotated[
    HttpUrl, WrapValidator(_keep_text), PlainSerializer(str, return_type=str, when_used="always")
]
Currency = Annotated[str, StringConstraints(min_length=3, max_length=3, to_lower=True)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=40)]
MetadataValue = Annotated[str, StringConstraints(min_length=1, max_length=500)] | int | float | bool
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=50)]
Visibility = Annotated[str, choice("draft", "private", "public")]
BillingType = Annotated[str, choice("one_time", "recurring")]
CustomFieldData = dict[str, str | int | bool | None]


class Address(Body):
    """A billing address; what was not sent is null, so that it always has all its keys."""

    line1: Text | None = None
    line2: Text | None = None
    postal_code: Text | None = None
    city: Text | None = None
    state: Text | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        optional = ("line1", "line2", "postal_code", "city", "state")
        return {**dict.fromkeys(optional), **value}


class Organizational(Body):
    """A body that names its organization only where the token does not."""

    organization_id: UUID4 | None = None

    def data(self) -> dict[str, Any]:
        """What was sent. Raises InvalidRequest where it names an organization."""
        if self.organization_id is not None:
            raise InvalidRequest(
                [
                    {
                        "type": "organization_token",
                        "loc": ["body", "organization_id"],
                        "msg": "Setting organization_id is disallowed when using an "
                        "organization token.",
                        "input": str(self.organization_id),
                    }
                ]
            )
        data = sent(self)
        data.pop("organization_id", None)
        return data
