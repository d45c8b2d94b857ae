"""Making a hosted pay page for a subscriber, or finding the one that is still open."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, to_locale

from polar_django.billing.answers import write_answer
from polar_django.billing.customers import ensure_customer
from polar_django.billing.products import choose_product, products_of, seat_bounds
from polar_django.conf import Plan, get_settings
from polar_django.exceptions import ConfigurationError, InvalidRequest
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.linking import claim_checkout
from polar_django.models import CheckoutSession, Customer
from polar_django.models.databases import on_primary
from polar_django.providers.base import CheckoutRequest, Provider
from polar_django.providers.registry import get_provider

__all__ = ["absolute_address", "create_checkout_session", "get_open_session"]

# A session is not offered again in its last minutes: the buyer still has to pay.
_TIME_TO_PAY = timedelta(minutes=15)
_CHECKOUT_ID = "{CHECKOUT_ID}"


def create_checkout_session(
    subscriber: Any,
    plan: str,
    *,
    product: str | None = None,
    seats: int | None = None,
    success_url: str | None = None,
    return_url: str | None = None,
    next_url: str = "",
    request: HttpRequest | None = None,
) -> CheckoutSession:
    """A hosted checkout for one of the plan's products, ready to redirect to (`session.url`).

    The customer is ensured and linked first. An open session of this subscriber for the same
    purchase is used again, so a second click or tab does not make a second one.

    `plan` is a key of `PLANS`; `product` one of its products by name or id, without it the buyer
    chooses on the pay page; `seats` must lie within the plan's bounds. `success_url` is where the
    pay page sends the buyer (`{CHECKOUT_ID}` is filled in), by default our return page, which
    needs `request` to be addressed and then goes on to `next_url`; `return_url` is the pay page's
    way back.

    One call, and what `ensure_customer` costs. Raises UnknownPlan, ConfigurationError,
    InvalidRequest (`code` "product_not_in_plan", "seats_out_of_bounds"), CustomerConflict and
    ProviderError. After ProviderUnavailable a session may exist; it can be paid by nobody.
    """
    settings = get_settings()
    wanted = settings.plan(plan)
    service = get_provider()
    sold = products_of(wanted)
    first = choose_product(wanted, sold, product)
    others = [] if product else [row for row in sold.values() if row.pk != first.pk]
    count = _seats(wanted, seats)
    success = _success_address(success_url, request)
    customer = ensure_customer(subscriber)

    session = get_open_session(customer, wanted.key, first.pk, seats=count, success_url=success)
    if session is not None:
        session = _still_offered(service, session, first.pk, seats=count)
    if session is None:
        session = _create(
            service,
            CheckoutRequest(
                product_ids=(first.pk, *dict.fromkeys(row.pk for row in others)),
                customer_id=customer.pk,
                success_url=success,
                return_url=absolute_address(return_url or settings.return_url, request),
                seats=count,
                min_seats=wanted.min_seats,
                max_seats=wanted.max_seats,
                locale=to_locale(get_language() or "").replace("_", "-"),
                metadata={"plan": wanted.key},
            ),
        )
        claim_checkout(session.pk, subscriber, plan=wanted.key, next_url=next_url)
        # Two requests at once: both made one, and now both choose the older.
        session = (
            get_open_session(customer, wanted.key, first.pk, seats=count, success_url=success)
            or session
        )
    claim_checkout(session.pk, subscriber, plan=wanted.key, next_url=next_url)
    session.refresh_from_db()
    return session


def get_open_session(
    customer: Customer,
    plan: str,
    product_id: str,
    *,
    seats: int | None = None,
    success_url: str | None = None,
) -> CheckoutSession | None:
    """The customer's oldest session for this purchase that can still be paid. One query.

    Also one whose creation timed out: it came by webhook, and its metadata names the plan.
    """
    rows = CheckoutSession.objects.filter(
        Q(plan=plan) | Q(plan="", metadata__plan=plan),
        customer=customer,
        product_id=product_id,
        status="open",
        expires_at__gt=timezone.now() + _TIME_TO_PAY,
    ).exclude(url="")
    if seats is not None:
        rows = rows.filter(seats=seats)
    for row in rows.order_by("created_at", "pk"):
        if success_url is None or row.success_url == success_url.replace(_CHECKOUT_ID, row.pk):
            return row
    return None


def absolute_address(address: str, request: HttpRequest | None) -> str:
    """The address with scheme and host; "" where it has none and there is no request to ask."""
    if "://" in address:
        return address
    if request is None or not address:
        return ""
    # Django quotes the braces, which the provider would then not recognise.
    return request.build_absolute_uri(address).replace("%7BCHECKOUT_ID%7D", _CHECKOUT_ID)


def _success_address(given: str | None, request: HttpRequest | None) -> str:
    if given:
        address = absolute_address(given, request)
    else:
        address = absolute_address(f"{reverse('polar:return')}?checkout_id={_CHECKOUT_ID}", request)
    if not address:
        raise ConfigurationError(
            "The pay page must know where to send the buyer: pass request=, or an absolute "
            "success_url=."
        )
    return address


def _seats(plan: Plan, asked: int | None) -> int | None:
    bounds = seat_bounds(plan)
    if bounds is None:
        if asked is None:
            return None
        raise InvalidRequest(f"The plan {plan.key!r} sells no seats.", code="seats_out_of_bounds")
    fewest, most = bounds
    count = asked if asked is not None else (plan.seats or fewest)
    if not fewest <= count <= most:
        raise InvalidRequest(
            f"The plan {plan.key!r} sells {fewest} to {most} seats, not {count}.",
            code="seats_out_of_bounds",
        )
    return count


def _create(service: Provider, request: CheckoutRequest) -> CheckoutSession:
    answer = service.create_checkout(request)
    write_answer(answer)
    session: CheckoutSession = on_primary(CheckoutSession).get(pk=answer.first.id)
    return session


def _still_offered(
    service: Provider, session: CheckoutSession, product_id: str, *, seats: int | None
) -> CheckoutSession | None:
    """The session as the provider has it now; None where it is paid, expired, or sells another.

    The buyer may have chosen anew on the pay page, in another tab, and we not have heard of it yet.
    """
    sent = stored_keys(session)
    write_answer(service.get_checkout(session.pk), sent=sent)
    session.refresh_from_db()
    is_the_same = session.product_id == product_id and seats in (None, session.seats)
    return session if session.status == "open" and is_the_same else None
