"""The JSON API: `path("api/billing/", include("polar_django.drf.urls"))`."""

from typing import Any

from django.db.transaction import non_atomic_requests
from django.urls import URLPattern, path
from rest_framework.views import APIView

from polar_django.drf import me, sessions
from polar_django.drf.plans import PlansView

app_name = "polar_api"


def _at(route: str, view: type[APIView], name: str) -> URLPattern:
    # The actions call the provider, which no transaction should wait for.
    guarded: Any = non_atomic_requests(view.as_view())
    pattern: URLPattern = path(route, guarded, name=name)
    return pattern


urlpatterns = [
    _at("plans/", PlansView, "plans"),
    _at("me/entitlements/", me.EntitlementsView, "entitlements"),
    _at("me/usage/", me.UsageView, "usage"),
    _at("me/subscriptions/", me.SubscriptionsView, "subscriptions"),
    _at("me/subscriptions/<str:id>/", me.SubscriptionView, "subscription"),
    _at("me/subscriptions/<str:id>/cancel/", me.CancelView, "subscription-cancel"),
    _at("me/subscriptions/<str:id>/uncancel/", me.UncancelView, "subscription-uncancel"),
    _at("me/orders/", me.OrdersView, "orders"),
    _at("me/orders/<str:id>/", me.OrderView, "order"),
    _at("me/orders/<str:id>/invoice/", me.InvoiceView, "order-invoice"),
    _at("checkout-sessions/", sessions.CheckoutSessionsView, "checkout-sessions"),
    _at("portal-sessions/", sessions.PortalSessionsView, "portal-sessions"),
]
