"""What every provider hands over: frozen copies of its objects at one moment.

A field is named like the column it fills (Polar's own names); money is whole minor units, times
are aware UTC. Only `id` must be known: an older or newer payload leaves the rest at its default,
and `raw` keeps the whole object as it came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

__all__ = [
    "Answer",
    "BenefitGrantSnapshot",
    "BenefitSnapshot",
    "CheckoutSnapshot",
    "CustomerMeterSnapshot",
    "CustomerSnapshot",
    "CustomerState",
    "DiscountSnapshot",
    "Event",
    "LicenseKeySnapshot",
    "MemberSnapshot",
    "MeterSnapshot",
    "ObjectSnapshot",
    "Observation",
    "OrderSnapshot",
    "PriceSnapshot",
    "ProductSnapshot",
    "RefundSnapshot",
    "SeatSnapshot",
    "SubscriptionSnapshot",
]

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSnapshot:
    """What all objects share. `raw` is the provider's JSON object, unchanged."""

    id: str
    raw: Json = field(default_factory=dict, repr=False)
    created_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSnapshot(ObjectSnapshot):
    type: str = "individual"
    external_id: str | None = None
    email: str | None = field(default=None, repr=False)
    email_verified: bool = False
    name: str | None = field(default=None, repr=False)
    deleted_at: datetime | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSnapshot(ObjectSnapshot):
    customer_id: str | None = None
    external_id: str | None = None
    email: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    role: str = "member"
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductSnapshot(ObjectSnapshot):
    """`key` is `metadata["key"]`, "" where there is none; `benefit_ids` in the product's order."""

    key: str = ""
    name: str = ""
    description: str | None = None
    visibility: str = "public"
    is_recurring: bool = False
    is_archived: bool = False
    recurring_interval: str | None = None
    recurring_interval_count: int | None = None
    trial_interval: str | None = None
    trial_interval_count: int | None = None
    benefit_ids: tuple[str, ...] = ()
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSnapshot(ObjectSnapshot):
    product_id: str | None = None
    meter_id: str | None = None
    amount_type: str = "fixed"
    source: str = "catalog"
    price_currency: str = ""
    price_amount: int | None = None
    minimum_amount: int | None = None
    maximum_amount: int | None = None
    preset_amount: int | None = None
    unit_amount: Decimal | None = None
    cap_amount: int | None = None
    recurring_interval: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitSnapshot(ObjectSnapshot):
    """`key` is `metadata["key"]`, "" where there is none."""

    key: str = ""
    type: str = ""
    description: str = ""
    is_deleted: bool = False
    metadata: Json = field(default_factory=dict)
    properties: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSnapshot(ObjectSnapshot):
    key: str = ""
    name: str = ""
    unit: str = "scalar"
    archived_at: datetime | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountSnapshot(ObjectSnapshot):
    name: str = ""
    code: str | None = None
    type: str = ""
    duration: str = ""
    duration_in_months: int | None = None
    basis_points: int | None = None
    amount: int | None = None
    currency: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_redemptions: int | None = None
    redemptions_count: int = 0
    deleted_at: datetime | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot(ObjectSnapshot):
    """`status` is one of Polar's eight; `provider_status` the provider's own word for it."""

    customer_id: str | None = None
    product_id: str | None = None
    discount_id: str | None = None
    checkout_id: str | None = None
    status: str = "incomplete"
    provider_status: str = ""
    amount: int | None = None
    currency: str = ""
    recurring_interval: str | None = None
    recurring_interval_count: int | None = None
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    started_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    past_due_at: datetime | None = None
    pause_at_period_end: bool = False
    paused_at: datetime | None = None
    resumes_at: datetime | None = None
    seats: int | None = None
    units: int | None = None
    customer_cancellation_reason: str | None = None
    customer_cancellation_comment: str | None = None
    pending_update: Json | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatSnapshot(ObjectSnapshot):
    """A revoked seat names nobody any more: customer, member and e-mail are None."""

    subscription_id: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    member_id: str | None = None
    status: str = "pending"
    email: str | None = field(default=None, repr=False)
    claimed_at: datetime | None = None
    revoked_at: datetime | None = None
    invitation_token_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot(ObjectSnapshot):
    customer_id: str | None = None
    product_id: str | None = None
    discount_id: str | None = None
    subscription_id: str | None = None
    checkout_id: str | None = None
    status: str = "pending"
    paid: bool = False
    billing_reason: str = ""
    currency: str = ""
    subtotal_amount: int = 0
    discount_amount: int = 0
    net_amount: int = 0
    tax_amount: int = 0
    total_amount: int = 0
    applied_balance_amount: int = 0
    due_amount: int = 0
    refunded_amount: int = 0
    refunded_tax_amount: int = 0
    invoice_number: str | None = None
    is_invoice_generated: bool = False
    seats: int | None = None
    units: int | None = None
    next_payment_attempt_at: datetime | None = None
    description: str = ""
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSnapshot(ObjectSnapshot):
    """`amount` is net, without `tax_amount`."""

    order_id: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    status: str = "pending"
    reason: str = ""
    amount: int = 0
    tax_amount: int = 0
    currency: str = ""
    revoke_benefits: bool = False
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSnapshot(ObjectSnapshot):
    """`subscription_id` is an upgraded subscription, never the one a purchase creates."""

    customer_id: str | None = None
    product_id: str | None = None
    discount_id: str | None = None
    subscription_id: str | None = None
    external_customer_id: str | None = None
    status: str = "open"
    url: str = ""
    success_url: str = ""
    expires_at: datetime | None = None
    amount: int | None = None
    total_amount: int | None = None
    currency: str = ""
    seats: int | None = None
    metadata: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenefitGrantSnapshot(ObjectSnapshot):
    """`is_revoked` is false too while a grant waits for an action of the customer (`error`).

    `for_team` says that the customer was a team; whether the grant is a seat's is the mirror's to
    say, which knows the purchase. `expires_at` ends the grant by itself: a derived grant has it
    (`providers.access`), Polar's own never.
    """

    customer_id: str | None = None
    member_id: str | None = None
    benefit_id: str | None = None
    subscription_id: str | None = None
    order_id: str | None = None
    is_granted: bool = False
    is_revoked: bool = False
    granted_at: datetime | None = None
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    error: Json | None = None
    properties: Json = field(default_factory=dict)
    for_team: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseKeySnapshot(ObjectSnapshot):
    """`key` is the whole key, where an answer shows it: no column has it, and `raw` is without it.

    `status` is "granted", "revoked" (with its grant) or "disabled" (by hand).
    """

    customer_id: str | None = None
    member_id: str | None = None
    benefit_id: str | None = None
    status: str = "granted"
    key: str = field(default="", repr=False)
    display_key: str = ""
    limit_activations: int | None = None
    limit_usage: int | None = None
    usage: int = 0
    validations: int = 0
    last_validated_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMeterSnapshot(ObjectSnapshot):
    """Units of the meter; `balance` is credited minus consumed and may be negative."""

    customer_id: str | None = None
    meter_id: str | None = None
    consumed_units: float = 0.0
    credited_units: int = 0
    balance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One object as the provider showed it, with the reduced copies embedded in it.

    `snapshot` is the whole object; `embedded` may only fill rows that are missing.
    """

    snapshot: ObjectSnapshot
    embedded: tuple[ObjectSnapshot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerState:
    """One customer's active subscriptions, granted benefits and active meters, in one moment.

    A hint, not a ledger (docs/decisions.md): `grants` may lack what just happened or still list
    what was just revoked; subscriptions are reduced copies.
    """

    customer: CustomerSnapshot
    subscriptions: tuple[SubscriptionSnapshot, ...] = ()
    grants: tuple[BenefitGrantSnapshot, ...] = ()
    meters: tuple[CustomerMeterSnapshot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A parsed delivery. `timestamp` is when the provider made it, the same on every retry.

    An event that carries nothing the mirror keeps has neither observations nor a state.
    `data` is the provider's JSON object, for handlers.
    """

    provider: str
    type: str
    timestamp: datetime
    observations: tuple[Observation, ...] = ()
    state: CustomerState | None = None
    data: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call to the provider returned. `answered_at` is on the provider's clock.

    `took` is how long the call lasted: what it tells was read at most so long before. `first` is
    the object the call was about. `total` is how many objects a list holds on all its pages, where
    the provider says so.
    """

    provider: str
    answered_at: datetime
    observations: tuple[Observation, ...] = ()
    total: int | None = None
    took: timedelta = timedelta()

    @property
    def first(self) -> ObjectSnapshot:
        return self.observations[0].snapshot
