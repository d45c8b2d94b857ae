"""Benefit grants as JSON."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import BenefitGrant
from polar_django.sandbox.shapes import catalog, customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["benefit_grant", "benefit_grant_webhook"]


def benefit_grant(row: BenefitGrant) -> dict[str, Any]:
    """BenefitGrant. No query beyond customer, member and benefit."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "granted_at": moment_or_none(row.granted_at),
        "is_granted": row.is_granted,
        "revoked_at": moment_or_none(row.revoked_at),
        "is_revoked": row.is_revoked,
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "order_id": str(row.order_id) if row.order_id else None,
        "customer_id": str(row.customer_id),
        "member_id": str(row.member_id) if row.member_id else None,
        "benefit_id": str(row.benefit_id),
        "error": row.error,
        "customer": customers.customer(row.customer),
        "member": customers.member(row.member) if row.member else None,
        "benefit": catalog.benefit(row.benefit),
        "properties": row.properties,
        "user_id": str(row.customer_id),
    }


def benefit_grant_webhook(
    row: BenefitGrant, previous_properties: Mapping[str, Any]
) -> dict[str, Any]:
    """BenefitGrantWebhook: events also say what the properties were before."""
    return {**benefit_grant(row), "previous_properties": dict(previous_properties)}
