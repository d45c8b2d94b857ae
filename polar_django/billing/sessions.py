"""Hosted pay pages that exist: found again while they can be paid, and listed."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from polar_django.billing.answers import write_answer
from polar_django.billing.customers import look_up_customer
from polar_django.exceptions import InvalidRequest, ObjectNotFound, ProviderError
from polar_django.mirror.answers import stored_keys, stored_keys_of
from polar_django.models import CheckoutSession, Customer
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import CheckoutRequest, Provider
from polar_django.providers.registry import get_provider
from polar_django.snapshots import CheckoutSnapshot

__all__ = [
    "fingerprint",
    "list_checkout_sessions",
    "made_unanswered",
    "open_sessions",
    "still_offered",
    "with_discount_code",
]

# A session is not offered again in its last minutes: the buyer still has to pay.
_TIME_TO_PAY = timedelta(minutes=15)
_MOST_OFFERED = 3


def fingerprint(request: CheckoutRequest, code: str = "") -> str:
    """Sixteen letters that are the same for the same purchase, and in no other case.

    They go into the session's metadata, so that a session is known again although the answer to
    its creation never came, and is not when the plan has changed meanwhile.
    """
    decided = asdict(request)
    # Who buys is compared by itself, and buys the same from another network.
    del decided["customer_id"], decided["customer_ip_address"]
    text = json.dumps([decided, code.casefold()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def open_sessions(
    offer: str,
    request: CheckoutRequest,
    *,
    customer: Customer | None,
    among: Collection[str] = (),
) -> list[CheckoutSession]:
    """The buyer's sessions for this very purchase that can still be paid, the oldest first; at most
    three. One query.

    Of the customer, else, for a guest, `among` those of the browser. Also one whose creation timed
    out: it came by webhook, and its metadata names the purchase.
    """
    rows = (
        on_primary(CheckoutSession)
        .filter(
            metadata__offer=offer,
            status="open",
            product_id=request.product_ids[0],
            expires_at__gt=timezone.now() + _TIME_TO_PAY,
        )
        .exclude(url="")
    )
    if request.seats is not None:
        rows = rows.filter(seats=request.seats)
    if request.amount is not None:
        rows = rows.filter(amount=request.amount)
    mine = rows.filter(customer=customer) if customer is not None else rows.filter(pk__in=among)
    return list(mine.order_by("created_at", "pk")[:_MOST_OFFERED])


def made_unanswered(
    service: Provider, offer: str, request: CheckoutRequest, customer: Customer | None
) -> CheckoutSession | None:
    """The session that a call has made although no answer came; None where it made none.

    A customer's is known by its offer, a guest's by the mark of this one attempt. One call. None as
    well where the provider cannot be asked now.
    """
    try:
        if customer is None:
            return _of_attempt(service, request)
        known = stored_keys_of(on_primary(CheckoutSession).filter(customer=customer))
        for page in service.list_objects("checkouts", customer_id=customer.pk, status="open"):
            write_answer(page, sent=known)
    except ProviderError:
        return None
    return next(iter(open_sessions(offer, request, customer=customer)), None)


def _of_attempt(service: Provider, request: CheckoutRequest) -> CheckoutSession | None:
    """Among the latest hundred of the product, of all guests: others' are not even written down."""
    attempt = request.metadata["attempt"]
    newest = service.list_objects(
        "checkouts", product_id=request.product_ids[0], status="open", sorting="-created_at"
    )
    page = next(newest, None)
    if page is None:
        return None
    for seen in page.observations:
        made = seen.snapshot
        if isinstance(made, CheckoutSnapshot) and made.metadata.get("attempt") == attempt:
            write_answer(replace(page, observations=(seen,)))
            found: CheckoutSession = on_primary(CheckoutSession).get(pk=made.id)
            return found
    return None


def still_offered(
    service: Provider, session: CheckoutSession, request: CheckoutRequest
) -> CheckoutSession | None:
    """The session as the provider has it now; None where it is paid, expired, gone, or sells
    another.

    The buyer may have chosen anew on the pay page, in another tab, and we not have heard of it
    yet. One call.
    """
    sent = stored_keys(session)
    try:
        answer = service.get_checkout(session.pk)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the session
            raise
        return None
    write_answer(answer, sent=sent)
    session.refresh_from_db(using=primary())
    is_the_same = (
        session.product_id == request.product_ids[0]
        and request.seats in (None, session.seats)
        and request.amount in (None, session.amount)
    )
    return session if session.status == "open" and is_the_same else None


def with_discount_code(service: Provider, session: CheckoutSession, code: str) -> CheckoutSession:
    """The session with this code taken off; two calls, none where it is taken off already.

    Raises InvalidRequest (`code` "discount_refused") where the provider does not take it.
    """
    known: Any = session.raw.get("discount")
    if isinstance(known, Mapping) and str(known.get("code")).casefold() == code.casefold():
        return session
    sent = stored_keys(session)
    try:
        answer = service.apply_discount_code(session.raw, code)
    except InvalidRequest as error:
        raise InvalidRequest(
            "The provider does not take this discount code for this purchase.",
            code="discount_refused",
            errors=error.errors,
        ) from error
    write_answer(answer, sent=sent)
    session.refresh_from_db(using=primary())
    return session


def list_checkout_sessions(subscriber: Any, **filters: Any) -> list[CheckoutSession]:
    """The subscriber's sessions as the provider has them now, oldest first, written to the mirror.

    `filters` are the provider's own, e.g. `status="open"` or `product_id=`. Each row's `raw` is
    all that the provider says of it. One call a page of a hundred, and a query or a call for the
    customer; [] for who has never been one. Raises ProviderError.
    """
    customer = look_up_customer(subscriber)
    if customer is None:
        return []
    keys = []
    known = stored_keys_of(on_primary(CheckoutSession).filter(customer=customer))
    service = get_provider(customer.provider)
    for page in service.list_objects("checkouts", customer_id=customer.pk, **filters):
        write_answer(page, sent=known)
        keys += [seen.snapshot.id for seen in page.observations]
    rows = on_primary(CheckoutSession).in_bulk(keys)
    return [rows[key] for key in keys if key in rows]
