"""Forgetting a subscriber, or an unclaimed customer: at the provider, in the mirror, in the inbox,
in what was counted."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from polar_django.billing import delete_customer
from polar_django.mirror.erasing import erase_customer, erase_local_grants, erase_places
from polar_django.models import Customer, Seat
from polar_django.models.databases import on_primary
from polar_django.privacy.people import refuse_claimed, refuse_stranger
from polar_django.subscribers import profile_of
from polar_django.usage.erasing import erase_usage
from polar_django.webhooks.inbox import empty_bodies_about

__all__ = ["Erased", "erase_subscriber", "erase_unclaimed"]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was forgotten, in rows. `waiting` deliveries about the person are still to be worked
    off, or to be told to a handler: run it again when they are. `seats` they hold in others' teams
    are those teams' to revoke; run it again then, to forget who held them.
    """

    customers: int
    rows: int
    usage_events: int
    deliveries: int
    waiting: int
    seats: int


def erase_subscriber(subscriber: Any) -> Erased:
    """Have the provider delete and anonymise their customers, and forget the person here.

    Subscriptions end at once and benefits are taken. What accounting needs stays: orders with
    amounts, dates, lines and invoice numbers, without names. The subscriber itself is yours to
    delete. Nothing here is forgotten before the provider has: its next event would bring it back.
    What it tells of the end names the person once more, and is forgotten by the next
    `purge_inbox`. Called twice it does what is left.

    A few calls for each customer; reads the bodies of the whole inbox once, so run it outside a
    request. Raises NotSupported where a provider cannot forget, ProviderError, and TypeError for
    what is no subscriber.
    """
    refuse_stranger(subscriber)
    mine = list(on_primary(Customer).filter(subscriber=subscriber).defer("raw").order_by("pk"))
    # Their own address too: of the customers' nothing is left when this is run again.
    known = _named_by(mine) | {profile_of(subscriber).email}
    rows = _forget(mine)
    rows += erase_local_grants(subscriber) + erase_places(subscriber)
    emptied, waiting = empty_bodies_about(known)
    return Erased(
        customers=len(mine),
        rows=rows,
        usage_events=erase_usage(subscriber),
        deliveries=emptied,
        waiting=waiting,
        seats=_seats_elsewhere(subscriber, mine),
    )


def erase_unclaimed(customer: Customer) -> Erased:
    """The same for a customer that is no subscriber here, such as a guest who bought.

    Raises ValueError for one that is a subscriber's, NotSupported, and ProviderError.
    """
    refuse_claimed(customer)
    known = _named_by([customer])
    rows = _forget([customer])
    emptied, waiting = empty_bodies_about(known)
    return Erased(
        customers=1, rows=rows, usage_events=0, deliveries=emptied, waiting=waiting, seats=0
    )


def _named_by(customers: list[Customer]) -> set[str]:
    return {text for customer in customers for text in (customer.pk, customer.email) if text}


def _forget(customers: list[Customer]) -> int:
    """At the provider, of all of them, then here; how many rows."""
    for customer in customers:
        if customer.erased_at is None:
            delete_customer(customer, anonymize=True)
    return sum(erase_customer(customer) for customer in customers)


def _seats_elsewhere(subscriber: Any, mine: list[Customer]) -> int:
    if not isinstance(subscriber, get_user_model()):
        return 0
    held = on_primary(Seat).filter(member__user=subscriber).exclude(status="revoked")
    return held.exclude(customer__in=[customer.pk for customer in mine]).count()
