"""License keys as JSON."""

from typing import Any

from polar_django.sandbox.models import ORGANIZATION_ID, LicenseKey, LicenseKeyActivation
from polar_django.sandbox.shapes import customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = [
    "license_key",
    "license_key_activation",
    "license_key_activation_base",
    "license_key_with_activations",
]


def license_key(row: LicenseKey) -> dict[str, Any]:
    """LicenseKeyRead. Reads customer, member and the purchase of the grant: up to three queries."""
    user = customers.legacy_user(row.customer)
    del user["github_username"]
    order, subscription = row.grant.order, row.grant.subscription
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "organization_id": str(ORGANIZATION_ID),
        "user_id": str(row.customer_id),
        "customer_id": str(row.customer_id),
        "user": user,
        "customer": customers.customer(row.customer),
        "member_id": str(row.member_id) if row.member_id else None,
        "member": None
        if row.member is None
        else {
            "id": str(row.member_id),
            "email": row.member.email,
            "external_id": row.member.external_id,
        },
        "benefit_id": str(row.benefit_id),
        "key": row.key,
        "display_key": row.display_key,
        "status": row.status,
        "limit_activations": row.limit_activations,
        "usage": row.usage,
        "limit_usage": row.limit_usage,
        "validations": row.validations,
        "last_validated_at": moment_or_none(row.last_validated_at),
        "expires_at": moment_or_none(row.expires_at),
        # From version 2027-01 on.
        "order_id": str(order.id) if order else None,
        "order": None
        if order is None
        else {
            "id": str(order.id),
            "created_at": moment(order.created_at),
            "status": order.status,
            "paid": order.paid,
        },
        "subscription_id": str(subscription.id) if subscription else None,
        "subscription": None
        if subscription is None
        else {
            "id": str(subscription.id),
            "status": subscription.status,
            "current_period_start": moment(subscription.current_period_start),
            "current_period_end": moment(subscription.current_period_end),
            "cancel_at_period_end": subscription.cancel_at_period_end,
            "ends_at": moment_or_none(subscription.ends_at),
        },
    }


def license_key_with_activations(row: LicenseKey) -> dict[str, Any]:
    """LicenseKeyWithActivations. One query more."""
    live = row.activations.filter(deleted_at=None).order_by("created_at")
    activations = [license_key_activation_base(each) for each in live]
    return {**license_key(row), "activations": activations}


def license_key_activation_base(row: LicenseKeyActivation) -> dict[str, Any]:
    """LicenseKeyActivationBase. No query."""
    return {
        "id": str(row.id),
        "license_key_id": str(row.license_key_id),
        "label": row.label,
        "meta": row.meta,
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
    }


def license_key_activation(row: LicenseKeyActivation) -> dict[str, Any]:
    """LicenseKeyActivationRead, with its key."""
    return {**license_key_activation_base(row), "license_key": license_key(row.license_key)}
