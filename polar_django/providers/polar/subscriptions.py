"""Subscriptions, seats and benefit grants: JSON → snapshots."""

from typing import Any

from polar_django.providers.polar.reading import (
    Json,
    count,
    currency,
    flag,
    identifier,
    identifier_or_of,
    mapping,
    moment,
    optional_mapping,
    optional_text,
    optional_word,
    required_id,
    text,
    whole,
    word,
)
from polar_django.snapshots import BenefitGrantSnapshot, SeatSnapshot, SubscriptionSnapshot


def has_members(customer_type: Any) -> bool:
    """Whether such a customer may have seats: a team, or what nobody knows yet; older payloads name
    no type."""
    return word(customer_type, "individual") != "individual"


def subscription(data: Json, customer_id: str | None = None) -> SubscriptionSnapshot:
    """`customer_id` is whose it is where the object does not say (in a customer state)."""
    get = data.get
    return SubscriptionSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier_or_of(get("customer_id"), get("customer")) or customer_id,
        product_id=identifier_or_of(get("product_id"), get("product")),
        discount_id=identifier_or_of(get("discount_id"), get("discount")),
        checkout_id=identifier(get("checkout_id")),
        status=word(get("status"), "incomplete"),
        provider_status=text(get("status"), 64),
        amount=whole(get("amount")),
        currency=currency(get("currency")),
        recurring_interval=optional_word(get("recurring_interval")),
        recurring_interval_count=count(get("recurring_interval_count")),
        current_period_start=moment(get("current_period_start")),
        current_period_end=moment(get("current_period_end")),
        trial_start=moment(get("trial_start")),
        trial_end=moment(get("trial_end")),
        cancel_at_period_end=flag(get("cancel_at_period_end")),
        canceled_at=moment(get("canceled_at")),
        started_at=moment(get("started_at")),
        ends_at=moment(get("ends_at")),
        ended_at=moment(get("ended_at")),
        past_due_at=moment(get("past_due_at")),
        pause_at_period_end=flag(get("pause_at_period_end")),
        paused_at=moment(get("paused_at")),
        resumes_at=moment(get("resumes_at")),
        seats=count(get("seats")),
        units=count(get("units")),
        customer_cancellation_reason=optional_text(get("customer_cancellation_reason"), 64),
        customer_cancellation_comment=optional_text(get("customer_cancellation_comment"), 100_000),
        pending_update=optional_mapping(get("pending_update")),
        metadata=mapping(get("metadata")),
    )


def seat(data: Json) -> SeatSnapshot:
    get = data.get
    email = optional_text(get("email"), 320)
    return SeatSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        subscription_id=identifier(get("subscription_id")),
        order_id=identifier(get("order_id")),
        customer_id=identifier(get("customer_id")),
        member_id=identifier_or_of(get("member_id"), get("member")),
        status=word(get("status"), "pending"),
        email=email or optional_text(get("customer_email"), 320),
        claimed_at=moment(get("claimed_at")),
        revoked_at=moment(get("revoked_at")),
        invitation_token_expires_at=moment(get("invitation_token_expires_at")),
    )


def benefit_grant(data: Json) -> BenefitGrantSnapshot:
    get = data.get
    return BenefitGrantSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=identifier_or_of(get("customer_id"), get("customer")),
        member_id=identifier_or_of(get("member_id"), get("member")),
        benefit_id=identifier_or_of(get("benefit_id"), get("benefit")),
        subscription_id=identifier(get("subscription_id")),
        order_id=identifier(get("order_id")),
        is_granted=flag(get("is_granted")),
        is_revoked=flag(get("is_revoked")),
        granted_at=moment(get("granted_at")),
        revoked_at=moment(get("revoked_at")),
        error=optional_mapping(get("error")),
        properties=mapping(get("properties")),
        for_team=has_members(mapping(get("customer")).get("type")),
    )


def granted_benefit(data: Json, customer_id: str, *, for_team: bool) -> BenefitGrantSnapshot:
    """An entry of a customer state, which lists only what is granted."""
    get = data.get
    return BenefitGrantSnapshot(
        id=required_id(data),
        raw=data,
        created_at=moment(get("created_at")),
        modified_at=moment(get("modified_at")),
        customer_id=customer_id,
        benefit_id=identifier(get("benefit_id")),
        is_granted=True,
        granted_at=moment(get("granted_at")),
        properties=mapping(get("properties")),
        for_team=for_team,
    )
