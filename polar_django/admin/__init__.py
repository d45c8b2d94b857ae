"""The app in Django's admin: what the provider said, and what staff may do about it.

Loaded by Django's admin itself, where a project has it. `CustomerInline` is for the project's own
admin of its users or teams.
"""

from polar_django.admin.catalog import (
    BenefitAdmin,
    DiscountAdmin,
    MeterAdmin,
    PriceAdmin,
    ProductAdmin,
)
from polar_django.admin.customers import CustomerAdmin, CustomerMeterAdmin, MemberAdmin
from polar_django.admin.deliveries import WebhookDeliveryAdmin
from polar_django.admin.grants import BenefitGrantAdmin, LicenseKeyAdmin
from polar_django.admin.health import HealthAdmin
from polar_django.admin.machinery import HeartbeatAdmin, UsageEventAdmin, WalkAdmin
from polar_django.admin.orders import CheckoutSessionAdmin, OrderAdmin, RefundAdmin
from polar_django.admin.subscriber_panel import CustomerInline
from polar_django.admin.subscriptions import SeatAdmin, SubscriptionAdmin
from polar_django.admin.transitions import TransitionAdmin

__all__ = [
    "BenefitAdmin",
    "BenefitGrantAdmin",
    "CheckoutSessionAdmin",
    "CustomerAdmin",
    "CustomerInline",
    "CustomerMeterAdmin",
    "DiscountAdmin",
    "HealthAdmin",
    "HeartbeatAdmin",
    "LicenseKeyAdmin",
    "MemberAdmin",
    "MeterAdmin",
    "OrderAdmin",
    "PriceAdmin",
    "ProductAdmin",
    "RefundAdmin",
    "SeatAdmin",
    "SubscriptionAdmin",
    "TransitionAdmin",
    "UsageEventAdmin",
    "WalkAdmin",
    "WebhookDeliveryAdmin",
]
