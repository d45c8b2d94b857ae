"""The sandbox's one organization, with the settings that Polar gives a new one."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox import shapes
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.emit import emit
from polar_django.sandbox.engine.work import business_transaction, work_at_hand
from polar_django.sandbox.models import ORGANIZATION_ID, Organization

__all__ = [
    "default_tax_behavior",
    "get_organization",
    "has_feature",
    "subscription_setting",
    "update_organization",
]

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
SETTINGS_GROUPS = frozenset(
    {
        "feature_settings",
        "subscription_settings",
        "customer_email_settings",
        "customer_portal_settings",
    }
)
# Not there until somebody sets them.
OPTIONAL_SWITCHES = frozenset({"customer", "pause"})


def get_organization() -> Organization:
    """The organization; made when it is first asked for. One query, and one per transaction."""
    work = work_at_hand()
    if work is not None and work.organization is not None:
        return work.organization
    found = next(iter(Organization.objects.filter(pk=ORGANIZATION_ID)), None)
    if found is not None:
        if work is not None:
            work.organization = found
        return found
    with business_transaction() as work:
        # Whoever was faster has made it meanwhile.
        work.organization = Organization.objects.filter(pk=ORGANIZATION_ID).first() or rows.create(
            Organization, id=ORGANIZATION_ID, settings=_default_settings()
        )
        return work.organization


def subscription_setting(name: str) -> Any:
    """One of `subscription_settings`: allow_multiple_subscriptions and so on. One query."""
    return get_organization().settings["subscription_settings"][name]


def has_feature(name: str) -> bool:
    """One of `feature_settings`: off_session_charges_enabled and so on. One query."""
    return bool(get_organization().settings["feature_settings"].get(name))


def default_tax_behavior() -> str:
    """What prices do that say nothing themselves: location, inclusive, exclusive. One query."""
    return str(get_organization().settings.get("default_tax_behavior", "location"))


def update_organization(data: Mapping[str, Any]) -> Organization:
    """Change name, email, website or settings; in a group of settings only what is named.

    Unknown switches are ignored. Sends organization.updated.
    """
    organization = get_organization()
    with business_transaction() as work:
        organization.refresh_from_db()
        work.organization = organization
        settings = dict(organization.settings)
        for group in SETTINGS_GROUPS & data.keys():
            known = settings[group].keys() | OPTIONAL_SWITCHES
            named = {key: value for key, value in data[group].items() if key in known}
            settings[group] = {**settings[group], **named}
        plain = ("default_tax_behavior", "embed_hosts")
        settings |= {name: data[name] for name in plain if name in data}
        values = {name: data[name] for name in ("name", "email", "website") if name in data}
        rows.change(organization, settings=settings, **values)
        emit("organization.updated", shapes.organization(organization))
        return organization


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
