"""News: what a change of a row means to the project, as rows of the outbox.

The rows are written in the transaction that makes the change; `polar_django.outbox` sends them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from polar_django.mirror.versions import Cause
from polar_django.models import BenefitGrant, Order, Subscription, Transition
from polar_django.models.base import MirroredModel

Claim = Callable[[Any], bool]


def _gives_access(grant: BenefitGrant) -> bool:
    return grant.is_granted and not grant.is_revoked


def _is_active(subscription: Subscription) -> bool:
    return subscription.is_active


def _will_not_renew(subscription: Subscription) -> bool:
    return subscription.cancel_at_period_end or subscription.has_ended


# For each table: the claim that became true, or no longer is, and the name of that news.
_BECAME: Mapping[type[MirroredModel], tuple[tuple[str, Claim], ...]] = {
    BenefitGrant: (("benefit_granted", _gives_access),),
    Subscription: (
        ("subscription_activated", _is_active),
        ("subscription_canceled", _will_not_renew),
        ("subscription_revoked", lambda subscription: subscription.has_ended),
    ),
    Order: (("order_paid", lambda order: order.paid),),
}
_CEASED: Mapping[type[MirroredModel], tuple[tuple[str, Claim], ...]] = {
    BenefitGrant: (("benefit_revoked", _gives_access),),
}


def changes_between(before: MirroredModel | None, after: MirroredModel) -> Iterator[str]:
    """The names of the news, in the order in which they happened.

    `before` is None for a row never seen whole: what it already was is then news, but what it
    already had ceased to be is not.
    """
    table = type(after)
    for name, claim in _BECAME.get(table, ()):
        if claim(after) and not (before and claim(before)):
            yield name
    for name, claim in _CEASED.get(table, ()):
        if before and claim(before) and not claim(after):
            yield name
    if isinstance(after, Order):
        earlier = before.refunded_amount if isinstance(before, Order) else 0
        if after.refunded_amount > earlier:
            yield "order_refunded"


def news_of(name: str, row: MirroredModel, cause: Cause, happened_at: datetime) -> Transition:
    """The outbox row that tells of one change."""
    return entry(
        name,
        provider=row.provider,
        object_type=row._meta.model_name or "",
        object_id=row.pk,
        customer_id=getattr(row, "customer_id", None),
        delivery_id=cause.delivery_pk,
        source=cause.source,
        happened_at=happened_at,
    )


def entry(name: str, *, happened_at: datetime, **values: Any) -> Transition:
    """An unsaved outbox row, due now."""
    now = timezone.now()
    return Transition(name=name, happened_at=happened_at, recorded_at=now, due_at=now, **values)
