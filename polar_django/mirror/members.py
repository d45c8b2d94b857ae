"""Which user a member is: by the key that the provider knows, by claim, by a verified address."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction

from polar_django.exceptions import CustomerConflict, ObjectNotFound
from polar_django.mirror import locks
from polar_django.mirror.linking import existing_keys
from polar_django.mirror.tables import Rows
from polar_django.models import BenefitGrant, Customer, Member, Seat, locking
from polar_django.models.databases import on_primary, primary
from polar_django.snapshots import MemberSnapshot
from polar_django.subscribers import (
    email_is_verified,
    is_same_address,
    primary_key_in,
    subscriber_class,
)

__all__ = ["link_claimed", "link_member", "link_verified", "resolve_members"]

logger = logging.getLogger(__name__)


def link_member(member: Member, user: Any) -> None:
    """Say who a member is here; the grants of their seats follow. Four statements.

    Raises CustomerConflict where it is another user already, ObjectNotFound where the mirror has no
    such member. Linking again changes nothing.
    """
    with transaction.atomic(using=primary()):
        versions = MemberSnapshot(id=member.pk, customer_id=member.customer_id)
        locking.take(locks.locks_of(member.provider, versions))
        found = list(on_primary(Member).filter(pk=member.pk).values_list("user_id", flat=True))
        if not found:
            raise ObjectNotFound(f"The member {member.pk} is not mirrored; `polar_sync` copies it.")
        if found[0] not in (None, user.pk):
            raise CustomerConflict("This member is another user already.")
        on_primary(Member).filter(pk=member.pk).update(user=user)
        on_primary(BenefitGrant).filter(member=member, is_seat=True).update(user=user)
    member.user = user


def resolve_members(changed: Rows, copies: Rows) -> list[Member]:
    """Set `user` on the members to be written; return those that got one. One query, or none.

    A member's `external_id` is the key of the project's user. Where subscribers are no users, that
    is two queries more: a member with the *customer's* external id is nobody by it, because Polar
    gives it to the owner that it makes, who may have another role by now. So members wait there
    until their customer is known.
    """
    # A list, no mapping: a copy and a whole row of one member are equal, and both want their user.
    unknown = [
        member
        for rows in (copies, changed)
        for member in rows.get(Member, {}).values()
        if member.user_id is None
    ]
    waiting: list[Member] = []
    if not issubclass(subscriber_class(), get_user_model()):
        waiting = _waiting_for(changed, copies)
        customers = _customers_of(unknown, changed, copies)
        unknown = [one for one in unknown if _has_a_key_of_their_own(one, customers)]
        waiting = [one for one in waiting if _has_a_key_of_their_own(one, customers)]
    named = [
        (member, primary_key_in(member.external_id, get_user_model()))
        for member in (*unknown, *waiting)
    ]
    known = existing_keys(get_user_model(), (key for _, key in named))
    linked = [(member, key) for member, key in named if key in known]
    for member, key in linked:
        member.user_id = key
    on_primary(Member).bulk_update([one for one in waiting if one.user_id], ["user"])
    return [member for member, _ in linked]


def _waiting_for(changed: Rows, copies: Rows) -> list[Member]:
    """The stored members without a user whose customers are told of. One query, or none."""
    told_of = {**copies.get(Customer, {}), **changed.get(Customer, {})}
    if not told_of:
        return []
    stored = on_primary(Member).filter(customer__in=told_of, user=None).exclude(external_id=None)
    return list(stored.exclude(pk__in=changed.get(Member, {})).defer("raw"))


def _customers_of(members: Iterable[Member], changed: Rows, copies: Rows) -> dict[str, Customer]:
    """The members' customers that are known, and those that are told of. One query, or none."""
    told_of = changed.get(Customer, {})
    wanted = {member.customer_id for member in members if member.customer_id} - told_of.keys()
    wanted |= copies.get(Customer, {}).keys() - told_of.keys()
    stored = on_primary(Customer).defer("raw").in_bulk(wanted) if wanted else {}
    return {**copies.get(Customer, {}), **stored, **told_of}


def _has_a_key_of_their_own(member: Member, customers: Mapping[str, Customer]) -> bool:
    customer = customers.get(member.customer_id or "")
    # One that was deleted may have forgotten its own.
    return (
        customer is not None
        and customer.deleted_at is None
        and customer.external_id != member.external_id
    )


def link_claimed(changed: Rows) -> list[Member]:
    """Link the members of seats claimed just now to the one user who has verified their address.

    Who took an invitation that went to an address is its owner; so is the user for whom
    `EMAIL_VERIFIED` says so. Nobody else, and not where two users have it. No query without such
    seats, else one, and two for each member who is nobody here yet.
    """
    claimed = {
        row.member_id
        for row in changed.get(Seat, {}).values()
        if row.status == "claimed" and row.member_id
    }
    if not claimed:
        return []
    unknown = on_primary(Member).filter(pk__in=claimed, user=None, deleted_at=None)
    linked = []
    for member in unknown.exclude(email=None).exclude(email="").order_by("pk"):
        user = _verified_owner(member.email)
        if user is not None:
            on_primary(Member).filter(pk=member.pk).update(user=user)
            linked.append(member)
    return linked


def link_verified(user: Any, addresses: Iterable[str]) -> list[Member]:
    """Link the members of claimed seats with one of these spellings of the user's address; which.

    For who has an account, or has verified the address, only after they took the seat at the
    provider's own page. By the rule of `link_claimed`. One query where there is none, else one for
    each, and what `link_member` costs.
    """
    seated = on_primary(Seat).filter(status="claimed").values("member")
    unknown = on_primary(Member).filter(email__in=addresses, user=None, deleted_at=None)
    linked = []
    for member in unknown.filter(pk__in=seated).defer("raw").order_by("pk"):
        if _verified_owner(member.email) == user:
            link_member(member, user)
            linked.append(member)
    return linked


def _verified_owner(email: str) -> Any | None:
    model = get_user_model()
    try:
        name = model._meta.get_field(model.get_email_field_name()).name
    except FieldDoesNotExist:
        return None
    found: Iterable[Any] = on_primary(model).filter(**{f"{name}__iexact": email})
    users = [user for user in found if is_same_address(getattr(user, name), email)]
    return users[0] if len(users) == 1 and _has_verified(users[0]) else None


def _has_verified(user: Any) -> bool:
    try:
        return email_is_verified(user)
    except Exception as error:
        # The project's own function: it must not keep a delivery out of the mirror.
        logger.error("EMAIL_VERIFIED failed for a user: %s", type(error).__name__)
        return False
