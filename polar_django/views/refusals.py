"""Pages that say why something could not be done, and what to do now."""

import logging
from dataclasses import dataclass

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from polar_django.billing.customers import EMAIL_MISSING
from polar_django.exceptions import (
    ConfigurationError,
    CustomerConflict,
    InvalidRequest,
    PolarDjangoError,
    ProviderUnavailable,
    RateLimited,
    UnsafeTransaction,
)

__all__ = ["no_subscriber_page", "not_allowed_page", "refusal_page"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    status: int
    title: str | Promise
    text: str | Promise


_CONFLICT = _Page(
    409,
    _("This e-mail address already has purchases"),
    _(
        "Somebody has bought here with your e-mail address, and we cannot be sure that it was you. "
        "Confirm your e-mail address in your account and try again, or write to us: we will "
        "connect the two."
    ),
)
_NO_EMAIL = _Page(
    409,
    _("We need your e-mail address"),
    _("Receipts are sent by e-mail. Add an address to your account, then try again."),
)
_BAD_EMAIL = _Page(
    409,
    _("Your e-mail address was not accepted"),
    _("Receipts are sent by e-mail. Correct the address of your account, then try again."),
)
_UNAVAILABLE = _Page(
    503,
    _("Payments are not available right now"),
    _("We could not reach the payment service. Please try again in a minute."),
)
_REFUSED = _Page(
    502,
    _("The payment service refused"),
    _("The payment service did not accept this request. Please write to us."),
)
_MISCONFIGURED = _Page(
    503,
    _("Payments are not available right now"),
    _("Buying is not set up correctly here. Please write to us."),
)
_NO_SUBSCRIBER = _Page(
    403,
    _("Nobody to buy for"),
    _("Choose or create the account you want to buy for, then try again."),
)
_NOT_ALLOWED = _Page(
    403,
    _("You cannot manage billing here"),
    _("Ask the person who manages billing for this account."),
)


_NOT_CHARGED = _("Nothing was charged.")
_PERHAPS_CHARGED = _("If you have paid, your purchase is not lost.")


def refusal_page(
    request: HttpRequest, error: PolarDjangoError, *, again: str, may_have_paid: bool = False
) -> HttpResponse:
    """The page for this error, with `again` as the address to try once more at.

    `may_have_paid`: the buyer comes from the pay page, so that nobody can say that nothing was
    charged. What the buyer cannot mend goes to the log; the page tells it only where DEBUG is on.
    """
    page = _page_for(error)
    if page in (_REFUSED, _MISCONFIGURED):
        logger.error("%s: %s", type(error).__name__, error)
    elif page is _UNAVAILABLE:
        logger.warning("%s: %s", type(error).__name__, error)
    assurance = _PERHAPS_CHARGED if may_have_paid else _NOT_CHARGED
    response = _render(request, page, again=again, error=error, assurance=assurance)
    if isinstance(error, RateLimited) and error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def no_subscriber_page(request: HttpRequest) -> HttpResponse:
    """Somebody is signed in, but there is nobody to buy for."""
    return _render(request, _NO_SUBSCRIBER)


def not_allowed_page(request: HttpRequest) -> HttpResponse:
    """Somebody may not manage this subscriber's billing."""
    return _render(request, _NOT_ALLOWED)


def _page_for(error: PolarDjangoError) -> _Page:
    if isinstance(error, CustomerConflict):
        return _CONFLICT
    if isinstance(error, InvalidRequest) and error.code == EMAIL_MISSING:
        return _NO_EMAIL
    if isinstance(error, InvalidRequest) and _is_about_the_email(error):
        return _BAD_EMAIL
    if isinstance(error, ProviderUnavailable):
        return _UNAVAILABLE
    if isinstance(error, ConfigurationError | UnsafeTransaction):
        return _MISCONFIGURED
    return _REFUSED


def _is_about_the_email(error: InvalidRequest) -> bool:
    return any("email" in (each.get("loc") or ()) for each in error.errors)


def _render(
    request: HttpRequest,
    page: _Page,
    *,
    again: str = "",
    error: PolarDjangoError | None = None,
    assurance: str | Promise = "",
) -> HttpResponse:
    context = {
        "page_title": page.title,
        "text": f"{page.text} {assurance}".strip(),
        "again": again,
        "detail": str(error) if error is not None and django_settings.DEBUG else "",
    }
    return render(request, "polar/refusal.html", context, status=page.status)
