"""The end of a customer at the provider."""

from polar_django.exceptions import ObjectNotFound
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.repair import mark_deleted, repair_list
from polar_django.mirror.walking import Patience
from polar_django.models import Customer, Transition
from polar_django.models.databases import primary
from polar_django.providers.registry import get_provider
from polar_django.webhooks import wakeup

__all__ = ["delete_customer"]


def delete_customer(customer: Customer, *, anonymize: bool = False) -> Customer:
    """Delete a customer at the provider, for good: subscriptions end now, benefits are taken.

    `anonymize` has the provider forget name and address, too; orders stay, as its law demands. What
    the mirror still holds of the person comes anonymized with the next delivery. Called twice it
    returns quietly. With `ON_SUBSCRIBER_DELETE` it happens by itself when a subscriber is deleted.

    About three calls: the deletion, and what is left of subscriptions and grants. Raises
    NotSupported and ProviderError; after ProviderUnavailable it can simply be repeated.
    """
    provider = get_provider(customer.provider)
    sent = stored_keys(customer)
    try:
        provider.delete_customer(customer.pk, anonymize=anonymize)
    except ObjectNotFound as error:
        if not error.code:  # the route is unknown, not the customer
            raise
    patience, source = Patience(attempts=1), Transition.Source.VERB
    mark_deleted(customer, sent, source=source)
    for kind in ("subscriptions", "benefit_grants"):
        repair_list(provider, kind, patience, {"customer_id": customer.pk}, source=source)
    wakeup.wake()
    customer.refresh_from_db(using=primary())
    return customer
