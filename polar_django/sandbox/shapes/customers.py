"""Customers, members, portal sessions and customer state as JSON."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from polar_django.sandbox.conf import get_settings
from polar_django.sandbox.models import (
    ACTIVE_STATUSES,
    ORGANIZATION_ID,
    BenefitGrant,
    Customer,
    CustomerMeter,
    CustomerSession,
    Member,
    Subscription,
)
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.subscription_meters import state_meters

__all__ = ["customer", "customer_session", "customer_state", "legacy_user", "member"]


def customer(row: Customer) -> dict[str, Any]:
    """Customer. No query."""
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "metadata": row.metadata,
        "external_id": row.external_id,
        "email": row.email,
        "email_verified": row.email_verified,
        "type": row.type,
        "name": row.name,
        "billing_name": row.billing_name or row.name,
        "billing_address": row.billing_address,
        "tax_id": row.tax_id,
        "locale": row.locale,
        "organization_id": str(ORGANIZATION_ID),
        "default_payment_method_id": (
            str(row.default_payment_method_id) if row.default_payment_method_id else None
        ),
        "deleted_at": moment_or_none(row.deleted_at),
        "first_user_event_at": moment_or_none(row.first_user_event_at),
        "avatar_url": _avatar(row.email),
    }


def _avatar(email: str | None) -> str | None:
    if email is None:
        return None
    digest = hashlib.sha256(email.lower().encode()).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?d=404"


def legacy_user(row: Customer) -> dict[str, Any]:
    """The hidden `user` of subscriptions and orders."""
    return {
        "id": str(row.id),
        "email": row.email,
        "public_name": (row.name or row.email or "?")[0],
        "avatar_url": _avatar(row.email),
        "github_username": None,
    }


def member(row: Member) -> dict[str, Any]:
    """Member. No query."""
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "customer_id": str(row.customer_id),
        "email": row.email,
        "name": row.name,
        "external_id": row.external_id,
        "role": row.role,
    }


def customer_session(row: CustomerSession) -> dict[str, Any]:
    """CustomerSession, with token and portal address. Reads `row.customer`."""
    query = {"customer_session_token": row.token}
    if row.customer.email:
        query["email"] = row.customer.email
    base_url = row.base_url or get_settings().base_url.rstrip("/")
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "token": row.token,
        "expires_at": moment(row.expires_at),
        "return_url": row.return_url,
        "customer_portal_url": f"{base_url}/portal?{urlencode(query)}",
        "customer_id": str(row.customer_id),
        "customer": customer(row.customer),
    }


def customer_state(row: Customer) -> dict[str, Any]:
    """CustomerState: active and trialing subscriptions, granted benefits, meters. Four queries."""
    subscriptions = (
        row.subscriptions.filter(status__in=ACTIVE_STATUSES)
        .prefetch_related("prices")
        .order_by("created_at")
    )
    grants = (
        row.grants.filter(granted_at__isnull=False).select_related("benefit").order_by("created_at")
    )
    return {
        **customer(row),
        "active_subscriptions": [_state_subscription(each) for each in subscriptions],
        "granted_benefits": [_state_grant(each) for each in grants],
        "active_meters": [_state_meter(each) for each in row.meters.order_by("created_at")],
    }


def _state_subscription(row: Subscription) -> dict[str, Any]:
    prices = sorted(row.prices.all(), key=lambda each: each.created_at)
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "custom_field_data": row.custom_field_data,
        "metadata": row.metadata,
        "status": row.status,
        "amount": row.amount,
        "currency": row.currency,
        "recurring_interval": row.recurring_interval,
        "current_period_start": moment(row.current_period_start),
        "current_period_end": moment(row.current_period_end),
        "trial_start": moment_or_none(row.trial_start),
        "trial_end": moment_or_none(row.trial_end),
        "cancel_at_period_end": row.cancel_at_period_end,
        "canceled_at": moment_or_none(row.canceled_at),
        "started_at": moment_or_none(row.started_at),
        "ends_at": moment_or_none(row.ends_at),
        "product_id": str(row.product_id),
        "discount_id": str(row.discount_id) if row.discount_id else None,
        "price_id": str(prices[0].id) if prices else None,
        "seats": row.seats,
        "units": row.units,
        "meters": state_meters(row),
    }


def _state_grant(row: BenefitGrant) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "granted_at": moment_or_none(row.granted_at),
        "benefit_id": str(row.benefit_id),
        "benefit_type": row.benefit.type,
        "benefit_metadata": row.benefit.metadata,
        # Recorded: what a credit noted about itself is in the grant's own events only.
        "properties": {} if row.benefit.type == "meter_credit" else row.properties,
    }


def _state_meter(row: CustomerMeter) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "meter_id": str(row.meter_id),
        "consumed_units": row.consumed_units,
        "credited_units": row.credited_units,
        "balance": row.balance,
    }
