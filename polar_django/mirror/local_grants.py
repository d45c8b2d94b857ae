"""Grants given here by hand: a comp, a beta, a favour of support. No provider knows of them.

They are rows of `BenefitGrant` whose provider is "local", so that every gate and signal treats them
like any other. They belong to no customer: no delivery, sync, reconcile or relink touches them.
"""

from copy import copy
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.utils import timezone

from polar_django.conf import subscriber_model
from polar_django.mirror.tables import write_rows
from polar_django.mirror.transitions import changes_between, news_of
from polar_django.mirror.versions import Cause
from polar_django.models import BenefitGrant, Transition, locking
from polar_django.models.databases import on_primary, primary

__all__ = ["LOCAL", "end_local_grant", "local_grant_id", "write_local_grant"]

LOCAL = "local"


def local_grant_id(subscriber: Any, key: str) -> str:
    """The one id of a subscriber's local grant under a key, so that a second one replaces it."""
    name = f"{subscriber_model().lower()}:{subscriber.pk}:{key}"
    return f"{LOCAL}_{uuid5(NAMESPACE_URL, name)}"


def write_local_grant(
    subscriber: Any, key: str, *, benefit_id: str, until: datetime | None, reason: str
) -> BenefitGrant:
    """Write the grant, live from now to `until`, and its news in one transaction. Four statements.

    One that stands is replaced, its `granted_at` kept while it lives.
    """
    now = timezone.now()
    with transaction.atomic(using=primary()):
        before = _locked(local_grant_id(subscriber, key))
        standing = before if before is not None and before.is_live(now) else None
        after = BenefitGrant(
            pk=local_grant_id(subscriber, key),
            provider=LOCAL,
            created_at=before.created_at if before is not None else now,
            modified_at=now,
            as_of=now,
            synced_at=now,
            subscriber=subscriber,
            benefit_id=benefit_id,
            is_granted=True,
            granted_at=standing.granted_at if standing is not None else now,
            expires_at=until,
            reason=reason,
        )
        _write(standing, after, now)
    return after


def end_local_grant(grant_id: str) -> BenefitGrant | None:
    """Revoke it now; None, and no news, where none is live. Up to four statements."""
    now = timezone.now()
    with transaction.atomic(using=primary()):
        standing = _locked(grant_id)
        if standing is None or not standing.is_live(now):
            return None
        after = copy(standing)
        after.is_granted, after.is_revoked, after.granted_at = False, True, None
        after.revoked_at = after.modified_at = after.as_of = after.synced_at = now
        _write(standing, after, now)
    return after


def _locked(grant_id: str) -> BenefitGrant | None:
    locking.take([f"{LOCAL}:{grant_id}"])
    found: BenefitGrant | None = (
        on_primary(BenefitGrant).filter(pk=grant_id, provider=LOCAL).first()
    )
    return found


def _write(before: BenefitGrant | None, after: BenefitGrant, now: datetime) -> None:
    write_rows(BenefitGrant, [after])
    cause = Cause(Transition.Source.LOCAL)
    on_primary(Transition).bulk_create(
        news_of(name, after, cause, now) for name in changes_between(before, after)
    )
