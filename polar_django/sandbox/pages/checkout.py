"""The hosted pay page: choose, fill in, pay."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from polar_django.sandbox.cards import CARDS
from polar_django.sandbox.engine.checkouts import get_client_checkout, update_checkout_by_buyer
from polar_django.sandbox.engine.confirmation import confirm_checkout
from polar_django.sandbox.engine.offers import chosen_prices
from polar_django.sandbox.errors import (
    ExpiredCheckoutError,
    InvalidRequest,
    NotOpenCheckout,
    PaymentError,
    SandboxError,
)
from polar_django.sandbox.models import Checkout
from polar_django.sandbox.outcomes import Confirmation
from polar_django.sandbox.pages.checkout_form import ADDRESS_FIELDS, BuyerForm
from polar_django.sandbox.pages.embedding import frame_of, in_frame
from polar_django.sandbox.pages.page import SeeOther, page, show
from polar_django.sandbox.pages.wording import CARD_EFFECTS, money
from polar_django.sandbox.pricing import METERED_TYPES
from polar_django.sandbox.shapes.checkouts import success_url

__all__ = ["confirmation", "pay"]


@page("GET", "POST", by_secret=True)
def pay(request: HttpRequest, client_secret: str) -> HttpResponse:
    """The pay page of one session; POST pays, or with `action=update` only reckons anew.

    With `?embed=true` it is made for a frame (`embedding`).
    """
    expired = False
    try:
        checkout = get_client_checkout(client_secret)
    except ExpiredCheckoutError:
        checkout = Checkout.objects.get(client_secret=client_secret)
        expired = True
    if expired or checkout.status != "open":
        answer = _closed(request, checkout, expired=expired or checkout.status == "expired")
    elif request.method == "POST":
        answer = _submit(request, checkout)
    else:
        answer = _ask(request, checkout, BuyerForm(checkout))
    return in_frame(answer, frame_of(request, checkout))


def _submit(request: HttpRequest, checkout: Checkout) -> HttpResponse:
    pressed = request.POST.get("fill")
    for card in CARDS:
        if pressed == card.behaviour:
            typed = {**request.POST.dict(), "card": _spaced(card.number)}
            return _ask(request, checkout, BuyerForm(checkout, initial=typed))
    form = BuyerForm(checkout, request.POST)
    is_valid = form.is_valid()
    frame = frame_of(request, checkout)
    here = request.path + (frame.query if frame else "")
    try:
        if request.POST.get("action") == "update":
            form.keep_errors_of_choices()
            if form.errors:
                return _ask(request, checkout, form, status=422)
            update_checkout_by_buyer(checkout, form.update())
            return SeeOther(here)
        if form.repricing():
            shown = _offer(checkout)
            update_checkout_by_buyer(checkout, form.update())
            if _offer(checkout) != shown:
                # Nobody pays a sum that they were not shown.
                notice = "The total changed with your choices. Look at it, then pay."
                fresh = BuyerForm(checkout, initial=_without_card(request))
                return _ask(request, checkout, fresh, notice=notice, status=422)
            # Another country may ask for more of the address, though the sum is the same.
            form = BuyerForm(checkout, request.POST)
            is_valid = form.is_valid()
        if not is_valid:
            return _ask(request, checkout, form, status=422)
        result = confirm_checkout(checkout, form.confirmation())
    except (NotOpenCheckout, ExpiredCheckoutError):
        return SeeOther(here)
    except InvalidRequest as error:
        form.add_refusal(error)
        status = error.status
    except PaymentError as error:
        form.add_error("card", f"{error.detail} Nothing was charged.")
        status = error.status
    except SandboxError as error:
        form.add_error(None, error.detail)
        status = error.status
    else:
        onward = _onward(result)
        return _tell_frame(request, result.checkout, onward) if frame else SeeOther(onward)
    checkout.refresh_from_db()
    return _ask(request, checkout, form, status=status)


def _onward(result: Confirmation) -> str:
    """Where the buyer goes next, with the key to their portal if there is one."""
    token = result.customer_session_token
    address = success_url(result.checkout)
    return _with_query(address, customer_session_token=token) if token else address


def _tell_frame(request: HttpRequest, checkout: Checkout, onward: str) -> HttpResponse:
    """The last page in a frame: its script tells the page around it, which goes on by itself.

    Where the seller named no page of their own, the buyer stays in the frame.
    """
    context = {
        "checkout": checkout,
        "frame_success": onward,
        "frame_redirect": bool(checkout.success_url),
    }
    return _show(request, "embedded_success", checkout, context)


def _show(
    request: HttpRequest,
    template: str,
    checkout: Checkout,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    return show(request, template, {"frame": frame_of(request, checkout), **context}, status=status)


def _offer(checkout: Checkout) -> tuple[Any, ...]:
    """What the page shows of product and price; a tax not known yet is shown as none."""
    return (
        checkout.product_id,
        checkout.amount,
        checkout.discount_amount,
        checkout.tax_amount or 0,
        checkout.total_amount,
        checkout.currency,
        checkout.trial_end is None,
    )


def _without_card(request: HttpRequest) -> dict[str, str]:
    kept = ("customer_email", "customer_name")
    return {name: request.POST[name] for name in kept if request.POST.get(name)}


def _ask(
    request: HttpRequest,
    checkout: Checkout,
    form: BuyerForm,
    *,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    cards = [
        {"behaviour": card.behaviour, "number": _spaced(card.number), "effect": effect}
        for card in CARDS
        if (effect := CARD_EFFECTS.get(card.behaviour))
    ]
    if form.is_bound:
        form.focus_first_error(_order_on_the_page(form))
    context = {
        "checkout": checkout,
        "product": checkout.product,
        "is_metered": _is_metered(checkout),
        "benefits": _benefits(checkout),
        "form": form,
        "address_fields": ADDRESS_FIELDS,
        "cards": cards,
        "notice": notice,
        "pay_label": _pay_label(checkout),
    }
    return _show(request, "checkout", checkout, context, status=status)


def _order_on_the_page(form: BuyerForm) -> list[str]:
    others = [name for name in form.fields if name not in ("card", *form.questions.values())]
    return [*others, *form.questions.values(), *(("card",) if "card" in form.fields else ())]


def _is_metered(checkout: Checkout) -> bool:
    return any(price.amount_type in METERED_TYPES for price in chosen_prices(checkout))


def _benefits(checkout: Checkout) -> list[str]:
    if checkout.product is None:
        return []
    links = checkout.product.product_benefits.filter(benefit__deleted_at=None)
    return list(links.order_by("order").values_list("benefit__description", flat=True))


def _pay_label(checkout: Checkout) -> str:
    if checkout.trial_end is not None:
        return "Start the trial"
    if checkout.total_amount:
        return f"Pay {money(checkout.total_amount, checkout.currency)}"
    if _is_metered(checkout):
        return "Subscribe"
    is_recurring = checkout.product is not None and checkout.product.is_recurring
    return "Subscribe for free" if is_recurring else "Get it for free"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _with_query(address: str, **values: str) -> str:
    """`address` with `values` in its query, whatever is there already kept."""
    parts = urlsplit(address)
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in values
    ]
    return parts._replace(query=urlencode([*kept, *values.items()])).geturl()


def _closed(request: HttpRequest, checkout: Checkout, *, expired: bool) -> HttpResponse:
    """The page of a session that takes no payment any more."""
    paid = checkout.status in ("confirmed", "succeeded")
    context = {
        "checkout": checkout,
        "paid": paid,
        "onward": success_url(checkout) if paid else checkout.return_url,
    }
    status = 410 if expired and not paid else 200
    return _show(request, "checkout_closed", checkout, context, status=status)


@page("GET", by_secret=True)
def confirmation(request: HttpRequest, client_secret: str) -> HttpResponse:
    """Where the buyer lands when the seller named no page of their own."""
    checkout = Checkout.objects.filter(client_secret=client_secret).first()
    if checkout is None or checkout.status not in ("confirmed", "succeeded"):
        return SeeOther(reverse("polar_sandbox:checkout", args=[client_secret]))
    token = request.GET.get("customer_session_token")
    portal = reverse("polar_sandbox:portal")
    context = {
        "checkout": checkout,
        "portal_url": _with_query(portal, customer_session_token=token) if token else "",
    }
    return show(request, "confirmation", context)
