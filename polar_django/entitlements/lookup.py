"""From a subscriber to what they hold: one query, remembered on the object that was asked about."""

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import QuerySet
from django.utils import timezone

from polar_django.conf import get_settings, subscriber_model
from polar_django.entitlements.holdings import Entitlement, EntitlementSet
from polar_django.entitlements.keys import keys_of_benefit
from polar_django.entitlements.memory import recall, remember
from polar_django.models import BenefitGrant
from polar_django.models.prepared import Parameter, PreparedQuery
from polar_django.subscribers import subscriber_class

__all__ = [
    "COLUMNS",
    "aentitlements_for",
    "ahas_benefit",
    "entitlements_for",
    "has_benefit",
    "parties",
    "set_of",
]

COLUMNS = (
    "id",
    "benefit_id",
    "benefit__key",
    "benefit__metadata",
    "properties",
    "granted_at",
    "expires_at",
    "subscription_id",
    "provider",
    "reason",
)


def parties(subscriber: Any, user: Any) -> tuple[Any, Any]:
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


def _passes_as_staff(user: Any) -> bool:
    return (
        user is not None
        and get_settings().staff_bypass
        and user.is_active
        and (getattr(user, "is_staff", False) or getattr(user, "is_superuser", False))
    )


def _entitlements_in(row: tuple[Any, ...]) -> list[Entitlement]:
    (
        grant_id,
        benefit_id,
        own_key,
        metadata,
        properties,
        granted_at,
        expires_at,
        subscription,
        provider,
        reason,
    ) = row
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
            provider=provider,
            reason=reason,
        )
        for key in keys_of_benefit(benefit_id, own_key)
    ]


def set_of(subscriber: Any, user: Any, rows: Iterable[tuple[Any, ...]]) -> EntitlementSet:
    """The set these grants make (rows of `COLUMNS`), with what is everybody's or staff's."""
    free = [Entitlement(key=key) for key in get_settings().free_benefits]
    held = [entitlement for row in rows for entitlement in _entitlements_in(row)]
    return EntitlementSet((*held, *free), subscriber, _passes_as_staff(user))


def _live_grants() -> QuerySet[BenefitGrant, tuple[Any, ...]]:
    columns = BenefitGrant._meta
    return (
        BenefitGrant.objects.active(at=Parameter("now", columns.get_field("expires_at")))
        .held_by(
            Parameter("subscriber", columns.get_field("subscriber").target_field),
            Parameter("user", columns.get_field("user").target_field),
        )
        .values_list(*COLUMNS)
    )


_LIVE_GRANTS = PreparedQuery(_live_grants)


def entitlements_for(subscriber: Any, *, user: Any = None) -> EntitlementSet:
    """What this subscriber holds now, and which seats `user` holds in others' teams.

    One query the first time, none while it is remembered on the user, else on the subscriber (a
    request's user lasts one request; it is never remembered longer than a minute). A user who buys
    for themselves is their own `user`; give `user` beside a team. None, a visitor and an unsaved
    object hold the free benefits only, without a query. Raises TypeError for an object that can be
    neither subscriber nor user.
    """
    subscriber, user = parties(subscriber, user)
    if subscriber is None and user is None:
        return set_of(None, None, ())
    remembered = recall(subscriber, user)
    if remembered is not None:
        return remembered
    grants = _LIVE_GRANTS.rows(
        router.db_for_read(BenefitGrant),
        now=timezone.now(),
        subscriber=getattr(subscriber, "pk", None),
        user=getattr(user, "pk", None),
    )
    return remember(set_of(subscriber, user, grants), subscriber, user)


def has_benefit(subscriber: Any, key: str, *, user: Any = None) -> bool:
    """Whether the subscriber holds this benefit now. Costs what `entitlements_for` costs."""
    return key in entitlements_for(subscriber, user=user)


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
