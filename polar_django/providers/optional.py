"""What a provider may be able to do, beyond what every one must.

Each call says so where it cannot. Which ones work is data: the provider's `capabilities`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from polar_django.exceptions import NotSupported
from polar_django.providers.catalog import CatalogEditor
from polar_django.providers.diagnosis import Diagnosis
from polar_django.providers.endpoints import WebhookEndpoints
from polar_django.providers.licensing import LicenseKeys
from polar_django.providers.raw import RawClient
from polar_django.providers.requests import (
    ChargePreview,
    SeatInvitation,
    SeatRequest,
    StateAnswer,
)
from polar_django.providers.storefront import Storefront
from polar_django.providers.usage import IngestedUsage, UsageFact
from polar_django.snapshots import Answer

__all__ = ["OptionalCalls"]


class OptionalCalls:
    """Every call here raises NotSupported until a provider overrides it, and ProviderError then."""

    name: ClassVar[str]

    def get_object(self, kind: str, object_id: str) -> Answer:
        """One object of a kind of `list_objects` as it is now. One call.

        Raises ObjectNotFound where there is none (any more), and only then; NotSupported for a
        kind that is not read one by one.
        """
        raise self._cannot(f"read one object of {kind}")

    def get_customer(self, customer_id: str) -> Answer:
        """A customer as it is now. Raises ObjectNotFound, also for a deleted one. One call."""
        raise self._cannot("read one customer")

    def get_product(self, product_id: str) -> Answer:
        """A product and its current prices. Raises ObjectNotFound. One call."""
        raise self._cannot("read one product")

    def get_benefit(self, benefit_id: str) -> Answer:
        """A benefit as it is now. Raises ObjectNotFound. One call."""
        raise self._cannot("read one benefit")

    def get_order(self, order_id: str) -> Answer:
        """An order as it is now. Raises ObjectNotFound. One call."""
        raise self._cannot("read one order")

    def apply_discount_code(self, checkout: Mapping[str, Any], code: str) -> Answer:
        """Take a discount off an open session, by the code that a buyer typed. Two calls.

        `checkout` is the session's `raw`. Raises InvalidRequest where the provider does not take
        the code for this purchase.
        """
        raise self._cannot("take discount codes")

    def get_invoice_url(self, order_id: str) -> str:
        """Where an order's invoice is. Raises ObjectNotFound before it is made. One call."""
        raise self._cannot("show invoices")

    def generate_invoice(self, order_id: str) -> None:
        """Have the invoice made, which takes some seconds. One call."""
        raise self._cannot("make invoices")

    def update_customer(self, customer_id: str, *, email: str = "", name: str = "") -> Answer:
        """Another e-mail or name; what is empty stays. Raises CustomerConflict. One call."""
        raise self._cannot("change a customer")

    def delete_customer(self, customer_id: str, *, anonymize: bool = False) -> None:
        """Delete for good, ending what it has. Raises ObjectNotFound for a deleted one. One
        call."""
        raise self._cannot("delete a customer")

    def get_receipt_url(self, order_id: str) -> str | None:
        """Where an order's receipt is; None while there is none. One call."""
        raise self._cannot("show receipts")

    def refund_order(
        self,
        order_id: str,
        amount: int,
        *,
        reason: str,
        comment: str = "",
        revoke_benefits: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> Answer:
        """Give money back: `amount` is net, in minor units. The answer is the refund.

        Not safe to repeat. Raises ActionRefused for an order that is refunded or was free,
        InvalidRequest for more than is left. One call.
        """
        raise self._cannot("refund orders")

    def change_product(
        self, subscription_id: str, product_id: str, *, proration: str = ""
    ) -> Answer:
        """Another product. `proration` is "prorate", "invoice", "next_period" or "reset"; the
        provider's own rule where empty. Raises PaymentFailed, ActionRefused, InvalidRequest. One
        call."""
        raise self._cannot("change the product of a subscription")

    def change_seats(self, subscription_id: str, seats: int, *, proration: str = "") -> Answer:
        """Another number of seats; as `change_product`. One call."""
        raise self._cannot("change the seats of a subscription")

    def preview_change(
        self,
        subscription_id: str,
        *,
        product_id: str = "",
        seats: int | None = None,
        proration: str = "",
    ) -> ChargePreview:
        """What one of these changes would cost, without making it. One call."""
        raise self._cannot("preview a change of a subscription")

    def set_discount(self, subscription_id: str, discount_id: str | None) -> Answer:
        """Put a discount on a subscription, or take it off. One call."""
        raise self._cannot("change the discount of a subscription")

    def set_trial_end(self, subscription_id: str, until: datetime | None) -> Answer:
        """Move the end of a trial, or give one; None ends it now. One call."""
        raise self._cannot("change a trial")

    def clear_pending_update(self, subscription_id: str) -> Answer:
        """Drop the change that waits for the next period. One call."""
        raise self._cannot("schedule changes of a subscription")

    def pause_subscription(self, subscription_id: str, *, until: datetime | None = None) -> Answer:
        """Pause when the paid period ends, until then or until it is resumed. One call."""
        raise self._cannot("pause a subscription")

    def unschedule_pause(self, subscription_id: str) -> Answer:
        """Take a pause back that has not begun. One call."""
        raise self._cannot("pause a subscription")

    def resume_subscription(self, subscription_id: str) -> Answer:
        """End a pause: a new period begins and is charged. Raises PaymentFailed. One call."""
        raise self._cannot("pause a subscription")

    def assign_seat(self, request: SeatRequest) -> Answer:
        """Give a seat, or invite to one. Raises ActionRefused where none is free. One call."""
        raise self._cannot("assign seats")

    def revoke_seat(self, seat_id: str) -> Answer:
        """Take a seat back. Raises ObjectNotFound. One call."""
        raise self._cannot("revoke seats")

    def resend_seat_invitation(self, seat_id: str) -> Answer:
        """Send the invitation again, with a new token. One call."""
        raise self._cannot("invite to seats")

    def get_seat_invitation(self, token: str) -> SeatInvitation:
        """What a token invites to. Raises ActionRefused, ObjectNotFound. One call."""
        raise self._cannot("invite to seats")

    def claim_seat(self, token: str) -> Answer:
        """Take the seat that a token invites to. Raises ActionRefused. One call."""
        raise self._cannot("invite to seats")

    def customer_state(self, customer_id: str) -> StateAnswer:
        """What a customer holds, a hint (see CustomerState). Raises ObjectNotFound. One call."""
        raise self._cannot("read a customer's state")

    def storefront(self) -> Storefront:
        """Discounts and checkout links, for a project to write. No call."""
        raise self._cannot("have discounts and links written")

    def raw_client(self) -> RawClient:
        """The API itself, for what has no call here. No call."""
        raise self._cannot("be asked by path")

    def license_keys(self) -> LicenseKeys:
        """What programs ask of license keys. No call."""
        raise self._cannot("give license keys")

    def catalog_editor(self) -> CatalogEditor:
        """What is for sale, for an operator to write. No call."""
        raise self._cannot("have its catalogue written")

    def webhook_endpoints(self) -> WebhookEndpoints:
        """The endpoints that the provider keeps for us, to look at and to mend. No call."""
        raise self._cannot("manage webhook endpoints")

    def diagnosis(self) -> Diagnosis:
        """Questions about the token and whose it is. No call."""
        raise self._cannot("be asked about its token")

    def ingest_usage(self, facts: Sequence[UsageFact]) -> IngestedUsage:
        """Tell the meters what was used: the whole batch, or nothing where the answer names events
        as refused. Safe to repeat: an external id counts once. One call."""
        raise self._cannot("count usage")

    def dashboard_url(self, kind: str, object_id: str) -> str:
        """Where staff look at this object at the provider itself; "" where nowhere is known.

        `kind` is the name of our model, in lower case. No call.
        """
        return ""

    def _cannot(self, what: str) -> NotSupported:
        return NotSupported(f"The provider {self.name} cannot {what}.")
