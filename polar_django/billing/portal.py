"""A way to the provider's self-service page."""

from typing import Any

from polar_django.billing.answers import write_answer
from polar_django.billing.customers import is_no_more, look_up_customer
from polar_django.conf import get_settings
from polar_django.exceptions import InvalidRequest, ObjectNotFound
from polar_django.mirror.answers import stored_keys_of
from polar_django.models import Customer, Member
from polar_django.models.databases import on_primary
from polar_django.providers.base import Capability, PortalSession, Provider
from polar_django.providers.registry import get_provider

__all__ = ["create_portal_session", "open_portal_for"]

_NOBODY = "This subscriber is not a customer yet."


def create_portal_session(subscriber: Any, return_url: str = "") -> PortalSession:
    """A fresh page where the subscriber manages invoices, cards and subscriptions.

    Its address holds a secret that opens it for about an hour: redirect to it, never store or log
    it. `return_url` must be absolute. One query and one call, a query more for a team; two calls
    more where the mirror has not heard of the customer, or that it is a team now. Raises
    ObjectNotFound for a subscriber who has never been a customer, and ProviderError.
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
    """The same page for a customer, also one who is nobody's here: for staff. One call, as above.

    Whoever opens it acts as that customer; as a team's owner where it is a team. Raises
    ProviderError.
    """
    service = get_provider(customer.provider)
    address = return_url or get_settings().return_url

    def open_as(member_id: str) -> PortalSession:
        return service.create_portal_session(
            customer.pk,
            return_url=address if "://" in address else "",
            **({"member_id": member_id} if member_id else {}),
        )

    # Polar makes a team of everybody who buys seats, and opens no team's portal to nobody.
    known = _owner_of(customer) if customer.type == "team" else ""
    try:
        return open_as(known)
    except InvalidRequest:
        owner = _read_owner(service, customer)
        if owner in ("", known):
            raise
        return open_as(owner)


def _owner_of(customer: Customer) -> str:
    living = on_primary(Member).filter(customer=customer, role="owner", deleted_at=None)
    found: str | None = living.order_by("created_at", "pk").values_list("pk", flat=True).first()
    return found or ""


def _read_owner(service: Provider, customer: Customer) -> str:
    """The owner as the provider lists the members now; "" where it has none. One call a page."""
    if Capability.MEMBERS not in service.capabilities:
        return ""
    sent = stored_keys_of(on_primary(Member).filter(customer=customer))
    listed = []
    for page in service.list_objects("members", customer_id=customer.pk, role="owner"):
        write_answer(page, sent=sent)
        listed += [seen.snapshot.id for seen in page.observations]
    return listed[0] if listed else ""
