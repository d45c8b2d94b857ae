"""What a refused request is answered: in the form that its sender can use."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from polar_django.conf import get_settings
from polar_django.gating.addresses import login_address, upgrade_address
from polar_django.gating.decision import Decision, Reason

__all__ = ["detail_of", "explain", "refuse", "wants_json"]


def detail_of(reason: Reason) -> str:
    """A sentence for people, in their language."""
    return {
        Reason.ALLOWED: "",
        Reason.NO_USER: _("Sign in to continue."),
        Reason.NO_BENEFIT: _("Your plan does not include this."),
        Reason.NO_SUBSCRIPTION: _("This needs an active subscription."),
    }[reason]


def explain(decision: Decision) -> dict[str, Any]:
    """The body of a JSON refusal: `code`, `detail`, and `benefit` or `plan`.

    That is the missing key as text; a list where several are missing; null where any would do.
    """
    missing: Any = list(decision.missing) or None
    if len(decision.missing) == 1:
        missing = decision.missing[0]
    return {
        "code": str(decision.reason),
        _missing_kind(decision): missing,
        "detail": detail_of(decision.reason),
    }


def _missing_kind(decision: Decision) -> str:
    return "plan" if decision.reason is Reason.NO_SUBSCRIPTION else "benefit"


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks, that would follow a redirect into a page of HTML it cannot use.

    DRF's requests, `Accept: application/json`, `X-Requested-With`, a JSON body, and a browser's
    `fetch()`, unless it names HTML among what it accepts.
    """
    if hasattr(request, "accepted_renderer"):
        return True
    headers: Mapping[str, str] = request.headers
    accepted = headers.get("Accept", "").lower()
    if headers.get("X-Requested-With", "").lower() == "xmlhttprequest":
        return True
    if "text/html" in accepted:
        return False
    return (
        "json" in accepted
        or request.content_type == "application/json"
        or headers.get("Sec-Fetch-Dest") == "empty"
    )


def refuse(request: HttpRequest, decision: Decision) -> HttpResponse:
    """The answer to a request that may not pass. No query of its own.

    The project's own (`REFUSAL`, a function or a coroutine function), where it gives one. Else for
    htmx `HX-Redirect`; for programs 401 without a user and 403 with one, as JSON; for browsers the
    way to the sign-in or the upgrade page, with `next`, and there with `benefit` or `plan` (what
    was missing); where there is no such page, 403 with the template `polar/benefit_required.html`.
    Raises ConfigurationError if `UPGRADE_URL` leads nowhere.
    """
    own = get_settings().load("refusal")
    given: HttpResponse | None = _said_by(own, request, decision) if own else None
    response = given if given is not None else _our_answer(request, decision)
    # The same address answers otherwise once they have paid.
    add_never_cache_headers(response)
    return response


def _said_by(own: Callable[..., Any], request: HttpRequest, decision: Decision) -> Any:
    """Gates are judged in a thread, so that a coroutine function may be asked from there."""
    given = own(request, decision)
    return async_to_sync(_awaited)(given) if isawaitable(given) else given


async def _awaited(given: Awaitable[Any]) -> Any:
    return await given


def _our_answer(request: HttpRequest, decision: Decision) -> HttpResponse:
    by_htmx = request.headers.get("HX-Request") == "true"
    no_user = decision.reason is Reason.NO_USER
    if wants_json(request) and not by_htmx:
        return JsonResponse(explain(decision), status=401 if no_user else 403)
    if no_user:
        address = login_address(request)
    else:
        address = upgrade_address(request, **{_missing_kind(decision): decision.missing})
    if address and by_htmx:
        # 200, because htmx leaves the headers of a redirect to the browser.
        return HttpResponse(headers={"HX-Redirect": address})
    if address:
        return HttpResponseRedirect(address)
    page = TemplateResponse(
        request,
        "polar/benefit_required.html",
        {
            "decision": decision,
            "missing": decision.missing,
            "detail": detail_of(decision.reason),
        },
        status=403,
    )
    return page.render()
