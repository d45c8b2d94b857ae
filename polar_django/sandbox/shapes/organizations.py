"""The organization as JSON."""

from typing import Any

from polar_django.sandbox.models import Organization
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = ["organization"]


def organization(row: Organization) -> dict[str, Any]:
    """Organization. No query. Its settings stand in the row's `settings`, under Polar's names."""
    subscription = row.settings["subscription_settings"]
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "name": row.name,
        "slug": row.slug,
        "avatar_url": None,
        "proration_behavior": subscription["proration_behavior"],
        "allow_customer_updates": subscription["allow_customer_updates"],
        "bio": None,
        "company": None,
        "blog": None,
        "location": None,
        "twitter_username": None,
        "pledge_minimum_amount": 0,
        "pledge_badge_show_amount": False,
        "default_upfront_split_to_contributors": None,
        "email": row.email,
        "website": row.website,
        "socials": [],
        "status": "active",
        "details_submitted_at": moment(row.created_at),
        "onboarding_resubmission_requested_at": None,
        "sso_enforced": False,
        "default_presentment_currency": "usd",
        "default_tax_behavior": "location",
        "embed_hosts": [],
        **row.settings,
        "embed_hosts_enforced": True,
        "country": None,
        "account_id": None,
        "payout_account_id": None,
        "capabilities": {
            "checkout_payments": True,
            "subscription_renewals": True,
            "payouts": False,
            "refunds": True,
            "api_access": True,
            "dashboard_access": True,
        },
    }
