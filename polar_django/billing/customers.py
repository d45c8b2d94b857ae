"""Who a subscriber is at the provider: found, made once, and linked before anything is bought.

Never linked by an e-mail alone: the address must be verified here, and the customer nobody's yet.
"""

from typing import Any

from django.db.models import Q

from polar_django.billing.answers import write_answer
from polar_django.exceptions import CustomerConflict, InvalidRequest
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.linking import link_customer
from polar_django.mirror.repair import read_again, repair_list
from polar_django.mirror.walking import Patience
from polar_django.models import Customer, Transition
from polar_django.models.databases import on_primary
from polar_django.providers.base import Provider
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Answer, CustomerSnapshot
from polar_django.subscribers import email_is_verified, external_id_of, profile_of
from polar_django.webhooks import wakeup

__all__ = [
    "EMAIL_MISSING",
    "ensure_customer",
    "is_no_more",
    "look_up_customer",
    "look_up_customers",
    "stored_customer",
    "stored_customers",
]

# The `code` of the InvalidRequest that a subscriber without an e-mail address causes.
EMAIL_MISSING = "email_missing"


def stored_customers(subscriber: Any, provider: str) -> list[Customer]:
    """The subscriber's living customers in the mirror. One query.

    One mostly; where staff linked several, or a guest's was claimed beside it, the one that carries
    the subscriber's own external id comes first.
    """
    ours = external_id_of(subscriber)
    linked = Customer.objects.filter(
        subscriber=subscriber, provider=provider, deleted_at__isnull=True
    )
    return sorted(linked, key=lambda row: (row.external_id != ours, row.pk))


def stored_customer(subscriber: Any, provider: str) -> Customer | None:
    """The first of them."""
    return next(iter(stored_customers(subscriber, provider)), None)


def look_up_customers(subscriber: Any, provider: str | None = None) -> list[Customer]:
    """All of the subscriber's customers; as `look_up_customer`, [] where there is none."""
    service = get_provider(provider)
    known = stored_customers(subscriber, service.name)
    if known:
        return known
    found = _find(service, subscriber)
    return [found] if found is not None else []


def look_up_customer(subscriber: Any, provider: str | None = None) -> Customer | None:
    """The subscriber's customer, from the mirror, else from the provider; None where there is none.

    One query where it is mirrored, else one call more. Raises CustomerConflict where the customer
    with the subscriber's external id was linked to somebody else, and ProviderError.
    """
    return next(iter(look_up_customers(subscriber, provider)), None)


def ensure_customer(subscriber: Any, provider: str | None = None) -> Customer:
    """The subscriber's customer, made if there is none, mirrored and linked on return.

    One query where it is mirrored; else one or two calls, four where the e-mail is taken. Safe to
    run twice and at once: whoever comes second finds what the first has made. A deleted customer
    is never used again.

    Raises CustomerConflict where another customer has the e-mail and may not be taken over,
    InvalidRequest (`code` "email_missing") for a subscriber without one, and ProviderError.
    """
    service = get_provider(provider)
    known = stored_customer(subscriber, service.name) or _find(service, subscriber)
    return known or _create(service, subscriber)


def is_no_more(customer: Customer) -> bool:
    """Whether the provider has deleted this customer, asked because it refused it just now.

    The delivery that said so was lost: what it would have brought is written here, the end of what
    the customer held with it. One call; two more for one that is gone. Raises ProviderError.
    """
    service, patience = get_provider(customer.provider), Patience(attempts=1)
    source = Transition.Source.VERB
    read_again(service, "customer", customer.pk, patience, source=source)
    mirrored = on_primary(Customer).filter(pk=customer.pk)
    if not mirrored.filter(deleted_at__isnull=False).exists():
        return False
    for kind in ("subscriptions", "benefit_grants"):
        repair_list(service, kind, patience, {"customer_id": customer.pk}, source=source)
    wakeup.wake()
    return True


def _find(service: Provider, subscriber: Any) -> Customer | None:
    external_id = external_id_of(subscriber)
    ours = Q(external_id=external_id, provider=service.name)
    sent = stored_keys(*Customer.objects.filter(ours).only("pk"))
    answer = service.find_customer(external_id)
    if answer is None or _customer_in(answer).deleted_at is not None:
        return None
    return _adopt(answer, subscriber, sent)


def _create(service: Provider, subscriber: Any) -> Customer:
    profile = profile_of(subscriber)
    if not profile.email:
        raise InvalidRequest(
            "This subscriber has no e-mail address, and the provider needs one. Add it, or name a "
            "function in POLAR_DJANGO['SUBSCRIBER_PROFILE'] that knows it.",
            code=EMAIL_MISSING,
        )
    external_id = external_id_of(subscriber)
    try:
        answer = service.create_customer(
            external_id=external_id, email=profile.email, name=profile.name
        )
    except CustomerConflict as conflict:
        # Another request of this subscriber may have made it since we looked.
        return _find(service, subscriber) or _take_over(
            service, subscriber, profile.email, conflict
        )
    return _adopt(answer, subscriber, {})


def _take_over(
    service: Provider, subscriber: Any, email: str, conflict: CustomerConflict
) -> Customer:
    """Link the customer that already has this e-mail, where that is safe; else the conflict."""
    answer = service.find_customer_by_email(email)
    if answer is None:
        raise conflict
    holder = _customer_in(answer)
    claimed = on_primary(Customer).filter(pk=holder.id, subscriber__isnull=False)
    if (
        holder.external_id
        or holder.deleted_at is not None
        or (holder.email or "").casefold() != email.casefold()
        or not email_is_verified(subscriber)
        or claimed.exclude(subscriber=subscriber).exists()
    ):
        raise conflict
    sent = stored_keys(Customer(pk=holder.id))
    # The external id is written once: whoever set it meanwhile makes the provider refuse us.
    try:
        taken = service.set_external_id(holder.id, external_id_of(subscriber))
    except InvalidRequest as error:
        raise conflict from error
    return _adopt(taken, subscriber, sent)


def _adopt(answer: Answer, subscriber: Any, sent: Any) -> Customer:
    write_answer(answer, sent=sent)
    customer: Customer = on_primary(Customer).get(pk=answer.first.id)
    if customer.subscriber_id != subscriber.pk:
        link_customer(customer, subscriber)
        wakeup.wake()
    return customer


def _customer_in(answer: Answer) -> CustomerSnapshot:
    first = answer.first
    assert isinstance(first, CustomerSnapshot)
    return first
