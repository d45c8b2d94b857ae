"""The names that projects type. To take one away is to break somebody's code."""

from importlib import import_module

import pytest
from django.template import engines
from django.urls import NoReverseMatch, reverse

from polar_django.conf import beat_schedule

NAMES = {
    "polar_django.privacy": {"Erased", "erase_subscriber", "export_subscriber"},
    "polar_django.health": {
        "Fault",
        "Health",
        "measure_health",
        "metrics_text",
        "register_collector",
    },
    "polar_django.catalog": {
        "Catalog",
        "Change",
        "Export",
        "FieldChange",
        "apply_catalog",
        "export_catalog",
        "plan_changes",
        "read_catalog",
        "write_catalog",
        "write_keys",
    },
    "polar_django.billing": {
        "create_checkout_link",
        "acreate_checkout_link",
        "create_discount",
        "acreate_discount",
        "delete_checkout_link",
        "adelete_checkout_link",
        "delete_discount",
        "adelete_discount",
        "list_checkout_links",
        "alist_checkout_links",
        "list_discounts",
        "alist_discounts",
        "claim_purchases",
        "aclaim_purchases",
        "list_checkout_sessions",
        "alist_checkout_sessions",
        "export_customer",
        "aexport_customer",
        "delete_customer",
        "adelete_customer",
        "update_customer",
        "aupdate_customer",
        "apolar_client",
        "polar_client",
        "activate_license_key",
        "aactivate_license_key",
        "deactivate_license_key",
        "adeactivate_license_key",
        "list_license_keys",
        "alist_license_keys",
        "reveal_license_key",
        "areveal_license_key",
        "rotate_license_key",
        "arotate_license_key",
        "validate_license_key",
        "avalidate_license_key",
        "get_receipt_url",
        "aget_receipt_url",
        "refund_order",
        "arefund_order",
        "apply_discount",
        "aapply_discount",
        "change_product",
        "achange_product",
        "change_seats",
        "achange_seats",
        "clear_pending_update",
        "aclear_pending_update",
        "preview_product_change",
        "apreview_product_change",
        "preview_seat_change",
        "apreview_seat_change",
        "remove_discount",
        "aremove_discount",
        "end_trial",
        "aend_trial",
        "extend_trial",
        "aextend_trial",
        "pause_subscription",
        "apause_subscription",
        "resume_subscription",
        "aresume_subscription",
        "acancel_subscription",
        "aassign_seat",
        "aclaim_seat",
        "acreate_checkout_session",
        "acreate_portal_session",
        "aensure_customer",
        "agrant_benefit",
        "arevoke_local_grant",
        "arevoke_seat",
        "arevoke_subscription",
        "assign_seat",
        "auncancel_subscription",
        "cancel_subscription",
        "claim_seat",
        "create_checkout_session",
        "create_portal_session",
        "ensure_customer",
        "get_invoice_url",
        "grant_benefit",
        "resend_seat_invitation",
        "revoke_local_grant",
        "revoke_seat",
        "revoke_subscription",
        "uncancel_subscription",
    },
    "polar_django.admin": {"CustomerInline"},
    "polar_django.backends": {"BenefitBackend"},
    "polar_django.conf": {"Plan", "beat_schedule", "get_settings"},
    "polar_django.context_processors": {"entitlements"},
    "polar_django.decorators": {"requires_benefit", "requires_subscription"},
    "polar_django.doctor": {"Finding", "Level", "Report", "examine"},
    "polar_django.drf.permissions": {"HasBenefit"},
    "polar_django.entitlements": {
        "aentitlements_for",
        "ahas_benefit",
        "entitlements_for",
        "has_benefit",
        "has_purchased",
        "holders_of",
        "plan_of",
        "prefetch_entitlements",
        "refresh_entitlements",
    },
    "polar_django.exceptions": {
        "ActionRefused",
        "AuthenticationFailed",
        "ConfigurationError",
        "CustomerConflict",
        "InvalidRequest",
        "ObjectNotFound",
        "PaymentFailed",
        "PolarDjangoError",
        "ProviderError",
        "ProviderUnavailable",
        "RateLimited",
        "SignatureError",
        "UnknownPlan",
    },
    "polar_django.mirror.linking": {"link_customer", "unlink_customer"},
    "polar_django.mixins": {"BenefitRequiredMixin", "SubscriptionRequiredMixin"},
    "polar_django.models": {
        "Benefit",
        "BenefitGrant",
        "CheckoutSession",
        "Customer",
        "CustomerMeter",
        "Discount",
        "LicenseKey",
        "Member",
        "Meter",
        "Order",
        "Price",
        "Product",
        "Refund",
        "Seat",
        "Subscription",
        "Transition",
        "UsageEvent",
        "WebhookDelivery",
    },
    "polar_django.signals": {
        "benefit_granted",
        "benefit_revoked",
        "customer_linked",
        "order_paid",
        "order_refunded",
        "subscription_activated",
        "subscription_canceled",
        "subscription_revoked",
        "webhook_processed",
    },
    "polar_django.tasks": {
        "drain_inbox",
        "flush_usage",
        "process_delivery",
        "purge_inbox",
        "purge_usage",
        "send_transitions",
        "sweep_inbox",
    },
    "polar_django.usage": {
        "MeterBalance",
        "ameter_balance",
        "arecord_usage",
        "meter_balance",
        "record_usage",
    },
    "polar_django.webhooks": {"on"},
}
ADDRESSES = {
    "health": (),
    "health-metrics": (),
    "webhook": ("polar",),
    "checkout": ("pro",),
    "return": (),
    "portal": (),
    "manage": (),
    "change": ("id",),
    "change-seats": ("id",),
    "cancel": ("id",),
    "uncancel": ("id",),
    "pause": ("id",),
    "resume": ("id",),
    "keep": ("id",),
    "invoice": ("id",),
    "seats": (),
    "seat-claim": ("token",),
    "status": (),
}


@pytest.mark.parametrize("module", NAMES)
def test_a_module_offers_its_names_and_lists_them(module):
    found = import_module(module)
    assert NAMES[module] <= set(getattr(found, "__all__", ())), module
    assert all(hasattr(found, name) for name in NAMES[module])


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_can_be_reversed(name):
    try:
        assert reverse(f"polar:{name}", args=ADDRESSES[name]).startswith("/billing/")
    except NoReverseMatch:
        pytest.fail(f"polar:{name} is gone")


def test_the_beat_schedule_names_tasks_that_exist():
    tasks = import_module("polar_django.tasks")
    for entry in beat_schedule().values():
        package, _, name = entry["task"].rpartition(".")
        assert package == "polar_django.tasks"
        assert hasattr(tasks, name)


@pytest.mark.parametrize(
    "source",
    [
        "{% benefit 'pro' %}yes{% else %}no{% endbenefit %}",
        "{% checkout_url 'pro' %}",
        "{% checkout_button 'pro' %}",
        "{% portal_url %}",
        "{% polar_plans as plans %}",
        "{% polar_price product %}",
        "{% if user|has_benefit:'pro' %}yes{% endif %}",
    ],
)
def test_the_template_tags_are_known(source):
    engines["django"].from_string("{% load polar %}" + source)
