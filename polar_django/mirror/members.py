"""Which user a member is, where the provider was not told: by claim, by a verified address."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction

from polar_django.exceptions import CustomerConflict, ObjectNotFound
from polar_django.mirror import locks
from polar_django.models import BenefitGrant, Member, Seat
from polar_django.models.databases import on_primary, primary
from polar_django.subscribers import email_is_verified, is_same_address

__all__ = ["link_claimed", "link_member"]

logger = logging.getLogger(__name__)

Rows = Mapping[Any, Mapping[str, Any]]


def link_member(member: Member, user: Any) -> None:
    """Say who a member is here; the grants of their seats follow. Four statements.

    Raises CustomerConflict where it is another user already, ObjectNotFound where the mirror has no
    such member. Linking again changes nothing.
    """
    with transaction.atomic(using=primary()):
        locks.take([locks.customer_lock(member.provider, member.customer_id or member.pk)])
        found = list(on_primary(Member).filter(pk=member.pk).values_list("user_id", flat=True))
        if not found:
            raise ObjectNotFound(f"The member {member.pk} is not mirrored; `polar_sync` copies it.")
        if found[0] not in (None, user.pk):
            raise CustomerConflict("This member is another user already.")
        on_primary(Member).filter(pk=member.pk).update(user=user)
        on_primary(BenefitGrant).filter(member=member, is_seat=True).update(user=user)
    member.user = user


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
