"""Whose a customer is, and with it everything it bought.

The order of resolution: the mirrored customer's link, its `external_id`, the checkout we made,
else nobody's. Never an e-mail. A deleted customer keeps the link it has and never gets one by its
`external_id`: that id may be a living customer's by now.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from polar_django.exceptions import CustomerConflict, ObjectNotFound
from polar_django.mirror import locks
from polar_django.mirror.tables import OWNED, Rows
from polar_django.mirror.transitions import entry
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    Member,
    Order,
    Subscription,
    Transition,
    locking,
)
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary, primary
from polar_django.subscribers import primary_key_in, subscriber_class

__all__ = ["claim_checkout", "link_customer", "unlink_customer"]


def link_customer(customer: Customer, subscriber: Any, *, replace: bool = False) -> None:
    """Give a customer, and everything it holds, to a subscriber. Six statements.

    Raises CustomerConflict where it is another subscriber's, unless `replace`; ObjectNotFound where
    the mirror has no such customer. Linking again to the same subscriber re-homes what was left
    behind, and tells nobody.
    """
    with transaction.atomic(using=primary()):
        locking.take([locks.customer_lock(customer.provider, customer.pk)])
        mine = on_primary(Customer).filter(pk=customer.pk)
        found = list(mine.values_list("subscriber_id", flat=True))
        if not found:
            raise ObjectNotFound(
                f"The customer {customer.pk} is not mirrored. `polar_sync` copies what the provider"
                " has; link it then."
            )
        [holder] = found
        if holder is not None and holder != subscriber.pk and not replace:
            raise CustomerConflict(
                f"The customer {customer.pk} belongs to another subscriber. Staff can link it anew."
            )
        Customer.objects.filter(pk=customer.pk).update(subscriber=subscriber)
        for table in OWNED:
            table._default_manager.filter(customer=customer).update(subscriber=subscriber)
        if holder != subscriber.pk:
            on_primary(Transition).bulk_create([news_of_link(customer, Transition.Source.VERB)])
    customer.subscriber = subscriber


def unlink_customer(customer: Customer) -> None:
    """Make a customer, and everything it holds, nobody's. Six statements, and tells nobody.

    Raises CustomerConflict where its `external_id` names a subscriber who exists: what the provider
    says next would link it to them again. Link it to somebody else instead.
    """
    with transaction.atomic(using=primary()):
        locking.take([locks.customer_lock(customer.provider, customer.pk)])
        mine = on_primary(Customer).filter(pk=customer.pk, deleted_at__isnull=True)
        if _by_external_id(dict(mine.values_list("pk", "external_id"))):
            raise CustomerConflict(
                "At the provider this customer carries a subscriber's external id, and would be "
                "linked to them again. Link it to the right subscriber instead."
            )
        Customer.objects.filter(pk=customer.pk).update(subscriber=None)
        for table in OWNED:
            table._default_manager.filter(customer=customer).update(subscriber=None)
    customer.subscriber = None


def claim_checkout(checkout_id: str, subscriber: Any, *, plan: str, next_url: str) -> None:
    """Write down who asked for a checkout, what for, and where to return. Two statements."""
    with transaction.atomic(using=primary()):
        # A delivery that is being applied would write back what it has read before.
        locking.take([locks.shared_lock(checkout_id)])
        CheckoutSession.objects.filter(pk=checkout_id).update(
            subscriber=subscriber, plan=plan, next_url=next_url
        )


def resolve_owners(changed: Rows, copies: Rows) -> list[Customer]:
    """Set `subscriber` on the rows to be written; return the customers that got one just now.

    No query where all are linked already; else one for the customers, and one each to look up
    external ids and checkouts, if there are any.
    """
    orphans = [
        row
        for rows in (changed, copies)
        for table in OWNED
        for row in rows.get(table, {}).values()
        if row.subscriber_id is None and row.customer_id
    ]
    incoming = changed.get(Customer, {})
    copied = copies.get(Customer, {})
    wanted = ({row.customer_id for row in orphans} | copied.keys()) - incoming.keys()
    stored = on_primary(Customer).defer("raw").in_bulk(wanted) if wanted else {}
    customers: dict[str, Any] = {**copied, **stored, **incoming}

    owners = {key: row.subscriber_id for key, row in customers.items()}
    unlinked = {key: row for key, row in customers.items() if owners[key] is None}
    living = {key: row.external_id for key, row in unlinked.items() if row.deleted_at is None}
    owners.update(_by_external_id(living))
    still_unlinked = {key for key in wanted | unlinked.keys() if owners.get(key) is None}
    owners.update(_by_checkout(orphans, still_unlinked))

    for row in orphans:
        row.subscriber_id = owners.get(row.customer_id)
    linked = [row for key, row in unlinked.items() if owners[key] is not None]
    for row in linked:
        row.subscriber_id = owners[row.pk]
        if row.pk in stored:
            Customer.objects.filter(pk=row.pk).update(subscriber=row.subscriber_id)
    return linked


def leave_former_owner(row: MirroredModel, before: MirroredModel) -> None:
    """What has moved to another customer is its owner's; a checkout is the one's who asked for it.

    Polar moves the grants of seats when it gives a team its members.
    """
    if isinstance(row, BenefitGrant | Order | Subscription) and isinstance(before, type(row)):
        was, became = before.customer_id, row.customer_id
        if was and became and was != became:
            row.subscriber = None


def rehome(customers: Sequence[Customer], members: Sequence[Member]) -> None:
    """Hand what came earlier to owners that are known only now. Four statements, one, or none."""
    if customers:
        owner = Customer.objects.filter(pk=OuterRef("customer_id")).values("subscriber_id")
        for table in OWNED:
            table._default_manager.filter(customer__in=customers, subscriber=None).update(
                subscriber=Subquery(owner)
            )
    if members:
        holder = Member.objects.filter(pk=OuterRef("member_id")).values("user_id")
        BenefitGrant.objects.filter(member__in=members, is_seat=True, user=None).update(
            user=Subquery(holder)
        )


def _by_external_id(external_ids: Mapping[str, str | None]) -> dict[str, Any]:
    keys = {key: primary_key_in(external_id) for key, external_id in external_ids.items()}
    known = existing_keys(subscriber_class(), keys.values())
    return {key: value for key, value in keys.items() if value in known}


def _by_checkout(orphans: Iterable[Any], unlinked: set[str]) -> dict[str, Any]:
    checkouts = {
        row.checkout_id: row.customer_id
        for row in orphans
        if getattr(row, "checkout_id", None) and row.customer_id in unlinked
    }
    if not checkouts:
        return {}
    made = on_primary(CheckoutSession).filter(pk__in=checkouts, subscriber__isnull=False)
    return {
        checkouts[key]: owner
        for key, customer_id, owner in made.values_list("pk", "customer_id", "subscriber_id")
        if customer_id in {None, checkouts[key]}
    }


def existing_keys(model: Any, keys: Iterable[Any]) -> set[Any]:
    """Those of the primary keys that a row of the model has. One query, or none."""
    wanted = {key for key in keys if key is not None}
    if not wanted:
        return set()
    return set(on_primary(model).filter(pk__in=wanted).values_list("pk", flat=True))


def news_of_link(customer: Customer, source: str) -> Transition:
    """The outbox row that tells of a link."""
    return entry(
        "customer_linked",
        provider=customer.provider,
        object_type="customer",
        object_id=customer.pk,
        customer_id=customer.pk,
        source=source,
        happened_at=timezone.now(),
    )
