"""The webhook endpoints that a provider keeps for us: what they are, and what can be done to them.

For operators, not for requests: `polar_webhook` and `polar_doctor` ask, nobody else.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from polar_django.signing import Scheme

__all__ = ["DeliveryAttempt", "WebhookEndpoint", "WebhookEndpoints"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """One address that the provider delivers to.

    `is_raw` is false where it sends something made for people, such as a chat message. `secret` is
    "" where the provider does not show it (any more); `scheme` says how it signs with it.
    """

    id: str
    url: str
    events: frozenset[str]
    is_enabled: bool
    is_raw: bool = True
    api_version: str = ""
    secret: str = field(default="", repr=False)
    scheme: Scheme = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One POST of the provider's to an endpoint.

    `event_id` is the webhook id, the same on every attempt; `status` the answer's, None where
    there was none. What was answered may quote anything, and is not kept.
    """

    event_id: str
    type: str
    attempted_at: datetime | None
    succeeded: bool
    status: int | None
    can_redeliver: bool


class WebhookEndpoints(ABC):
    """What an operator does to the endpoints. Every method raises ProviderError and its kin."""

    # The event types an endpoint must have for the mirror to be right.
    needed_events: frozenset[str]
    # All event types there are, which is what a new endpoint takes.
    all_events: frozenset[str]
    # The version of payloads that an endpoint should send; "" where the provider has none.
    api_version: str = ""

    @abstractmethod
    def all(self) -> list[WebhookEndpoint]:
        """Every endpoint of the account, oldest first. One call a page."""

    @abstractmethod
    def create(self, url: str) -> WebhookEndpoint:
        """A new one for all events, with a secret of the provider's. One call."""

    @abstractmethod
    def repair(self, endpoint: WebhookEndpoint, url: str) -> WebhookEndpoint:
        """Enable it, for all events and raw payloads at that address; its secret stays. One
        call."""

    @abstractmethod
    def renew_secret(self, endpoint: WebhookEndpoint) -> WebhookEndpoint:
        """Give it a new secret. The old one stops at once. One call."""

    @abstractmethod
    def attempts(
        self, endpoints: Sequence[WebhookEndpoint], *, failed_only: bool = False
    ) -> Iterator[DeliveryAttempt]:
        """What was sent to these, newest first; one call for a hundred."""

    @abstractmethod
    def redeliver(self, event_id: str) -> None:
        """Have an event sent again, with the same webhook id. Raises ObjectNotFound. One call."""
