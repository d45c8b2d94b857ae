"""The mirror's tables, the webhook inbox and the two outboxes."""

from polar_django.models.catalog import Benefit, Discount, Meter, Price, Product
from polar_django.models.customers import Customer, CustomerMeter, Member
from polar_django.models.grants import BenefitGrant, LicenseKey
from polar_django.models.heartbeats import Heartbeat
from polar_django.models.orders import CheckoutSession, Order, Refund
from polar_django.models.subscriptions import Seat, Subscription
from polar_django.models.transitions import Transition, WriteLock
from polar_django.models.usage import UsageEvent
from polar_django.models.walks import Walk
from polar_django.models.webhooks import WebhookDelivery

__all__ = [
    "Benefit",
    "BenefitGrant",
    "CheckoutSession",
    "Customer",
    "CustomerMeter",
    "Discount",
    "Heartbeat",
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
    "Walk",
    "WebhookDelivery",
    "WriteLock",
]
