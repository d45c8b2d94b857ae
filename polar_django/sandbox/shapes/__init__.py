"""Rows as the JSON that Polar sends, for the API and the webhooks alike.

Every shape is a superset of all API versions, hidden legacy keys included.
"""

from polar_django.sandbox.shapes.catalog import benefit, discount, meter, price, product
from polar_django.sandbox.shapes.checkout_links import checkout_link
from polar_django.sandbox.shapes.checkouts import (
    checkout,
    checkout_confirmed,
    checkout_public,
    checkout_url,
    success_url,
)
from polar_django.sandbox.shapes.custom_fields import custom_field
from polar_django.sandbox.shapes.customers import (
    customer,
    customer_session,
    customer_state,
    member,
)
from polar_django.sandbox.shapes.files import benefit_file, downloadable, file, file_upload
from polar_django.sandbox.shapes.grants import benefit_grant, benefit_grant_webhook
from polar_django.sandbox.shapes.license_keys import (
    license_key,
    license_key_activation,
    license_key_activation_base,
    license_key_with_activations,
)
from polar_django.sandbox.shapes.moments import moment, moment_or_none
from polar_django.sandbox.shapes.orders import order, refund
from polar_django.sandbox.shapes.organizations import organization
from polar_django.sandbox.shapes.portal import (
    payment_method,
    portal_customer,
    portal_grant,
    portal_member,
    portal_order,
    portal_organization,
    portal_payment_method,
    portal_product,
    portal_subscription,
)
from polar_django.sandbox.shapes.seats import seat, seat_claim_info, seats_list
from polar_django.sandbox.shapes.subscriptions import subscription
from polar_django.sandbox.shapes.usage import customer_meter, portal_meter, usage_event
from polar_django.sandbox.shapes.webhooks import (
    delivery_log_entry,
    webhook_delivery,
    webhook_endpoint,
    webhook_event,
)

__all__ = [
    "benefit",
    "benefit_file",
    "benefit_grant",
    "benefit_grant_webhook",
    "checkout",
    "checkout_confirmed",
    "checkout_link",
    "checkout_public",
    "checkout_url",
    "custom_field",
    "customer",
    "customer_meter",
    "customer_session",
    "customer_state",
    "delivery_log_entry",
    "discount",
    "downloadable",
    "file",
    "file_upload",
    "license_key",
    "license_key_activation",
    "license_key_activation_base",
    "license_key_with_activations",
    "member",
    "meter",
    "moment",
    "moment_or_none",
    "order",
    "organization",
    "payment_method",
    "portal_customer",
    "portal_grant",
    "portal_member",
    "portal_meter",
    "portal_order",
    "portal_organization",
    "portal_payment_method",
    "portal_product",
    "portal_subscription",
    "price",
    "product",
    "refund",
    "seat",
    "seat_claim_info",
    "seats_list",
    "subscription",
    "success_url",
    "usage_event",
    "webhook_delivery",
    "webhook_endpoint",
    "webhook_event",
]
