"""Bodies of seats."""

import json
from typing import Annotated, Any, Self

from pydantic import UUID4, Field, model_validator

from polar_django.sandbox.api.inputs.fields import Body, Email

__all__ = ["SeatAssign", "SeatClaim"]

Key = Annotated[str, Field(max_length=255)]

MOST_KEYS = 10
MOST_BYTES = 1024


class SeatAssign(Body):
    """POST /v1/customer-seats: one purchase, one person."""

    subscription_id: UUID4 | None = None
    checkout_id: UUID4 | None = None
    order_id: UUID4 | None = None
    email: Email | None = None
    external_customer_id: Key | None = None
    customer_id: UUID4 | None = None
    external_member_id: Key | None = None
    member_id: UUID4 | None = None
    metadata: dict[str, Any] | None = None
    immediate_claim: bool = False

    @model_validator(mode="after")
    def validate_request(self) -> Self:
        sources = (self.subscription_id, self.checkout_id, self.order_id)
        if sum(each is not None for each in sources) != 1:
            raise ValueError(
                "Exactly one of subscription_id, checkout_id, or order_id must be provided"
            )
        people = (self.email, self.external_customer_id, self.customer_id)
        members = (self.external_member_id, self.member_id)
        if sum(each is not None for each in people) > 1 or not any((*people, *members)):
            raise ValueError(
                "Exactly one of email, external_customer_id, or customer_id must be provided"
            )
        if self.metadata is not None and len(self.metadata) > MOST_KEYS:
            raise ValueError(f"Metadata cannot have more than {MOST_KEYS} keys")
        if len(json.dumps(self.metadata).encode()) > MOST_BYTES:
            raise ValueError("Metadata size cannot exceed 1KB")
        return self


class SeatClaim(Body):
    """POST /v1/customer-seats/claim."""

    invitation_token: str
