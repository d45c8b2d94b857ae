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
    portal_account,
    portal_actions,
    portal_cards,
    portal_preview,
)

__all__ = ["urlpatterns"]

SUBSCRIPTION_BUTTONS = {
    "preview": portal_preview.preview,
    "cancel": portal_actions.cancel,
    "uncancel": portal_actions.uncancel,
    "plan": portal_actions.change_plan,
    "keep-plan": portal_actions.keep_plan,
    "pause": portal_actions.pause,
    "unpause": portal_actions.unpause,
    "resume": portal_actions.resume,
    "seats": portal_actions.change_seats,
    "assign": portal_actions.assign_seat,
}

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
    path("portal/orders/<uuid:order_id>/pay", portal_cards.pay, name="portal-pay"),
    path("portal/card", portal_cards.add, name="portal-card"),
    path("portal/cards/<uuid:card_id>/choose", portal_cards.choose, name="portal-choose-card"),
    path("portal/cards/<uuid:card_id>/remove", portal_cards.remove, name="portal-remove-card"),
    path("portal/email", portal_account.request_email, name="portal-email"),
    path("portal/email/<str:token>", portal_account.confirm_email, name="portal-confirm-email"),
    path(
        "portal/activations/<uuid:activation_id>/remove",
        portal_account.deactivate,
        name="portal-deactivate",
    ),
    *(
        path(f"portal/subscriptions/<uuid:subscription_id>/{verb}", view, name=f"portal-{verb}")
        for verb, view in SUBSCRIPTION_BUTTONS.items()
    ),
    path("portal/seats/<uuid:seat_id>/resend", portal_actions.resend_seat, name="portal-resend"),
    path("portal/seats/<uuid:seat_id>/revoke", portal_actions.revoke_seat, name="portal-revoke"),
    path("_assets/<str:name>", assets.asset, name="asset"),
]
