"""`manage/`: what the subscriber has, how it stands, what can be done about it, and the bills."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from polar_django.billing import get_invoice_url
from polar_django.billing.alternatives import alternatives_to
from polar_django.billing.money import money_text
from polar_django.billing.plans import plans_on_offer
from polar_django.conf import get_settings
from polar_django.exceptions import UnknownPlan
from polar_django.models import Order, Subscription
from polar_django.models.databases import on_primary
from polar_django.models.querysets import ENDED_STATUSES
from polar_django.providers.base import Capability
from polar_django.views.buyers import address_set_as, see_other
from polar_django.views.owned import (
    Problem,
    attempt,
    capabilities_of,
    managers_only,
    own_or_404,
)
from polar_django.views.situations import Situation, situations_of

__all__ = ["invoice", "manage", "manage_page"]

# The portal shows them all.
_MOST_ORDERS = 24
# The provider makes an invoice within seconds; nobody waits for it longer than that.
_PATIENCE = 3.0


@require_http_methods(["GET", "HEAD"])
@managers_only
def manage(request: HttpRequest, subscriber: Any) -> HttpResponse:
    """The page. With `?plan=` (from a checkout of somebody who has a plan already): on to the
    change to that plan, where there is one subscription that it can be made of."""
    plan = request.GET.get("plan")
    if plan and (address := _way_to(request, subscriber, plan)):
        return see_other(address)
    return manage_page(request, subscriber)


@require_POST
@managers_only
def invoice(request: HttpRequest, subscriber: Any, order_id: str) -> HttpResponse:
    """303 to the invoice, or back with the word that it is being made. 404 for another's."""
    order = own_or_404(Order.objects.all(), subscriber, order_id)
    found: list[str | None] = []
    problem = attempt(lambda: found.append(get_invoice_url(order, wait=_PATIENCE)))
    if problem is not None:
        return manage_page(request, subscriber, problem)
    if found[0]:
        return see_other(found[0])
    messages.info(
        request,
        _("The invoice is being made. Please ask for it again in a moment."),
        fail_silently=True,
    )
    return see_other(reverse("polar:manage"))


def manage_page(
    request: HttpRequest, subscriber: Any, problem: Problem | None = None
) -> HttpResponse:
    """The page itself, with what went wrong where something did. Five queries, or six."""
    # Whoever comes here has just changed something: a replica may not have it yet.
    rows = on_primary(Subscription).filter(subscriber=subscriber).select_related("product")
    plans = plans_on_offer(request=request, subscriber=subscriber)
    situations = situations_of(rows.order_by("-started_at", "-pk"), plans)
    orders = on_primary(Order).filter(subscriber=subscriber).exclude(status="draft")
    latest = orders.select_related("product").order_by("-created_at", "-pk")[:_MOST_ORDERS]
    context = {
        "current": [each for each in situations if not each.subscription.has_ended],
        "ended": [each for each in situations if each.subscription.has_ended],
        "bills": [_bill(order) for order in latest],
        "has_seats": any(_sits(each) for each in situations),
        "plans_url": address_set_as("upgrade_url"),
        "problem": problem,
    }
    status = problem.status if problem is not None else 200
    return render(request, "polar/manage.html", context, status=status)


def _sits(situation: Situation) -> bool:
    return situation.subscription.seats is not None and not situation.subscription.has_ended


def _bill(order: Order) -> dict[str, Any]:
    states = {
        "paid": _("Paid"),
        "pending": _("Open"),
        "refunded": _("Refunded"),
        "partially_refunded": _("Refunded in part"),
        "void": _("Not charged"),
    }
    has_paper = order.paid and Capability.INVOICES in capabilities_of(order.provider)
    return {
        "order": order,
        "title": (order.product.name if order.product is not None else "") or order.description,
        "total": money_text(order.total_amount, order.currency) if order.currency else "",
        "state": states.get(order.status, order.status),
        "has_invoice": has_paper and order.total_amount > 0,
    }


def _way_to(request: HttpRequest, subscriber: Any, plan: str) -> str:
    """The address of the change to that plan; "" where it is not clear what would change."""
    try:
        wanted = get_settings().plan(plan, request)
    except UnknownPlan:
        return ""
    rows = Subscription.objects.for_subscriber(subscriber).exclude(status__in=ENDED_STATUSES)
    able = [
        each.subscription
        for each in situations_of(rows.select_related("product", "subscriber"))
        if "change" in each.actions
    ]
    if len(able) != 1:
        return ""
    offered = alternatives_to(able[0], request=request)
    if not any(name in offered for name in wanted.products):
        return ""
    return f"{reverse('polar:change', args=[able[0].pk])}?{urlencode({'plan': plan})}"
