"""All routes of the API, as URL patterns relative to `v1/`."""

from django.urls import URLPattern, URLResolver

from polar_django.sandbox.api.framework import make_api
from polar_django.sandbox.api.routers import (
    absent,
    benefit_grants,
    benefits,
    checkout_links,
    checkouts,
    client_checkouts,
    custom_fields,
    customer_members,
    customer_meters,
    customer_seats,
    customer_sessions,
    customers,
    discounts,
    events,
    exports,
    external_customers,
    files,
    license_keys,
    members,
    meters,
    orders,
    organizations,
    products,
    refunds,
    subscription_previews,
    subscriptions,
    webhooks,
)
from polar_django.sandbox.api.routers.portal import benefits as portal_benefits
from polar_django.sandbox.api.routers.portal import cards as portal_cards
from polar_django.sandbox.api.routers.portal import customers as portal_customers
from polar_django.sandbox.api.routers.portal import downloadables as portal_downloadables
from polar_django.sandbox.api.routers.portal import email_changes as portal_email_changes
from polar_django.sandbox.api.routers.portal import orders as portal_orders
from polar_django.sandbox.api.routers.portal import subscriptions as portal_subscriptions
from polar_django.sandbox.api.routers.portal import team as portal_team

__all__ = ["urlpatterns"]

api = make_api()
# Addresses with a fixed second part come before those with an id in its place.
api.add_router("", absent.router)
api.add_router("/customer-portal", absent.portal_router)
api.add_router("", exports.router)
api.add_router("/organizations", organizations.router)
api.add_router("/products", products.router)
api.add_router("/benefits", benefits.router)
api.add_router("/benefit-grants", benefit_grants.router)
api.add_router("/customers/external", external_customers.router)
api.add_router("/customers", customers.router)
api.add_router("/customers", customer_members.router)
api.add_router("/members", members.router)
api.add_router("/customer-sessions", customer_sessions.router)
api.add_router("/customer-meters", customer_meters.router)
api.add_router("/customer-seats", customer_seats.router)
api.add_router("/checkout-links", checkout_links.router)
api.add_router("/custom-fields", custom_fields.router)
api.add_router("/checkouts/client", client_checkouts.router)
api.add_router("/checkouts", checkouts.router)
api.add_router("/subscriptions", subscriptions.router)
api.add_router("/subscriptions", subscription_previews.router)
api.add_router("/orders", orders.router)
api.add_router("/refunds", refunds.router)
api.add_router("/discounts", discounts.router)
api.add_router("/files", files.router)
api.add_router("/events", events.router)
api.add_router("/license-keys", license_keys.router)
api.add_router("/meters", meters.router)
api.add_router("/webhooks", webhooks.router)

for portal in (
    portal_customers,
    portal_cards,
    portal_email_changes,
    portal_orders,
    portal_subscriptions,
    portal_benefits,
    portal_downloadables,
    portal_team,
):
    api.add_router("/customer-portal", portal.router)

# ninja adds a page of its own at the root, which Polar does not have.
urlpatterns: list[URLPattern | URLResolver] = [
    pattern for pattern in api.urls[0] if getattr(pattern, "name", None) != "api-root"
]
