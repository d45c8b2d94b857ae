"""Bodies of customers, members and portal sessions."""

from typing import Annotated, Any, Literal

from pydantic import UUID4, AliasChoices, Discriminator, Field, RootModel, Tag

from polar_django.sandbox.api.inputs.fields import (
    Address,
    Body,
    Email,
    Metadata,
    Name,
    Organizational,
    Text,
    Url,
)

__all__ = [
    "CustomerCreate",
    "CustomerSessionCreate",
    "CustomerUpdate",
    "CustomerUpdateExternal",
    "MemberCreate",
    "MemberCreateForCustomer",
    "MemberRole",
    "MemberUpdate",
]

Key = Annotated[str, Field(max_length=255)]
MemberRole = Literal["owner", "billing_manager", "member"]
Locale = Annotated[str, Field(max_length=16)]


class MemberOwner(Body):
    email: Email
    name: Name | None = None
    external_id: Key | None = None


class _CustomerCreate(Organizational):
    external_id: Key | None = None
    name: Name | None = None
    billing_address: Address | None = None
    tax_id: Text | None = None
    locale: Locale | None = None
    metadata: Metadata = {}
    owner: MemberOwner | None = None


class IndividualCustomer(_CustomerCreate):
    type: Literal["individual"] = "individual"
    email: Email


class TeamCustomer(_CustomerCreate):
    type: Literal["team"]
    email: Email | None = None


def _kind_of_customer(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "team" if kind == "team" else "individual"


class CustomerCreate(
    RootModel[
        Annotated[
            Annotated[IndividualCustomer, Tag("individual")] | Annotated[TeamCustomer, Tag("team")],
            Discriminator(_kind_of_customer),
        ]
    ]
):
    """POST /v1/customers/."""


class CustomerUpdateExternal(Body):
    """PATCH /v1/customers/external/{external_id}: everything but that id."""

    email: Email | None = None
    name: Name | None = None
    billing_address: Address | None = None
    tax_id: Text | None = None
    locale: Locale | None = None
    metadata: Metadata = {}


class CustomerUpdate(CustomerUpdateExternal):
    """PATCH /v1/customers/{id}."""

    external_id: Key | None = None
    type: Literal["individual", "team"] | None = None


class MemberCreateForCustomer(MemberOwner):
    """POST /v1/customers/{id}/members."""

    role: Literal["member", "billing_manager"] = "member"


class MemberCreate(MemberCreateForCustomer):
    """POST /v1/members/."""

    customer_id: UUID4


class MemberUpdate(Body):
    """PATCH of a member."""

    name: Name | None = None
    email: Email | None = None
    role: MemberRole | None = None


class _CustomerSession(Body):
    member_id: UUID4 | None = None
    external_member_id: Key | None = None
    return_url: Url | None = None


# These names stand in the `loc` of Polar's errors.
class CustomerSessionCustomerIDCreate(_CustomerSession):
    customer_id: UUID4


class CustomerSessionCustomerExternalIDCreate(_CustomerSession):
    external_customer_id: Key = Field(
        validation_alias=AliasChoices("external_customer_id", "customer_external_id")
    )


class CustomerSessionCreate(
    RootModel[CustomerSessionCustomerIDCreate | CustomerSessionCustomerExternalIDCreate]
):
    """POST /v1/customer-sessions/."""
