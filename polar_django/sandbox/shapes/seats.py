"""Seats as JSON. The invitation token is in none of them."""

from collections.abc import Sequence
from typing import Any

from polar_django.sandbox.models import Organization, Seat
from polar_django.sandbox.shapes import customers
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["seat", "seat_claim_info", "seats_list"]


def seat(row: Seat) -> dict[str, Any]:
    """CustomerSeat; `customer_id` is the customer who pays. No query beyond customer and member."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "order_id": str(row.order_id) if row.order_id else None,
        "status": row.status,
        "customer_id": str(row.customer_id) if row.customer_id else None,
        "member_id": str(row.member_id) if row.member_id else None,
        "member": customers.member(row.member) if row.member else None,
        "email": row.email,
        "customer_email": row.email,
        "invitation_token_expires_at": moment_or_none(row.invitation_token_expires_at),
        "claimed_at": moment_or_none(row.claimed_at),
        "revoked_at": moment_or_none(row.revoked_at),
        "seat_metadata": row.seat_metadata,
    }


def seats_list(rows: Sequence[Seat], total: int) -> dict[str, Any]:
    """SeatsList of a purchase with `total` seats."""
    taken = sum(1 for row in rows if row.status != "revoked")
    return {
        "seats": [seat(row) for row in rows],
        "available_seats": max(0, total - taken),
        "total_seats": total,
    }


def seat_claim_info(row: Seat, organization: Organization, *, can_claim: bool) -> dict[str, Any]:
    """SeatClaimInfo: what an invited person may know before claiming."""
    source = row.subscription or row.order
    product = source.product if source is not None else None
    return {
        "product_name": product.name if product else "",
        "product_id": str(product.id) if product else "",
        "organization_name": organization.name,
        "organization_slug": organization.slug,
        "customer_email": row.email or "",
        "can_claim": can_claim,
    }
