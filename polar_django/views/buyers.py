"""What the pages have in common: somebody is signed in, and a refusal is a page, never a 500."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from polar_django.conf import get_settings
from polar_django.exceptions import ConfigurationError, PolarDjangoError
from polar_django.gating.addresses import safe_next
from polar_django.subscribers import resolve_subscriber
from polar_django.views.refusals import no_subscriber_page, refusal_page
from polar_django.views.transactions import outside_transactions

__all__ = [
    "address_set_as",
    "buyers_only",
    "guests_too",
    "keep_private",
    "see_other",
    "sign_in_page",
    "stay_address",
]

View = Callable[..., HttpResponse]

# What the checkout's page takes from its address (`choices.PurchaseForm`).
_CHOICES = ("product", "seats", "amount", "discount")
_LONGEST_CHOICE = 256
# What is only posted, and the page with its form.
_FORM_ON = {
    **dict.fromkeys(("uncancel", "resume", "keep", "invoice"), "polar:manage"),
    **dict.fromkeys(("seat-revoke", "seat-resend"), "polar:seats"),
}


def buyers_only(view: View) -> View:
    """Call `view(request, subscriber, …)`, or answer with the way to sign in or with why not.

    Outside any transaction (the pages call the provider), and nothing of it may be stored.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return keep_private(sign_in_page(request))
        try:
            subscriber = resolve_subscriber(request)
            if subscriber is None:
                return keep_private(no_subscriber_page(request))
            return keep_private(view(request, subscriber, *args, **kwargs))
        except PolarDjangoError as error:
            return keep_private(refusal_page(request, error, again=stay_address(request)))

    # Django's LoginRequiredMiddleware would put the whole address, tokens and all, into `next`.
    return outside_transactions(login_not_required(guarded))


def guests_too(view: View) -> View:
    """As `buyers_only`, for views that serve visitors: `subscriber` is None for them."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return keep_private(view(request, resolve_subscriber(request), *args, **kwargs))
        except PolarDjangoError as error:
            return keep_private(refusal_page(request, error, again=stay_address(request)))

    return outside_transactions(login_not_required(guarded))


def keep_private(response: HttpResponse) -> HttpResponse:
    """Addresses and contents here name purchases: no cache keeps them, no other site hears of them.

    A view that has set a stricter referrer policy keeps it. It is not the default: browsers send
    `Origin: null` with forms of a page without referrer, and Django then refuses the CSRF token.
    """
    response["Cache-Control"] = "no-store, private"
    response.setdefault("Referrer-Policy", "same-origin")
    return response


def stay_address(request: HttpRequest) -> str:
    """This page, to be opened again by GET, with its `next`, what was chosen on it, and nothing
    else of the query: whoever has to sign in first buys what they chose before.

    For an address that only takes what is posted, the page that the form stands on.
    """
    match = getattr(request, "resolver_match", None)
    if match is not None and match.app_name == "polar" and match.url_name in _FORM_ON:
        return reverse(_FORM_ON[match.url_name])
    given = request.POST.get("next") or request.GET.get("next")
    kept = {"next": safe_next(request, given), "checkout_id": request.GET.get("checkout_id")}
    for name in _CHOICES:
        chosen = request.POST.get(name) or request.GET.get(name) or ""
        kept[name] = chosen if len(chosen) <= _LONGEST_CHOICE else ""
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{request.path}?{query}" if query else request.path


def see_other(address: str) -> HttpResponseRedirect:
    """303: go there by GET, whatever the method was."""
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def address_set_as(name: str) -> str:
    """The path or URL name that a setting gives, e.g. "success_url", as an address.

    "/" where it is empty. Raises ConfigurationError for a name that no URL pattern has.
    """
    given = getattr(get_settings(), name) or "/"
    try:
        return resolve_url(given)
    except NoReverseMatch as error:
        raise ConfigurationError(
            f"POLAR_DJANGO[{name.upper()!r}] is {given!r}: no URL pattern has that name. Give the "
            "name of one, or a path that begins with '/'."
        ) from error


def sign_in_page(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back here afterwards."""
    login_url = get_settings().login_url or django_settings.LOGIN_URL
    return redirect_to_login(stay_address(request), login_url=resolve_url(login_url))
