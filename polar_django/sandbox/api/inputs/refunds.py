"""Bodies of refunds."""

from typing import Annotated

from pydantic import UUID4, AfterValidator, Field
from pydantic_core import PydanticCustomError

from polar_django.sandbox.api.inputs.fields import Body, Metadata, Text

__all__ = ["RefundCreate"]

REASONS = (
    "duplicate",
    "fraudulent",
    "customer_request",
    "service_disruption",
    "satisfaction_guarantee",
    "other",
)


def _check_reason(value: str) -> str:
    if value not in REASONS:
        # Polar's own enumeration shows through in this one.
        names = [f"<RefundReason.{each}: '{each}'>" for each in REASONS]
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        raise PydanticCustomError(
            "literal_error", "Input should be {expected}", {"expected": expected}
        )
    return value


class RefundCreate(Body):
    """POST /v1/refunds/: `amount` is net; its tax is added pro rata."""

    order_id: UUID4
    reason: Annotated[str, AfterValidator(_check_reason)]
    amount: Annotated[int, Field(gt=0)]
    comment: Text | None = None
    revoke_benefits: bool = False
    metadata: Metadata = {}
