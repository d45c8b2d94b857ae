"""The JSON API: `path("api/billing/", include("polar_django.drf.urls"))`."""

from typing import Any

from django.urls import URLPattern, path
from rest_framework.views import APIView

from polar_django.drf import license_keys, me, orders, seats, sessions, subscriptions
from polar_django.drf.plans import PlansView
from polar_django.views.transactions import outside_transactions

app_name = "polar_api"


def _at(route: str, view: type[APIView], name: str) -> URLPattern:
    # The actions call the provider, which no transaction should wait for.
    guarded: Any = outside_transactions(view.as_view())
    pattern: URLPattern = path(route, guarded, name=name)
    return pattern


def _act(name: str, view: type[APIView]) -> URLPattern:
    return _at(f"me/subscriptions/<str:id>/{name}/", view, f"subscription-{name}")


urlpatterns = [
    _at("plans/", PlansView, "plans"),
    _at("me/entitlements/", me.EntitlementsView, "entitlements"),
    _at("me/usage/", me.UsageView, "usage"),
    _at("me/subscriptions/", subscriptions.SubscriptionsView, "subscriptions"),
    _at("me/subscriptions/<str:id>/", subscriptions.SubscriptionView, "subscription"),
    _act("cancel", subscriptions.CancelView),
    _act("uncancel", subscriptions.UncancelView),
    _act("pause", subscriptions.PauseView),
    _act("resume", subscriptions.ResumeView),
    _act("end", subscriptions.EndView),
    _act("changes", subscriptions.ChangesView),
    _act("change-preview", subscriptions.PreviewView),
    _act("change-product", subscriptions.ChangeProductView),
    _act("change-seats", subscriptions.ChangeSeatsView),
    _act("keep-plan", subscriptions.KeepPlanView),
    _at("me/orders/", orders.OrdersView, "orders"),
    _at("me/orders/<str:id>/", orders.OrderView, "order"),
    _at("me/orders/<str:id>/invoice/", orders.InvoiceView, "order-invoice"),
    _at("me/orders/<str:id>/receipt/", orders.ReceiptView, "order-receipt"),
    _at("me/seats/", seats.SeatsView, "seats"),
    _at("me/seats/<str:id>/revoke/", seats.RevokeView, "seat-revoke"),
    _at("me/seats/<str:id>/resend/", seats.ResendView, "seat-resend"),
    _at("me/license-keys/", license_keys.LicenseKeysView, "license-keys"),
    _at("me/license-keys/<str:id>/reveal/", license_keys.RevealView, "license-key-reveal"),
    _at("me/license-keys/<str:id>/rotate/", license_keys.RotateView, "license-key-rotate"),
    _at("seats/claim/", seats.ClaimView, "seat-claim"),
    _at("checkout-sessions/", sessions.CheckoutSessionsView, "checkout-sessions"),
    _at("portal-sessions/", sessions.PortalSessionsView, "portal-sessions"),
]
