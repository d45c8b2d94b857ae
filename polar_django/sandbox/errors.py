"""The API's refusals. Engine functions raise them; the API and the pages render them.

SandboxError                status, error name, detail: {"error": ..., "detail": ...}
├── ResourceNotFound 404    ├── ResourceUnavailable 410    ├── BadRequest 400
├── ... one class per name that Polar uses
└── InvalidRequest 422      detail is a list of {"type", "loc", "msg", "input"}
"""

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AlreadyActiveSubscriptionError",
    "AlreadyCanceledSubscription",
    "BadRequest",
    "CannotCreateOrganizationError",
    "CheckoutCustomerDeleted",
    "CheckoutCustomerExternalIdMismatch",
    "ClockRunsForward",
    "CustomerNotReady",
    "DiscountRedemptionLimitReached",
    "EmbedHostNotAllowed",
    "ExpiredCheckoutError",
    "InactiveSubscription",
    "InvalidEmailUpdate",
    "InvalidInvitationToken",
    "InvalidRequest",
    "InvitationTokenExpired",
    "ManualRetryLimitExceeded",
    "MissingInvoiceBillingDetails",
    "NotASeatBasedOrder",
    "NotASeatBasedSubscription",
    "NotAUnitBasedSubscription",
    "NotOpenCheckout",
    "NotPermitted",
    "OffSessionChargesNotEnabled",
    "OrderNotDraft",
    "OrderNotEligibleForInvoice",
    "OrderNotEligibleForRetry",
    "OtherSite",
    "PaymentError",
    "PaymentFailed",
    "PaymentMethodInUseByActiveSubscription",
    "PaymentMethodSetupFailed",
    "ProductNotDeletable",
    "RefundUnknownPayment",
    "RefundedAlready",
    "ResourceNotFound",
    "ResourceUnavailable",
    "RevokeSubscriptionBenefitsProhibited",
    "RotateNotPermitted",
    "SandboxError",
    "SeatAlreadyAssigned",
    "SeatCustomerNotFound",
    "SeatNotAvailable",
    "SeatNotPending",
    "SeatsAlreadyAssigned",
    "TrialAlreadyRedeemed",
    "invalid",
]


class SandboxError(Exception):
    """A refusal as Polar words it: HTTP `status`, `name` of the error class, text `detail`."""

    status = 400
    text = "Bad request."
    # Where Polar's class name would say too little here.
    shown = ""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or self.text
        super().__init__(self.detail)

    @property
    def name(self) -> str:
        """What stands in `error`: Polar's own class name."""
        return self.shown or type(self).__name__

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"error": self.name, "detail": self.detail}


class ResourceNotFound(SandboxError):
    status, text = 404, "Not found"


class ResourceUnavailable(SandboxError):
    status, text = 410, "Unavailable"


class BadRequest(SandboxError):
    status, text = 400, "Bad Request"


class ClockRunsForward(SandboxError):
    """The sandbox's own: time cannot go back while there is data; reset first."""

    status, text = 409, "The clock cannot go back while data stands. Reset the sandbox first."


class OtherSite(SandboxError):
    """The sandbox's own: a page of another site tries to steer it from the developer's browser."""

    status, text = 403, "Another site's page may not steer the sandbox."


class NotOpenCheckout(SandboxError):
    status, text = 403, "This checkout is not open."


class EmbedHostNotAllowed(SandboxError):
    status, text = 403, "This site may not embed the organization's checkout."


class ExpiredCheckoutError(SandboxError):
    status, text = 410, "This checkout session has expired."


class CheckoutCustomerDeleted(SandboxError):
    status, text = 409, "The customer of this checkout has been deleted."


class CheckoutCustomerExternalIdMismatch(SandboxError):
    """Polar answers this one with 422 and a text, not a list."""

    status = 422
    text = "A customer with this external ID already exists with a different email address."


class DiscountRedemptionLimitReached(SandboxError):
    status, text = 403, "This discount has reached its redemption limit."


class PaymentError(SandboxError):
    status = 400
    text = (
        "The payment failed: Your card was declined. Please try again with a different payment "
        "method."
    )


class AlreadyActiveSubscriptionError(SandboxError):
    status, text = 403, "You already have an active subscription."


class AlreadyCanceledSubscription(SandboxError):
    status = 403
    text = "This subscription is already canceled or will be at the end of the period."


