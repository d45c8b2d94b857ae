"""The addresses of the pages, in the namespace of the sandbox's own urls."""

from django.urls import path

from polar_django.sandbox.pages import (
    actions,
    assets,
    checkout,
    customers,
    dashboard,
    deliveries,
    portal,
)

__all__ = ["urlpatterns"]

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("clock", actions.move_clock, name="clock"),
    path("flush", actions.flush, name="flush"),
    path("trigger", actions.trigger_event, name="trigger"),
    path("chaos", actions.break_things, name="chaos"),
    path("reset", actions.start_over, name="reset"),
    path("deliveries", deliveries.deliveries, name="deliveries"),
    path("deliveries/<uuid:event_id>", deliveries.delivery, name="delivery"),
    path("deliveries/<uuid:event_id>/redeliver", actions.send_again, name="redeliver"),
    path("customers", customers.customers, name="customers"),
    path("customers/<uuid:customer_id>", customers.customer, name="customer"),
    path("customers/<uuid:customer_id>/portal", customers.open_portal, name="open-portal"),
    path("checkout/<str:client_secret>", checkout.pay, name="checkout"),
    path("checkout/<str:client_secret>/confirmation", checkout.confirmation, name="confirmation"),
    path("portal", portal.portal, name="portal"),
    path("portal/orders/<uuid:order_id>", portal.invoice, name="invoice"),
    path("portal/subscriptions/<uuid:subscription_id>/cancel", portal.cancel, name="portal-cancel"),
    path(
        "portal/subscriptions/<uuid:subscription_id>/uncancel",
        portal.uncancel,
        name="portal-uncancel",
    ),
    path("_assets/<str:name>", assets.asset, name="asset"),
]
