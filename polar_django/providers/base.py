"""What a billing provider must be able to do.

A provider is pure: JSON in, frozen snapshots out, no models. What one cannot do is data:
`if Capability.SEATS in provider.capabilities`. Calls raise only from `polar_django.exceptions`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from polar_django.conf import Settings
from polar_django.providers.optional import OptionalCalls
from polar_django.providers.requests import (
    ChargeLine,
    ChargePreview,
    CheckoutRequest,
    PortalSession,
    SeatInvitation,
    SeatRequest,
    StateAnswer,
)
from polar_django.snapshots import Answer, Event

__all__ = [
    "Capability",
    "ChargeLine",
    "ChargePreview",
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
    CHANGES = "changes"
    PAUSES = "pauses"
    REFUNDS = "refunds"
    LICENSE_KEYS = "license_keys"
    WEBHOOK_ENDPOINTS = "webhook_endpoints"
    DIAGNOSIS = "diagnosis"
    METERS = "meters"
    DISCOUNT_CODES = "discount_codes"
    FREE_UPGRADES = "free_upgrades"
    AD_HOC_PRICES = "ad_hoc_prices"


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


# One page of a list: `observations` in the provider's order, oldest first.
Page = Answer


class Provider(OptionalCalls, ABC):
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
    def create_portal_session(
        self, customer_id: str, *, return_url: str = "", member_id: str = ""
    ) -> PortalSession:
        """A page where this customer manages their billing, as that member of a team. One call.

        Raises InvalidRequest for a team where the provider has to know who is coming.
        """

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
        only given where it is higher) begins at a later page, `sorting="-created_at"` turns the
        order round. An empty list is one page without observations, which says when it was empty.
        Raises NotSupported for a kind it does not list.
        """

    def list_benefit_grants(self, customer_id: str) -> Iterator[Page]:
        """All grants of a customer, revoked ones too, oldest first; one call a page."""
        return self.list_objects("benefit_grants", customer_id=customer_id)
