"""`checkout/<plan>/`: what is bought, the choices, and one button that leads to the pay page."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from polar_django.billing import create_checkout_session
from polar_django.billing.products import is_billed_for, products_of
from polar_django.conf import Plan, get_settings
from polar_django.exceptions import UnknownPlan
from polar_django.gating.addresses import safe_next
from polar_django.models import Product
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import buyers_only, see_other
from polar_django.views.choices import PurchaseForm, offers_of
from polar_django.views.refusals import not_allowed_page


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_only
def checkout(request: HttpRequest, subscriber: Any, plan: str) -> HttpResponse:
    """GET: the page. POST: 303 to the pay page, or the page again with what was wrong (400)."""
    try:
        wanted = get_settings().plan(plan)
    except UnknownPlan:
        raise Http404("There is no such plan.") from None
    if not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    products = products_of(wanted)
    if is_billed_for(subscriber, products.values()):
        # Read on the site's next page, when they are back from the portal.
        messages.info(request, _("You have this plan already."), fail_silently=True)
        return see_other(reverse("polar:portal"))
    if request.method != "POST":
        return _page(request, wanted, products, PurchaseForm(wanted, initial=request.GET.dict()))
    form = PurchaseForm(wanted, request.POST)
    if not form.is_valid():
        return _page(request, wanted, products, form, status=400)
    session = create_checkout_session(
        subscriber,
        wanted.key,
        product=form.cleaned_data["product"] or None,
        seats=form.cleaned_data.get("seats"),
        next_url=_next(request),
        request=request,
    )
    return see_other(session.url)


def _page(
    request: HttpRequest,
    plan: Plan,
    products: Mapping[str, Product],
    form: PurchaseForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "plan": plan,
        "form": form,
        "offers": offers_of(products, str(form["product"].value() or "")),
        "next_url": _next(request),
    }
    return render(request, "polar/checkout.html", context, status=status)


def _next(request: HttpRequest) -> str:
    return safe_next(request, request.POST.get("next") or request.GET.get("next"))
