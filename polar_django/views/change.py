"""`manage/<id>/change/` and `…/seats/`: choose, see what it costs, confirm. No script is needed.

The browser says which of the offered products or how many seats, and nothing about money.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from polar_django.billing import (
    change_product,
    change_seats,
    preview_product_change,
    preview_seat_change,
)
from polar_django.billing.alternatives import alternatives_to, proration_of, seats_to_choose
from polar_django.billing.money import money_text
from polar_django.billing.plans import ProductOffer
from polar_django.billing.products import mirrored_products
from polar_django.conf import get_settings
from polar_django.exceptions import (
    ActionRefused,
    InvalidRequest,
    NotSupported,
    ProviderUnavailable,
    UnknownPlan,
)
from polar_django.models import Subscription
from polar_django.providers.base import ChargePreview
from polar_django.views.buyers import see_other
from polar_django.views.owned import Problem, attempt, managers_only, own_or_404
from polar_django.views.situations import day_text, situations_of

__all__ = ["change", "change_number"]

_ROWS = Subscription.objects.select_related("product", "subscriber")
# A change can be made although its price cannot be told before.
_NO_PREVIEW = (ActionRefused, InvalidRequest, NotSupported, ProviderUnavailable)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a change costs, in words. `when` is "" where only the provider knows."""

    total: str
    lines: tuple[tuple[str, str], ...]
    tax: str
    when: str


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
def change(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """GET: the products to choose from; with `?to=` what that one costs. POST: the change."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    offers = alternatives_to(row, request=request)
    name = _given(request, "to")
    if not name:
        return _choose(request, row, offers)
    if name not in offers:
        if request.method == "POST" and _is_for(row, name):
            return see_other(reverse("polar:manage"))  # the second of two clicks
        raise Http404("This is not for sale here.")
    product = offers[name].product
    rule = proration_of(row, product=product)
    if request.method == "POST":
        problem = attempt(lambda: change_product(row, product, proration=rule))
        if problem is None:
            return _done(request, row)
        return _confirm(request, row, name, product.name, None, problem)
    cost = _cost(row, rule, lambda: preview_product_change(row, product, proration=rule))
    return _confirm(request, row, name, product.name, cost)


@require_http_methods(["GET", "HEAD", "POST"])
@managers_only
def change_number(request: HttpRequest, subscriber: Any, subscription_id: str) -> HttpResponse:
    """GET: how many seats; with `?to=` what that number costs. POST: the change."""
    row = own_or_404(_ROWS, subscriber, subscription_id)
    bounds = seats_to_choose(row, request=request)
    if bounds is None:
        raise Http404("This has no seats.")
    given = _given(request, "to")
    if not given:
        return _choose(request, row, {}, bounds)
    seats = int(given) if given.isdecimal() and len(given) < 9 else 0
    if not bounds[0] <= seats <= bounds[1]:
        return _choose(request, row, {}, bounds, refused=True)
    title = ngettext("%(count)d seat", "%(count)d seats", seats) % {"count": seats}
    rule = proration_of(row, seats=seats)
    if request.method == "POST":
        problem = attempt(lambda: change_seats(row, seats, proration=rule))
        if problem is None:
            return _done(request, row)
        return _confirm(request, row, given, title, None, problem)
    cost = _cost(row, rule, lambda: preview_seat_change(row, seats, proration=rule))
    return _confirm(request, row, given, title, cost)


def _is_for(row: Subscription, name: str) -> bool:
    """Whether that is the product it is for already. One query."""
    product = mirrored_products([name], row.provider).get(name)
    return product is not None and product.pk == row.product_id


def _given(request: HttpRequest, name: str) -> str:
    return (request.POST if request.method == "POST" else request.GET).get(name) or ""


def _choose(
    request: HttpRequest,
    row: Subscription,
    offers: dict[str, ProductOffer],
    bounds: tuple[int, int] | None = None,
    *,
    refused: bool = False,
) -> HttpResponse:
    preferred = _names_of_plan(request)
    first = next((name for name in offers if name in preferred), next(iter(offers), ""))
    context = {
        "offers": [(offer, name == first) for name, offer in offers.items()],
        "bounds": bounds,
        "refused": refused,
    }
    return _page(request, row, context, status=400 if refused else 200)


def _names_of_plan(request: HttpRequest) -> tuple[str, ...]:
    """The products of the plan that they came for."""
    key = request.GET.get("plan")
    try:
        return get_settings().plan(key, request).products if key else ()
    except UnknownPlan:
        return ()


def _confirm(
    request: HttpRequest,
    row: Subscription,
    to: str,
    title: str,
    cost: Cost | None,
    problem: Problem | None = None,
) -> HttpResponse:
    context = {"to": to, "target": title, "cost": cost, "problem": problem}
    return _page(request, row, context, status=problem.status if problem is not None else 200)


def _page(
    request: HttpRequest, row: Subscription, context: dict[str, Any], *, status: int
) -> HttpResponse:
    [situation] = situations_of([row])
    return render(
        request, "polar/manage_change.html", {"situation": situation, **context}, status=status
    )


def _done(request: HttpRequest, row: Subscription) -> HttpResponse:
    waits = row.pending_change is not None
    text = _("The change is noted.") if waits else _("It is changed.")
    messages.success(request, text, fail_silently=True)
    return see_other(reverse("polar:manage"))


def _cost(row: Subscription, rule: str | None, preview: Callable[[], ChargePreview]) -> Cost | None:
    """None where it cannot be told beforehand."""
    if rule == "next_period":
        return Cost("", (), "", _on_the_day(row))
    try:
        found = preview()
    except _NO_PREVIEW:
        return None
    return Cost(
        total=money_text(found.due_amount, row.currency),
        lines=tuple((line.label, money_text(line.amount, row.currency)) for line in found.lines),
        tax=money_text(found.tax_amount, row.currency) if found.tax_amount else "",
        when=_when(rule),
    )


def _when(rule: str | None) -> str:
    return {
        "invoice": _("It is charged now."),
        "reset": _("It is charged now, and a new period begins."),
        "prorate": _("It is charged with the next bill; where the period changes, now."),
    }.get(rule or "", "")


def _on_the_day(row: Subscription) -> str:
    return _("Nothing is charged now. The change is made on %(day)s.") % {
        "day": day_text(row.current_period_end)
    }
