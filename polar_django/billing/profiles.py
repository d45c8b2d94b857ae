"""A subscriber's e-mail and name, as the provider has them."""

from typing import Any

from polar_django.billing.answers import write_answer
from polar_django.billing.customers import stored_customer
from polar_django.exceptions import ObjectNotFound
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.repair import read_again
from polar_django.mirror.walking import Patience
from polar_django.models import Customer, Transition
from polar_django.models.databases import primary
from polar_django.providers.registry import get_provider
from polar_django.subscribers import Profile, profile_of

__all__ = ["push_profile", "update_customer", "wants_update"]


def update_customer(subscriber: Any, provider: str | None = None) -> Customer | None:
    """Tell the provider the subscriber's e-mail and name as they are now (`SUBSCRIBER_PROFILE`).

    None for a subscriber who is no customer. With `SYNC_PROFILE` it happens by itself whenever the
    subscriber is saved. One query, and one call where something differs. An address or a name that
    is empty here is left as it is there. Raises CustomerConflict where another customer has the
    address, InvalidRequest for one that is none, ProviderError.
    """
    customer = stored_customer(subscriber, get_provider(provider).name)
    if customer is None:
        return None
    return push_profile(customer, profile_of(subscriber))


def push_profile(customer: Customer, profile: Profile) -> Customer | None:
    """The same for one customer, whatever its link. None where the provider has deleted it."""
    if not wants_update(customer, profile):
        return customer
    service = get_provider(customer.provider)
    sent = stored_keys(customer)
    try:
        answer = service.update_customer(customer.pk, email=profile.email, name=profile.name)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the customer
            raise
        # Deleted there, and we had not heard of it.
        read_again(
            service, "customer", customer.pk, Patience(attempts=1), source=Transition.Source.VERB
        )
        return None
    write_answer(answer, sent=sent)
    customer.refresh_from_db(using=primary())
    return customer


def wants_update(customer: Customer, profile: Profile) -> bool:
    """Whether the customer's e-mail or name is not the profile's; addresses in any case."""
    email = bool(profile.email) and profile.email.casefold() != (customer.email or "").casefold()
    return email or (bool(profile.name) and profile.name != (customer.name or ""))
