"""Buyers who are not signed in: whose browser a checkout is, and whose purchase it becomes.

A guest's address proves nothing, because anybody may type it. So a purchase is the user's for whom
the project has verified that very address, and until then the browser's that made the checkout.
"""

import logging
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest

from polar_django.billing.answers import write_answer
from polar_django.billing.savepoints import beside_the_project
from polar_django.exceptions import CustomerConflict, PolarDjangoError
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.linking import link_customer
from polar_django.models import CheckoutSession, Customer
from polar_django.models.databases import on_primary, primary
from polar_django.providers.registry import get_provider
from polar_django.subscribers import (
    email_is_verified,
    external_id_of,
    profile_of,
    subscriber_class,
)
from polar_django.webhooks import wakeup

__all__ = [
    "bind_to_browser",
    "checkouts_of_browser",
    "claim_on_login",
    "claim_purchases",
    "spellings_of",
]

logger = logging.getLogger(__name__)

_SESSION_KEY = "polar_django_checkouts"
_KEPT = 10


def checkouts_of_browser(request: HttpRequest | None) -> list[str]:
    """The ids of the checkouts that this browser has made as a guest, oldest first. No query."""
    session = getattr(request, "session", None)
    kept = session.get(_SESSION_KEY) if session is not None else None
    return [key for key in kept if isinstance(key, str)] if isinstance(kept, list) else []


def bind_to_browser(request: HttpRequest | None, checkout_id: str) -> None:
    """Remember in the request's session that this checkout is its own."""
    session = getattr(request, "session", None)
    if session is None:
        return
    known = [key for key in checkouts_of_browser(request) if key != checkout_id]
    session[_SESSION_KEY] = [*known, checkout_id][-_KEPT:]


def claim_purchases(user: Any) -> list[Customer]:
    """Link the unclaimed customers that carry this user's verified e-mail; those that were linked.

    Only customers that a guest's checkout of ours has made, and that have no `external_id`: an
    address alone must not open what somebody imported. Nothing where subscribers are not users,
    or where `EMAIL_VERIFIED` does not vouch. One query where there is nothing to claim; else one
    call for each customer, and what linking costs; inside a transaction the calls follow its
    commit. A provider that cannot be reached hinders nothing: the link is ours, and only its name
    at the provider is missing.
    """
    if not issubclass(subscriber_class(), get_user_model()) or not user.is_active:
        return []
    email = profile_of(user).email
    if not email:
        return []
    spellings = spellings_of(email)
    theirs = Customer.objects.unclaimed().filter(email__in=spellings)
    made_by_guests = CheckoutSession.objects.filter(
        customer__in=theirs, subscriber__isnull=True, metadata__guest=True
    )
    bought = theirs.filter(external_id__isnull=True, pk__in=made_by_guests.values("customer_id"))
    # MySQL also finds addresses that are another's: "é" is an "e" to it.
    found = [row for row in bought.order_by("created_at", "pk") if row.email in spellings]
    if not found or not email_is_verified(user):
        return []
    return [customer for customer in found if _claim(customer, user)]


def claim_on_login(sender: object, *, user: Any = None, **_: Any) -> None:
    """Receiver of `user_logged_in`: signing in never fails for it."""
    try:
        with beside_the_project():
            claim_purchases(user)
    except Exception as error:  # the project's own functions are called too
        logger.warning("Purchases were not claimed at sign-in: %s", type(error).__name__)


def spellings_of(email: str) -> set[str]:
    """The ways in which people write this address; Polar keeps a guest's as it was typed.

    Listed, and not compared in any case, because that would read all customers at each sign-in.
    """
    name, _at, host = email.rpartition("@")
    names = {name, name.lower(), name.upper(), name.capitalize(), name.title()}
    hosts = {host, host.lower(), host.upper()}
    return {f"{each}@{there}" for each in names for there in hosts}


def _claim(customer: Customer, user: Any) -> bool:
    try:
        link_customer(customer, user)
    except CustomerConflict:
        # Somebody else signed in with it between our question and now.
        return False
    wakeup.wake()
    has_another = Customer.objects.living().filter(subscriber=user).exclude(pk=customer.pk)
    if not has_another.exists():
        # In a transaction of the project's the customer is locked: nobody is called before its end.
        name = partial(_name_at_provider, customer, user)
        transaction.on_commit(name, using=primary(), robust=True)
    return True


def _name_at_provider(customer: Customer, user: Any) -> None:
    """Give it the user's external id, so that a mirror made anew links it by itself."""
    sent = stored_keys(Customer(pk=customer.pk))
    try:
        answer = get_provider(customer.provider).set_external_id(customer.pk, external_id_of(user))
        write_answer(answer, sent=sent)
    except PolarDjangoError as error:
        logger.warning("Customer %s has no external id: %s", customer.pk, type(error).__name__)
    else:
        customer.refresh_from_db(from_queryset=on_primary(Customer))
