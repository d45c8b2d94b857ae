"""What a provider is asked for, and what it answers that is no object of the mirror."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from polar_django.snapshots import CustomerState

__all__ = [
    "ChargeLine",
    "ChargePreview",
    "CheckoutRequest",
    "PortalSession",
    "SeatInvitation",
    "SeatRequest",
    "StateAnswer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """A hosted checkout to be made, for a customer that exists, or for whoever pays.

    `success_url` may hold `{CHECKOUT_ID}`, which the provider fills in. `metadata` comes back on
    the order and the subscription, `customer_metadata` on the customer. `prices` are ad-hoc prices
    by product id, as the settings write them (`conf.prices`), meters by their id. `subscription_id`
    is a free subscription that this purchase replaces. `amount` is for prices the buyer chooses.
    Amounts are whole minor units.
    """

    product_ids: tuple[str, ...]
    customer_id: str
    success_url: str
    return_url: str = ""
    embed_origin: str = ""
    prices: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    currency: str = ""
    amount: int | None = None
    seats: int | None = None
    min_seats: int | None = None
    max_seats: int | None = None
    discount_id: str = ""
    allow_discount_codes: bool = True
    allow_trial: bool = True
    trial_interval: str = ""
    trial_interval_count: int | None = None
    require_billing_address: bool = False
    is_business_customer: bool = False
    customer_email: str = field(default="", repr=False)
    customer_name: str = field(default="", repr=False)
    customer_ip_address: str = field(default="", repr=False)
    customer_metadata: Mapping[str, Any] = field(default_factory=dict)
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    subscription_id: str = ""
    locale: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One line of a preview; an `amount` below 0 is given back."""

    label: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePreview:
    """What a change would cost, in minor units of the subscription's currency.

    `due_amount` is what is charged for it: now, or with the next invoice where it is prorated, what
    waits for that invoice already included. `lines` is what is added and given back.
    """

    subtotal_amount: int
    discount_amount: int
    net_amount: int
    tax_amount: int
    total_amount: int
    applied_balance_amount: int
    due_amount: int
    lines: tuple[ChargeLine, ...] = ()
