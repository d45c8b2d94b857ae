"""What many subscribers hold, for a page that lists them."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from polar_django.entitlements.lookup import COLUMNS, parties, set_of
from polar_django.entitlements.memory import remember
from polar_django.models import BenefitGrant

__all__ = ["prefetch_entitlements"]


def prefetch_entitlements(subscribers: Iterable[Any]) -> None:
    """Read what many subscribers hold, for a page that lists them: one query for any number.

    Each object remembers its own answer, as after `entitlements_for(object)`. A queryset is
    evaluated, and keeps the objects.
    """
    pairs = [parties(holder, None) for holder in subscribers]
    owners = {subscriber.pk for subscriber, _ in pairs if subscriber is not None}
    users = {user.pk for _, user in pairs if user is not None}
    # By grant, because a seat may be held by the very one who bought it.
    own: dict[Any, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    seats: dict[Any, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    if owners or users:
        grants = BenefitGrant.objects.active().filter(
            Q(subscriber__in=owners, is_seat=False) | Q(user__in=users)
        )
        columns = ("subscriber_id", "user_id", "is_seat", *COLUMNS)
        for owner_id, user_id, is_seat, *row in grants.values_list(*columns):
            if not is_seat:
                own[owner_id][row[0]] = tuple(row)
            seats[user_id][row[0]] = tuple(row)
    for subscriber, user in pairs:
        if subscriber is not None or user is not None:
            held = {
                **(own[subscriber.pk] if subscriber is not None else {}),
                **(seats[user.pk] if user is not None else {}),
            }
            remember(set_of(subscriber, user, held.values()), subscriber, user)
