"""Whose an event is, in the words of the provider."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model

from polar_django.conf import get_settings
from polar_django.models import Customer, Member, UsageEvent
from polar_django.models.databases import on_primary
from polar_django.providers.usage import UsageFact
from polar_django.subscribers import primary_key_in, subscriber_class

__all__ = ["facts_of"]


def facts_of(provider: str, events: Sequence[UsageEvent]) -> list[UsageFact]:
    """The events as they are sent, in the same order. One query, or two.

    Customers are named by our own external id, which the provider also keeps for one that is yet to
    come. Only a customer that was linked here and has another one there is named by its id.
    """
    linked = _linked_otherwise(provider, events)
    members = _members(linked, events)
    prefix = get_settings().external_id_prefix
    facts = []
    for event in events:
        customer_id = linked.get((event.subscriber_id, event.external_customer_id), "")
        facts.append(
            UsageFact(
                name=event.name,
                external_id=f"{prefix}{event.external_id}",
                timestamp=event.timestamp,
                metadata=event.metadata,
                customer_id=customer_id,
                member_id=members.get((customer_id, event.external_member_id), ""),
                external_customer_id="" if customer_id else event.external_customer_id,
                external_member_id="" if customer_id else _member_named_by(event),
            )
        )
    return facts


def _member_named_by(event: UsageEvent) -> str:
    """A key that is the team's as well names the owner there, whom Polar made with it: nobody."""
    key: str = event.external_member_id
    are_teams = not issubclass(subscriber_class(), get_user_model())
    return "" if are_teams and key == event.external_customer_id else key


def _linked_otherwise(provider: str, events: Sequence[UsageEvent]) -> dict[tuple[Any, str], str]:
    """The ids of customers that do not carry their subscriber's external id."""
    wanted = {event.subscriber_id: event.external_customer_id for event in events}
    rows = on_primary(Customer).filter(
        provider=provider, deleted_at=None, subscriber__in=[key for key in wanted if key]
    )
    owners: dict[Any, list[tuple[bool, str]]] = {}
    for key, owner, external_id in rows.values_list("pk", "subscriber_id", "external_id"):
        owners.setdefault(owner, []).append((external_id != wanted[owner], key))
    best = {owner: min(found) for owner, found in owners.items()}
    return {(owner, wanted[owner]): key for owner, (other, key) in best.items() if other}


def _members(linked: dict[tuple[Any, str], str], events: Sequence[UsageEvent]) -> dict[Any, str]:
    """The provider's ids of the people who used something, by customer and external id."""
    people = {
        (linked[owner], event.external_member_id): user
        for event in events
        if event.external_member_id
        and (owner := (event.subscriber_id, event.external_customer_id)) in linked
        and (user := primary_key_in(event.external_member_id, get_user_model())) is not None
    }
    if not people:
        return {}
    rows = on_primary(Member).filter(
        customer__in={customer for customer, _ in people},
        user__in=set(people.values()),
        deleted_at=None,
    )
    known = {(row.customer_id, row.user_id): row.pk for row in rows.only("customer", "user")}
    return {
        (customer, name): known[customer, user]
        for (customer, name), user in people.items()
        if (customer, user) in known
    }
