"""What a project offers of its own accord: discounts, and links that open a checkout."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from polar_django.snapshots import Answer

__all__ = ["CheckoutLink", "DiscountRequest", "LinkRequest", "Storefront"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRequest:
    """`basis_points` (10,000 is all of it), or an `amount` in minor units of `currency`.

    `duration` is "once", "forever" or "repeating", the last for so many `months`. Without a `code`
    it is applied by code only. Without products it is for all.
    """

    name: str
    basis_points: int | None = None
    amount: int | None = None
    currency: str = ""
    duration: str = "once"
    months: int | None = None
    code: str = ""
    product_ids: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_redemptions: int | None = None
    max_redemptions_per_customer: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A link to be made; `label` is for the seller's eyes."""

    product_ids: tuple[str, ...]
    label: str = ""
    discount_id: str = ""
    allow_discount_codes: bool = True
    require_billing_address: bool = False
    seats: int | None = None
    success_url: str = ""
    return_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLink:
    """A link that opens a new checkout for whoever follows it. `url` may be published."""

    id: str
    url: str
    label: str = ""
    product_ids: tuple[str, ...] = ()
    discount_id: str | None = None
    allow_discount_codes: bool = True
    seats: int | None = None
    success_url: str = ""
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Storefront(ABC):
    """Each call raises ProviderError and its kin."""

    @abstractmethod
    def create_discount(self, request: DiscountRequest) -> Answer:
        """Not safe to repeat, unless it has a code: that is taken once. One call."""

    @abstractmethod
    def delete_discount(self, discount_id: str) -> None:
        """Raises ObjectNotFound for one that is gone. One call."""

    @abstractmethod
    def create_link(self, request: LinkRequest) -> CheckoutLink:
        """Not safe to repeat. One call."""

    @abstractmethod
    def links(self) -> Iterator[CheckoutLink]:
        """All of them, oldest first. One call a page."""

    @abstractmethod
    def delete_link(self, link_id: str) -> None:
        """Raises ObjectNotFound for one that is gone. One call."""
