"""From a subscriber to what they hold: one query, remembered on the object that was asked about."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone

from polar_django.conf import get_settings, subscriber_model
from polar_django.entitlements.holdings import Entitlement, EntitlementSet
from polar_django.entitlements.keys import keys_of_benefit
from polar_django.models import BenefitGrant
from polar_django.subscribers import subscriber_class

__all__ = [
    "aentitlements_for",
    "ahas_benefit",
    "entitlements_for",
    "has_benefit",
    "prefetch_entitlements",
    "refresh_entitlements",
]

# Longer than a request should take. A socket or a task that keeps one user object for hours must
# still see a revocation.
REMEMBERED_FOR = timedelta(seconds=60)

_MEMORY = "_polar_entitlements"
_COLUMNS = (
    "id",
    "benefit_id",
    "benefit__key",
    "benefit__metadata",
    "properties",
    "granted_at",
    "expires_at",
    "subscription_id",
)


class _Memory(dict[Any, EntitlementSet]):
    """What was read for one object. A user that is pickled into a cache must not take it along."""

    def __reduce__(self) -> tuple[type["_Memory"], tuple[()]]:
        return _Memory, ()


def _parties(subscriber: Any, user: Any) -> tuple[Any, Any]:
    """Whose own grants and whose seats count; visitors and unsaved objects are nobody.

    Raises TypeError for an object that can neither buy nor sit.
    """
    subscriber = subscriber if getattr(subscriber, "pk", None) is not None else None
    user = user if getattr(user, "pk", None) is not None else None
    is_user = isinstance(subscriber, get_user_model())
    if is_user and user is None:
        user = subscriber
    if subscriber is not None and not isinstance(subscriber, subscriber_class()):
        if not is_user:
            raise TypeError(
                f"Subscribers are {subscriber_model()}, not {type(subscriber).__name__}: "
                "give entitlements one of those, or a user."
            )
        subscriber = None
    return subscriber, user if isinstance(user, get_user_model()) else None


def _pk(subscriber: Any) -> Any:
    return None if subscriber is None else subscriber.pk


def _holder(subscriber: Any, user: Any) -> Any:
    # The user, because a project's resolver may read the team anew each time it is asked.
    return subscriber if user is None else user


def _passes_as_staff(user: Any) -> bool:
    return (
        user is not None
        and get_settings().staff_bypass
        and user.is_active
        and (getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))
    )


def _entitlements_in(row: tuple[Any, ...]) -> list[Entitlement]:
    grant_id, benefit_id, own_key, metadata, properties, granted_at, expires_at, subscription = row
    return [
        Entitlement(
            key=key,
            benefit_id=benefit_id,
            grant_id=grant_id,
            metadata=metadata or {},
            properties=properties or {},
            granted_at=granted_at,
            expires_at=expires_at,
            subscription_id=subscription,
        )
        for key in keys_of_benefit(benefit_id, own_key)
    ]


def _set_of(subscriber: Any, user: Any, rows: Iterable[tuple[Any, ...]]) -> EntitlementSet:
    free = [Entitlement(key=key) for key in get_settings().free_benefits]
    held = [entitlement for row in rows for entitlement in _entitlements_in(row)]
    return EntitlementSet((*held, *free), subscriber, _passes_as_staff(user))


def _remember(entitlements: EntitlementSet, subscriber: Any, user: Any) -> EntitlementSet:
    holder = _holder(subscriber, user)
    memory = getattr(holder, _MEMORY, None)
    if memory is None:
        memory = _Memory()
        setattr(holder, _MEMORY, memory)
    memory[_pk(subscriber)] = entitlements
    return entitlements


def entitlements_for(subscriber: Any, *, user: Any = None) -> EntitlementSet:
    """What this subscriber holds now, and which seats `user` holds in others' teams.

    One query the first time, none while it is remembered on the user, else on the subscriber (a
    request's user lasts one request; it is never remembered longer than a minute). A user who buys
    for themselves is their own `user`; give `user` beside a team. None, a visitor and an unsaved
    object hold the free benefits only, without a query. Raises TypeError for an object that can be
    neither subscriber nor user.
    """
    subscriber, user = _parties(subscriber, user)
    holder = _holder(subscriber, user)
    if holder is None:
        return _set_of(None, None, ())
    remembered: EntitlementSet | None = getattr(holder, _MEMORY, {}).get(_pk(subscriber))
    now = timezone.now()
    if remembered is not None and timedelta(0) <= now - remembered.read_at < REMEMBERED_FOR:
        return remembered
    grants = BenefitGrant.objects.active(now).held_by(subscriber, user)
    held = _set_of(subscriber, user, grants.values_list(*_COLUMNS))
    return _remember(held, subscriber, user)


def refresh_entitlements(*holders: Any) -> None:
    """Forget what is remembered on these objects; the next question asks the database.

    Needed only where the mirror changed within the same request: give the request's user, and a
    team that was asked about without one. No query.
    """
    for holder in holders:
        getattr(holder, _MEMORY, {}).clear()


def has_benefit(subscriber: Any, key: str, *, user: Any = None) -> bool:
    """Whether the subscriber holds this benefit now. Costs what `entitlements_for` costs."""
    return key in entitlements_for(subscriber, user=user)


def prefetch_entitlements(subscribers: Iterable[Any]) -> None:
    """Read what many subscribers hold, for a page that lists them: one query for any number.

    Each object remembers its own answer, as after `entitlements_for(object)`. A queryset is
    evaluated, and keeps the objects.
    """
    parties = [_parties(holder, None) for holder in subscribers]
    owners = {subscriber.pk for subscriber, _ in parties if subscriber is not None}
    users = {user.pk for _, user in parties if user is not None}
    # By grant, because a seat may be held by the very one who bought it.
    own: dict[Any, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    seats: dict[Any, dict[str, tuple[Any, ...]]] = defaultdict(dict)
    if owners or users:
        grants = BenefitGrant.objects.active().filter(
            Q(subscriber__in=owners, is_seat=False) | Q(user__in=users)
        )
        columns = ("subscriber_id", "user_id", "is_seat", *_COLUMNS)
        for owner_id, user_id, is_seat, *row in grants.values_list(*columns):
            if not is_seat:
                own[owner_id][row[0]] = tuple(row)
            seats[user_id][row[0]] = tuple(row)
    for subscriber, user in parties:
        if subscriber is not None or user is not None:
            held = {
                **(own[subscriber.pk] if subscriber is not None else {}),
                **(seats[user.pk] if user is not None else {}),
            }
            _remember(_set_of(subscriber, user, held.values()), subscriber, user)


async def aentitlements_for(
    subscriber: Any, *, user: Any = None, include: Iterable[str] = ()
) -> EntitlementSet:
    """`entitlements_for` for async code, which cannot read lazily: `include` names what else to
    read, "subscriptions" and "meters", one query each."""

    def read() -> EntitlementSet:
        entitlements = entitlements_for(subscriber, user=user)
        for name in include:
            getattr(entitlements, name)
        return entitlements

    return await sync_to_async(read)()


async def ahas_benefit(subscriber: Any, key: str, *, user: Any = None) -> bool:
    """`has_benefit` for async code: sockets, ASGI applications, async views."""
    return key in await aentitlements_for(subscriber, user=user)
