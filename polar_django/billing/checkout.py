"""Making a hosted pay page for a subscriber or a guest, or finding the one that is still open."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, to_locale

from polar_django.billing.adhoc_prices import pricing_of
from polar_django.billing.answers import write_answer
from polar_django.billing.bounds import amount_bounds, choose_amount, choose_seats
from polar_django.billing.customers import ensure_customer, is_no_more
from polar_django.billing.guests import bind_to_browser, checkouts_of_browser
from polar_django.billing.origins import ip_address_of
from polar_django.billing.presets import preset_discount
from polar_django.billing.products import choose_product, products_of
from polar_django.billing.sessions import (
    fingerprint,
    made_unanswered,
    open_sessions,
    still_offered,
    with_discount_code,
)
from polar_django.billing.standing import standing_of
from polar_django.conf import Plan, get_settings
from polar_django.exceptions import (
    ConfigurationError,
    InvalidRequest,
    NotSupported,
    ObjectNotFound,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.linking import claim_checkout
from polar_django.models import CheckoutSession, Customer
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Capability, CheckoutRequest, Provider
from polar_django.providers.registry import get_provider

__all__ = ["absolute_address", "create_checkout_session"]

logger = logging.getLogger(__name__)

_CHECKOUT_ID = "{CHECKOUT_ID}"


def create_checkout_session(
    subscriber: Any,
    plan: str | Plan,
    *,
    product: str | None = None,
    seats: int | None = None,
    amount: int | None = None,
    discount_code: str = "",
    email: str = "",
    name: str = "",
    metadata: Mapping[str, Any] | None = None,
    request_id: str = "",
    success_url: str | None = None,
    return_url: str | None = None,
    next_url: str = "",
    embed: bool = False,
    request: HttpRequest | None = None,
) -> CheckoutSession:
    """A hosted checkout for one of the plan's products, ready to redirect to (`session.url`).

    The customer is ensured and linked first. An open session of this subscriber for the same
    purchase is used again, so a second click or tab does not make a second one. `None` instead of
    a subscriber is a guest, where the plan serves them: the session is then bound to the browser
    that sent `request`, and `claim_purchases` says whose the purchase becomes.

    What a browser may choose: `plan`, a key of `PLANS`; `product`, one of its products by name or
    id, without it the buyer chooses on the pay page; `seats` and `amount` (minor units) within the
    plan's bounds; `discount_code`, which the provider judges.

    What only your code says: another `Plan` than those of the settings; `email` and `name` to fill
    in; `metadata`, which comes back on the order, the subscription and every event of them, and
    `request_id`, which is one entry of it; `success_url`, where the pay page sends the buyer
    (`{CHECKOUT_ID}` is filled in), by default the plan's, else our return page, which needs
    `request` to be addressed and then goes on to `next_url`; `return_url`, the pay page's way
    back; `embed`, to let the page be framed by the site of `request`.

    One call, two for a code, one more where no answer comes (the session may have been made all the
    same, and is then the one that is given), and what `ensure_customer` costs. Raises UnknownPlan,
    ConfigurationError, InvalidRequest (`code` "product_not_in_plan", "seats_out_of_bounds",
    "amount_out_of_bounds", "discount_refused", "guests_not_served"), CustomerConflict and
    ProviderError. After ProviderUnavailable a session may exist; it can be paid by nobody.
    """
    wanted = plan if isinstance(plan, Plan) else get_settings().plan(plan, request)
    code = discount_code.strip()
    _check_terms(wanted, subscriber, code)
    service = get_provider()
    asked = _decide(
        service, wanted, subscriber, product=product, seats=seats, amount=amount, request=request
    )
    said = {**wanted.metadata, **(metadata or {})}
    if request_id:
        said["request_id"] = request_id
    if subscriber is None:
        said["guest"] = True
    asked = replace(
        asked,
        customer_email=email,
        customer_name=name,
        customer_ip_address=ip_address_of(request),
        success_url=_success_address(success_url or wanted.success_url, request),
        return_url=_address(return_url or wanted.return_url or get_settings().return_url, request),
        embed_origin=absolute_address("/", request).rstrip("/") if embed else "",
        metadata={**said, "plan": wanted.key},
    )
    offer = fingerprint(asked, code)
    marks = {"offer": offer}
    if subscriber is None:
        # Nothing else tells one guest's session from another's where no answer named it.
        marks["attempt"] = uuid4().hex
    asked = replace(asked, metadata={**asked.metadata, **marks})

    def claim(session: CheckoutSession) -> None:
        claim_checkout(session.pk, subscriber, plan=wanted.key, next_url=next_url)
        if subscriber is None:
            bind_to_browser(request, session.pk)

    session = _open_or_new(service, asked, offer, subscriber, request, claim)
    claim(session)
    if code:
        session = with_discount_code(service, session, code)
    session.refresh_from_db(using=primary())
    return session


def absolute_address(address: str, request: HttpRequest | None) -> str:
    """The address with scheme and host; "" where it has none and there is no request to ask."""
    if "://" in address:
        return address
    if request is None or not address:
        return ""
    # Django quotes the braces, which the provider would then not recognise.
    return request.build_absolute_uri(address).replace("%7BCHECKOUT_ID%7D", _CHECKOUT_ID)


def _decide(
    service: Provider,
    plan: Plan,
    subscriber: Any,
    *,
    product: str | None,
    seats: int | None,
    amount: int | None,
    request: HttpRequest | None,
) -> CheckoutRequest:
    """What is bought and for how much: the plan's word, and the buyer's within its bounds."""
    sold = products_of(plan)
    first = choose_product(plan, sold, product)
    others = [] if product else [row.pk for row in sold.values() if row.pk != first.pk]
    product_ids = (first.pk, *dict.fromkeys(others))
    pricing = pricing_of(plan, sold, subscriber=subscriber, request=request, service=service)
    if pricing.ad_hoc and Capability.AD_HOC_PRICES not in service.capabilities:
        raise NotSupported(f"The provider {service.name} sells at its catalogue's prices only.")
    upgraded = standing_of(subscriber, [first]).upgraded
    return CheckoutRequest(
        product_ids=product_ids,
        customer_id="",
        success_url="",
        prices={key: pricing.ad_hoc[key] for key in product_ids if key in pricing.ad_hoc},
        currency=plan.currency,
        amount=choose_amount(plan, amount_bounds(plan, pricing.rows[first.pk]), amount),
        seats=choose_seats(plan, seats),
        min_seats=plan.min_seats,
        max_seats=plan.max_seats,
        discount_id=preset_discount(plan, service),
        allow_discount_codes=plan.allow_discount_codes,
        allow_trial=plan.allow_trial,
        trial_interval=plan.trial_interval if first.is_recurring else "",
        trial_interval_count=plan.trial_interval_count if first.is_recurring else None,
        require_billing_address=plan.require_billing_address,
        is_business_customer=plan.is_business_customer,
        customer_metadata=plan.customer_metadata,
        custom_fields=plan.custom_fields,
        subscription_id=upgraded.pk if upgraded is not None else "",
        locale=plan.locale or to_locale(get_language() or "").replace("_", "-"),
    )


def _check_terms(plan: Plan, subscriber: Any, code: str) -> None:
    if subscriber is None and not plan.guests:
        raise InvalidRequest(
            f"The plan {plan.key!r} is not sold to guests.", code="guests_not_served"
        )
    if code and not plan.allow_discount_codes:
        raise InvalidRequest(
            f"The plan {plan.key!r} takes no discount codes.", code="discount_refused"
        )


def _open_or_new(
    service: Provider,
    asked: CheckoutRequest,
    offer: str,
    subscriber: Any,
    request: HttpRequest | None,
    claim: Callable[[CheckoutSession], None],
) -> CheckoutSession:
    """The buyer's session for this purchase that can still be paid, else one made now."""
    customer = ensure_customer(subscriber) if subscriber is not None else None
    mine = checkouts_of_browser(request)
    gone = set()
    for found in open_sessions(offer, asked, customer=customer, among=mine):
        if still_offered(service, found, asked) is not None:
            return found
        gone.add(found.pk)
    try:
        made = _create(service, _for_customer(asked, customer))
    except (InvalidRequest, ObjectNotFound):
        if customer is None or not is_no_more(customer):
            raise
        customer = ensure_customer(subscriber)
        made = _create(service, _for_customer(asked, customer))
    except RateLimited:
        raise
    except ProviderUnavailable:
        # It may have been made all the same; a second one would be one too many to pay.
        unanswered = made_unanswered(service, offer, asked, customer)
        if unanswered is None:
            raise
        made = unanswered
    claim(made)
    # Two requests at once: both made one, and now both choose the older.
    all_open = open_sessions(offer, asked, customer=customer, among=[*mine, made.pk])
    return next((row for row in all_open if row.pk not in gone), made)


