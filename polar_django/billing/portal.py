"""A way to the provider's self-service page."""

from typing import Any

from polar_django.billing.customers import is_no_more, look_up_customer
from polar_django.conf import get_settings
from polar_django.exceptions import InvalidRequest, ObjectNotFound
from polar_django.models import Customer
from polar_django.providers.base import PortalSession
from polar_django.providers.registry import get_provider

__all__ = ["create_portal_session", "open_portal_for"]

_NOBODY = "This subscriber is not a customer yet."


def create_portal_session(subscriber: Any, return_url: str = "") -> PortalSession:
    """A fresh page where the subscriber manages invoices, cards and subscriptions.

    Its address holds a secret that opens it for about an hour: redirect to it, never store or log
    it. `return_url` must be absolute. One query and one call; one call more where the customer is
    not mirrored. Raises ObjectNotFound for a subscriber who has never been a customer, and
    ProviderError.
    """
    customer = look_up_customer(subscriber)
    if customer is None:
        raise ObjectNotFound(_NOBODY)
    try:
        return open_portal_for(customer, return_url)
    except (InvalidRequest, ObjectNotFound):
        if not is_no_more(customer):
            raise
    another = look_up_customer(subscriber)
    if another is None:
        raise ObjectNotFound(_NOBODY)
    return open_portal_for(another, return_url)


def open_portal_for(customer: Customer, return_url: str = "") -> PortalSession:
    """The same page for a customer, also one who is nobody's here: for staff. One call.

    Whoever opens it acts as that customer. Raises ProviderError.
    """
    address = return_url or get_settings().return_url
    return get_provider(customer.provider).create_portal_session(
        customer.pk, return_url=address if "://" in address else ""
    )
