"""The dashboard: what there is in here, what time it is, and what was sent."""

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse

from polar_django.sandbox import chaos
from polar_django.sandbox.engine.endpoints import list_endpoints
from polar_django.sandbox.models import (
    Customer,
    Product,
    ProductBenefit,
    Subscription,
    WebhookEvent,
)
from polar_django.sandbox.pages.page import page, show
from polar_django.sandbox.trigger import possible_events

__all__ = ["dashboard", "events_in_order"]

# How many rows a list on the dashboard has; "all of them" has a page of its own.
ROWS = 8

# What the page says after a POST, by the name in its address.
NEWS = {
    "chaos": "The switches are set.",
    "clock": "The clock moved, and what fell due on the way happened.",
    "flush": "Everything that was due is sent.",
    "trigger": "The event is written, and sent to every endpoint that listens.",
    "reset": "Everything is deleted, and the clock is back at real time.",
}


@page("GET")
def dashboard(request: HttpRequest) -> HttpResponse:
    """The first page. About fifteen queries."""
    links = ProductBenefit.objects.filter(benefit__deleted_at=None).select_related("benefit")
    products = Product.objects.filter(deleted_at=None).prefetch_related(
        "prices", Prefetch("product_benefits", links)
    )
    customers = Customer.objects.filter(deleted_at=None)
    subscriptions = Subscription.objects.select_related("customer", "product").prefetch_related(
        "prices"
    )
    context = {
        "news": NEWS.get(request.GET.get("done", "")),
        "products": products.order_by("created_at"),
        "customers": customers.order_by("-created_at")[:ROWS],
        "customer_count": customers.count(),
        "subscriptions": subscriptions.order_by("-created_at")[:ROWS],
        "subscription_count": subscriptions.count(),
        "events": events_in_order()[:ROWS],
        "event_count": WebhookEvent.objects.count(),
        "waiting_count": WebhookEvent.objects.filter(next_attempt_at__isnull=False).count(),
        "endpoints": list_endpoints(),
        "event_types": possible_events(),
        "chaos": chaos.read(),
    }
    return show(request, "dashboard", context)


def events_in_order() -> QuerySet[WebhookEvent]:
    """The delivery log, newest first, each with its attempts. Two queries."""
    events = WebhookEvent.objects.select_related("endpoint").prefetch_related("attempts")
    return events.order_by("-created_at")
