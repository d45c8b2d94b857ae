"""The tables of the sandbox. Only `engine` and `delivery` write them."""

from polar_django.sandbox.models.billing import BillingEntry, DiscountRedemption
from polar_django.sandbox.models.catalog import (
    Benefit,
    Discount,
    Meter,
    Price,
    Product,
    ProductBenefit,
)
from polar_django.sandbox.models.checkouts import Checkout, CheckoutProduct
from polar_django.sandbox.models.customers import (
    Customer,
    CustomerMeter,
    CustomerSession,
    EmailChange,
    Member,
    PaymentMethod,
)
from polar_django.sandbox.models.grants import BenefitGrant
from polar_django.sandbox.models.house import ORGANIZATION_ID, Chaos, ClockState, Organization
from polar_django.sandbox.models.license_keys import LicenseKey, LicenseKeyActivation
from polar_django.sandbox.models.orders import PAID_STATUSES, Order, OrderItem, Refund
from polar_django.sandbox.models.storefront import CheckoutLink, CustomField, Download, File
from polar_django.sandbox.models.subscriptions import (
    ACTIVE_STATUSES,
    BILLABLE_STATUSES,
    Seat,
    Subscription,
)
from polar_django.sandbox.models.usage import UsageEvent
from polar_django.sandbox.models.webhooks import WebhookAttempt, WebhookEndpoint, WebhookEvent

__all__ = [
    "ACTIVE_STATUSES",
    "BILLABLE_STATUSES",
    "ORGANIZATION_ID",
    "PAID_STATUSES",
    "Benefit",
    "BenefitGrant",
    "BillingEntry",
    "Chaos",
    "Checkout",
    "CheckoutLink",
    "CheckoutProduct",
    "ClockState",
    "CustomField",
    "Customer",
    "CustomerMeter",
    "CustomerSession",
    "Discount",
    "DiscountRedemption",
    "Download",
    "EmailChange",
    "File",
    "LicenseKey",
    "LicenseKeyActivation",
    "Member",
    "Meter",
    "Order",
    "OrderItem",
    "Organization",
    "PaymentMethod",
    "Price",
    "Product",
    "ProductBenefit",
    "Refund",
    "Seat",
    "Subscription",
    "UsageEvent",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookEvent",
]
