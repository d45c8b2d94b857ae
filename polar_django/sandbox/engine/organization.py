"""The sandbox's one organization, with the settings that Polar gives a new one."""

from typing import Any

from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import ORGANIZATION_ID, Organization

__all__ = ["get_organization", "subscription_setting"]

MAILS = (
    "order_confirmation",
    "payment_method_expiration_reminder",
    "subscription_cancellation",
    "subscription_confirmation",
    "subscription_cycled",
    "subscription_cycled_after_trial",
    "subscription_past_due",
    "subscription_paused",
    "subscription_renewal_reminder",
    "subscription_resumed",
    "subscription_revoked",
    "subscription_trial_conversion_reminder",
    "subscription_uncanceled",
    "subscription_updated",
)
FEATURES_ON = ("member_model_enabled", "seat_based_pricing_enabled")
FEATURES_OFF = (
    "checkout_localization_enabled",
    "compass_enabled",
    "dispute_auto_accept_enabled",
    "disputes_enabled",
    "issue_funding_enabled",
    "merchant_migration_enabled",
    "meter_cycling_enabled",
    "off_session_charges_enabled",
    "preview_access_enabled",
    "reset_proration_behavior_enabled",
    "slack_benefit_enabled",
    "sso_enabled",
    "unit_based_pricing_enabled",
    "wallets_enabled",
)


def get_organization() -> Organization:
    """The organization; made when it is first asked for. One query from then on."""
    found = Organization.objects.filter(pk=ORGANIZATION_ID).first()
    if found is not None:
        return found
    with business_transaction():
        return rows.create(Organization, id=ORGANIZATION_ID, settings=_default_settings())


def subscription_setting(name: str) -> Any:
    """One of `subscription_settings`: allow_multiple_subscriptions and so on. One query."""
    return get_organization().settings["subscription_settings"][name]


def _default_settings() -> dict[str, Any]:
    return {
        "feature_settings": {
            **dict.fromkeys(FEATURES_ON, True),
            **dict.fromkeys(FEATURES_OFF, False),
            "overview_metrics": None,
        },
        "subscription_settings": {
            "allow_multiple_subscriptions": False,
            "proration_behavior": "prorate",
            "benefit_revocation_grace_period": 0,
            "prevent_trial_abuse": False,
            "allow_customer_updates": True,
        },
        "order_settings": {"invoice_numbering": "customer"},
        "customer_email_settings": dict.fromkeys(MAILS, True),
        "customer_portal_settings": {
            "usage": {"show": True},
            "subscription": {"update_seats": True, "update_plan": True},
            "customer": {"allow_email_change": False},
        },
        "checkout_settings": {"require_3ds": True},
        "dispute_settings": {"auto_accept_below_amount": None},
        "notification_settings": {
            "new_order": True,
            "new_subscription": True,
            "chargeback_prevention": True,
            "subscription_renewal": False,
        },
    }