def _address(given: str, request: HttpRequest | None) -> str:
    """An address of the settings, which may be the name of a URL pattern, with scheme and host."""
    if not given or "://" in given:
        return given
    try:
        return absolute_address(resolve_url(given), request)
    except NoReverseMatch as error:
        raise ConfigurationError(
            f"{given!r} is the name of no URL pattern, and no path that begins with '/'."
        ) from error


def _success_address(given: str, request: HttpRequest | None) -> str:
    if not given and request is not None:
        return absolute_address(f"{_return_page()}?checkout_id={_CHECKOUT_ID}", request)
    address = _address(given, request)
    if not address:
        raise ConfigurationError(
            "The pay page must know where to send the buyer: pass request=, or an absolute "
            "success_url=."
        )
    return address


def _return_page() -> str:
    try:
        return reverse("polar:return")
    except NoReverseMatch as error:
        raise ConfigurationError(
            "The pay page cannot send the buyer to our return page, because the project's URLs do "
            'not include it: add path("billing/", include("polar_django.urls")), or give the plan '
            "a success_url."
        ) from error


def _for_customer(asked: CheckoutRequest, customer: Customer | None) -> CheckoutRequest:
    return replace(asked, customer_id=customer.pk if customer is not None else "")


def _create(service: Provider, request: CheckoutRequest) -> CheckoutSession:
    try:
        answer = service.create_checkout(request)
    except InvalidRequest as refused:
        if not request.discount_id or not _is_about_the_discount(refused):
            raise
        # It has ended or is used up, of which no event tells; nobody could buy until that is seen.
        logger.error(
            "The plan %r is sold without its discount, which the provider does not take.",
            request.metadata["plan"],
        )
        answer = service.create_checkout(replace(request, discount_id=""))
    write_answer(answer)
    session: CheckoutSession = on_primary(CheckoutSession).get(pk=answer.first.id)
    return session


def _is_about_the_discount(refused: InvalidRequest) -> bool:
    return any("discount_id" in (each.get("loc") or ()) for each in refused.errors)