class NotASeatBasedSubscription(SandboxError):
    status, text = 400, "This subscription does not support seat-based pricing."


class NotASeatBasedOrder(SandboxError):
    status, text = 400, "This order does not support seat-based pricing."


class SeatNotAvailable(SandboxError):
    status, text = 400, "No available seats."


class SeatAlreadyAssigned(SandboxError):
    status, text = 400, "Seat already assigned to this customer."


class SeatNotPending(SandboxError):
    status, text = 400, "Seat is not pending."


class SeatCustomerNotFound(SandboxError):
    status, text, shown = 404, "Customer not found.", "CustomerNotFound"


class InvalidInvitationToken(SandboxError):
    status, text = 400, "Invalid or expired invitation token."


class InvitationTokenExpired(SandboxError):
    status, text = 403, "Invitation token has expired."


class InactiveSubscription(SandboxError):
    status, text = 403, "This subscription is not active."


class NotAUnitBasedSubscription(SandboxError):
    status, text = 400, "This subscription does not support unit-based pricing."


class SeatsAlreadyAssigned(SandboxError):
    """Fewer seats than people who sit there. `detail` names the numbers."""

    status, text = 400, "More seats are assigned than that. Revoke some first."


class TrialAlreadyRedeemed(SandboxError):
    status, text = 403, "You have already used a trial for this product."


class PaymentFailed(SandboxError):
    """A charge that a change depends on was refused: nothing of the change stays."""

    status, text = 402, "The payment failed: Your card was declined."


class OffSessionChargesNotEnabled(SandboxError):
    status, text = 403, "Off-session charges are not enabled for this organization."


class OrderNotDraft(SandboxError):
    status, text = 412, "This order is not a draft."


class OrderNotEligibleForInvoice(SandboxError):
    status, text = 409, "This order is not eligible for an invoice."


class MissingInvoiceBillingDetails(SandboxError):
    """Polar answers this one with 422 and a text, not a list."""

    status, text = 422, "Billing name and address are required to generate this invoice."


class OrderNotEligibleForRetry(SandboxError):
    """Polar answers this one with 422 and a text, not a list."""

    status, text = 422, "Order is not eligible for payment retry."


class ManualRetryLimitExceeded(SandboxError):
    """Polar answers this one with JSON and without `Retry-After`, unlike every other 429."""

    status, text = 429, "This order was tried too often. Wait for the next automatic attempt."


class RefundedAlready(SandboxError):
    status, text = 403, "Order is already fully refunded."


class RefundUnknownPayment(SandboxError):
    status, text = 404, "The order has no payment to refund."


class RevokeSubscriptionBenefitsProhibited(SandboxError):
    status, text = 400, "Subscription benefits can only be revoked upon cancellation"


class NotPermitted(SandboxError):
    status, text = 403, "Not permitted"


class RotateNotPermitted(SandboxError):
    status, text = 400, "Only active or disabled license keys can be rotated."


class PaymentMethodInUseByActiveSubscription(SandboxError):
    status, text = 400, "This payment method is used by an active subscription."


class PaymentMethodSetupFailed(SandboxError):
    status, text = 400, "Your card was declined."


class CustomerNotReady(SandboxError):
    status, text = 403, "Customer is not ready to confirm a payment method."


class InvalidEmailUpdate(SandboxError):
    status, text = 401, "This email update request is invalid or has expired."


class CannotCreateOrganizationError(SandboxError):
    status, text = 403, "The sandbox has one organization."


class ProductNotDeletable(SandboxError):
    status, text = 409, "This product cannot be deleted."


class InvalidRequest(SandboxError):
    """422: the values cannot be accepted. `errors` is FastAPI's list."""

    status = 422

    def __init__(self, errors: Sequence[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error["msg"]) for error in errors))
        self.errors = list(errors)

    @property
    def name(self) -> str:
        return "PolarRequestValidationError"

    def body(self) -> dict[str, Any]:
        return {"error": self.name, "detail": self.errors}


def invalid(
    message: str, *loc: str | int, value: object = None, type_: str = "value_error"
) -> InvalidRequest:
    """A 422 with one entry at `("body", *loc)`, to be raised."""
    return InvalidRequest([{"type": type_, "loc": ["body", *loc], "msg": message, "input": value}])
