"""What a billing provider must be able to do.

A provider is pure: JSON in, frozen snapshots out, no models. What one cannot do is data:
`if Capability.SEATS in provider.capabilities`. Calls raise only from `polar_django.exceptions`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from polar_django.conf import Settings
from polar_django.exceptions import NotSupported
from polar_django.snapshots import Answer, CustomerState, Event

__all__ = [
    "Capability",
    "CheckoutRequest",
    "Envelope",
    "Page",
    "PortalSession",
    "Provider",
    "SeatInvitation",
    "SeatRequest",
    "StateAnswer",
]


class Capability(StrEnum):
    """What differs between providers; the rest of the interface all have."""

    GRANTS = "grants"
    UNCANCEL = "uncancel"
    CUSTOMER_STATE = "customer_state"
    MEMBERS = "members"
    SEATS = "seats"
    INVOICES = "invoices"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the inbox stores beside the body of a verified message.

    `delivery_id` is the same on every retry and redelivery. `timestamp` is the provider's clock
    when it made the event, None where the body cannot be read; `type` is then "".
    """

    delivery_id: str
    type: str
    timestamp: datetime | None
    api_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A hosted checkout to be made, for a customer that exists.

    `success_url` may hold `{CHECKOUT_ID}`, which the provider fills in. `metadata` comes back on
    the order and the subscription.
    """

    product_ids: tuple[str, ...]
    customer_id: str
    success_url: str
    return_url: str = ""
    seats: int | None = None
    min_seats: int | None = None
    max_seats: int | None = None
    locale: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSession:
    """A self-service page for one customer. The address holds a secret: redirect, never store."""

    url: str = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRequest:
    """A seat to be given: in a subscription or an order, to a known member or to an address.

    `external_member_id` beside `email` names the person for good. `immediate_claim` gives it at
    once, instead of an invitation by e-mail.
    """

    subscription_id: str = ""
    order_id: str = ""
    email: str = field(default="", repr=False)
    member_id: str = ""
    external_member_id: str = ""
    immediate_claim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatInvitation:
    """What an invitation offers, for the page that asks whether to take it."""

    product_name: str
    organization_name: str
    email: str = field(repr=False)
    can_claim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAnswer:
    """A customer state as an answer; `answered_at` is on the provider's clock.

    The state itself may be older than that: at Polar up to an hour.
    """

    provider: str
    answered_at: datetime
    state: CustomerState


# One page of a list: `observations` in the provider's order, oldest first.
Page = Answer


class Provider(ABC):
    """One billing provider, configured. Instances are shared between threads."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]
    accepted_status: ClassVar[int] = 202

    @classmethod
    def from_settings(cls, settings: Settings, options: Mapping[str, Any]) -> Self:
        """One configured by the project; `options` is its own entry in `PROVIDERS`. No calls."""
        return cls()

    @abstractmethod
    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        """Trust a message or not. Raises SignatureError, or ConfigurationError without a secret."""

    @abstractmethod
    def parse_event(self, body: bytes) -> Event:
        """A stored body as an event; one of an unknown type carries `data` and nothing to mirror.

        Raises MalformedPayload where it is no JSON object or its object has no id.
        """

    @abstractmethod
    def find_customer(self, external_id: str) -> Answer | None:
        """The live customer with that external id. One call."""

    @abstractmethod
    def find_customer_by_email(self, email: str) -> Answer | None:
        """The live customer with that address, in any case. One call."""

    @abstractmethod
    def create_customer(self, *, external_id: str, email: str, name: str) -> Answer:
        """A new customer. Raises CustomerConflict where the e-mail or id is taken. One call."""

    @abstractmethod
    def set_external_id(self, customer_id: str, external_id: str) -> Answer:
        """Give a customer without one its external id. One call."""

    @abstractmethod
    def create_checkout(self, request: CheckoutRequest) -> Answer:
        """A hosted checkout session. Not safe to repeat. One call."""

    @abstractmethod
    def get_checkout(self, checkout_id: str) -> Answer:
        """A checkout session as it is now. Raises ObjectNotFound. One call."""

    @abstractmethod
    def create_portal_session(self, customer_id: str, *, return_url: str = "") -> PortalSession:
        """A page where this customer manages their billing. One call."""

    @abstractmethod
    def get_subscription(self, subscription_id: str) -> Answer:
        """A subscription as it is now. Raises ObjectNotFound. One call."""

    @abstractmethod
    def cancel_subscription(
        self, subscription_id: str, *, reason: str = "", comment: str = ""
    ) -> Answer:
        """It will not renew; access lasts to the end of the period. One call."""

    @abstractmethod
    def uncancel_subscription(self, subscription_id: str) -> Answer:
        """Take a scheduled cancellation back. One call."""

    @abstractmethod
    def revoke_subscription(self, subscription_id: str) -> Answer:
        """End it, and the access it gives, now. One call."""

    @abstractmethod
    def list_objects(self, kind: str, **filters: Any) -> Iterator[Page]:
        """All objects of a kind, page by page, oldest first; one call a page.

        `kind` is "customers", "products", "benefits", "benefit_grants", "subscriptions",
        "orders", …; `filters` are the provider's own, e.g. `customer_id=`. `start_page=` (from 1,
        only given where it is higher) begins at a later page. Raises NotSupported for a kind it
        does not list.
        """

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

    def get_invoice_url(self, order_id: str) -> str:
        """Where an order's invoice is. Raises ObjectNotFound before it is made. One call."""
        raise self._cannot("show invoices")

    def generate_invoice(self, order_id: str) -> None:
        """Have the invoice made, which takes some seconds. One call."""
        raise self._cannot("make invoices")

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

    def list_benefit_grants(self, customer_id: str) -> Iterator[Page]:
        """All grants of a customer, revoked ones too, oldest first; one call a page."""
        return self.list_objects("benefit_grants", customer_id=customer_id)

    def _cannot(self, what: str) -> NotSupported:
        return NotSupported(f"The provider {self.name} cannot {what}.")
