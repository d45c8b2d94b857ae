"""`checkout/<plan>/`: what is bought, the choices, and one button that leads to the pay page."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from polar_django.billing import create_checkout_session
from polar_django.billing.plans import PlanOffer, benefits_of, offer_of
from polar_django.billing.products import products_of
from polar_django.billing.standing import standing_of
from polar_django.conf import Plan, get_settings
from polar_django.exceptions import ConfigurationError, InvalidRequest, UnknownPlan
from polar_django.gating.addresses import safe_next
from polar_django.models import Subscription
from polar_django.subscribers import can_manage_billing
from polar_django.views.buyers import buyers_only, guests_too, see_other
from polar_django.views.choices import PurchaseForm, choices_of
from polar_django.views.refusals import not_allowed_page
from polar_django.views.transactions import outside_transactions

# What the buyer can mend on the page, and in which of its fields.
_FIELDS = {
    "discount_refused": "discount",
    "seats_out_of_bounds": "seats",
    "amount_out_of_bounds": "amount",
    "product_not_in_plan": "product",
}


@login_not_required
@outside_transactions
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest, plan: str) -> HttpResponse:
    """GET: the page. POST: 303 to the pay page, or the page again with what was wrong (400).

    A script that asks for JSON gets `{"id", "url"}` (201) instead of the 303.
    """
    view = guests_too(_sell) if _is_for_guests(request, plan) else buyers_only(_sell)
    return view(request, plan=plan)


def _is_for_guests(request: HttpRequest, plan: str) -> bool:
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return False
    try:
        return get_settings().plan(plan, request).guests
    except ConfigurationError:
        return False


def _sell(request: HttpRequest, subscriber: Any, plan: str) -> HttpResponse:
    try:
        wanted = get_settings().plan(plan, request)
    except UnknownPlan:
        raise Http404("There is no such plan.") from None
    if subscriber is not None and not can_manage_billing(request, subscriber):
        return not_allowed_page(request)
    products = products_of(wanted)
    hindrance = standing_of(subscriber, products.values()).hindrance
    if hindrance is not None:
        return _change_instead(request, wanted, hindrance, [row.pk for row in products.values()])
    offer = offer_of(
        wanted, products, benefits_of(products.values()), request=request, subscriber=subscriber
    )
    if request.method != "POST":
        return _page(request, offer, PurchaseForm(offer, initial=request.GET.dict()))
    form = PurchaseForm(offer, request.POST)
    if not form.is_valid():
        return _page(request, offer, form, status=400)
    chosen = products[form.cleaned_data["product"] or next(iter(products))]
    hindrance = standing_of(subscriber, [chosen]).hindrance
    if hindrance is not None:
        return _change_instead(request, wanted, hindrance, [chosen.pk])
    try:
        return _go(request, subscriber, wanted, form)
    except InvalidRequest as error:
        field = _FIELDS.get(error.code)
        if field not in form.fields:
            raise
        form.add_error(field, _refusal_text(error.code))
        return _page(request, offer, form, status=400)


def _go(request: HttpRequest, subscriber: Any, plan: Plan, form: PurchaseForm) -> HttpResponse:
    session = create_checkout_session(
        subscriber,
        plan,
        product=form.cleaned_data["product"] or None,
        seats=form.cleaned_data.get("seats"),
        amount=form.cleaned_data.get("minor_amount"),
        discount_code=form.cleaned_data.get("discount") or "",
        next_url=_next(request),
        embed=request.POST.get("embed") == "1",
        request=request,
    )
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"id": session.pk, "url": session.url}, status=201)
    return see_other(session.url)


def _refusal_text(code: str) -> str:
    if code == "discount_refused":
        return _("This code does not exist, has expired, or is not for this purchase.")
    return _("This is not for sale here.")


def _change_instead(
    request: HttpRequest, plan: Plan, held: Subscription, products: list[str]
) -> HttpResponse:
    """Read on the page they come to: a checkout would fail once the card was entered."""
    text = _held_text(is_same=held.product_id in products, is_paused=held.status == "paused")
    messages.info(request, text, fail_silently=True)
    return see_other(f"{reverse('polar:manage')}?{urlencode({'plan': plan.key})}")


def _held_text(*, is_same: bool, is_paused: bool) -> str:
    if is_paused and is_same:
        return _("You have this plan already, and it is paused: let it go on, or end it.")
    if is_paused:
        return _(
            "You have a subscription that is paused: let it go on and change it, or end it, before "
            "you buy another one."
        )
    if is_same:
        return _("You have this plan already.")
    return _("You have a subscription already: change it instead of buying a second one.")


def _page(
    request: HttpRequest, offer: PlanOffer, form: PurchaseForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "plan": offer.plan,
        "form": form,
        "choices": choices_of(offer, str(form["product"].value() or "")),
        "next_url": _next(request),
    }
    return render(request, "polar/checkout.html", context, status=status)


def _next(request: HttpRequest) -> str:
    return safe_next(request, request.POST.get("next") or request.GET.get("next"))
