"""Access at providers that know subscriptions but no grants: the policy applied, grants derived.

Polar grants benefits itself; a provider of the project's own may say only what state a subscription
is in. It takes `Settings.access_policy(name)`, which is `ACCESS`, and adds `derived_grants` to what
it tells of a subscription; a provider with `Capability.GRANTS` never asks.
A right that ends at a known moment is a grant with `expires_at`, which needs no job to end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from polar_django.conf import AccessPolicy
from polar_django.snapshots import BenefitGrantSnapshot, SubscriptionSnapshot

__all__ = ["Access", "access_of", "derived_grants"]


@dataclass(frozen=True, slots=True)
class Access:
    """Whether a subscription gives access, and until when; None: until the provider says else."""

    is_given: bool
    until: datetime | None = None


_NO_ACCESS = Access(False)


def access_of(subscription: SubscriptionSnapshot, policy: AccessPolicy) -> Access:
    """What the policy says of this subscription. No clock, no queries.

    The end may lie in the past: that is no access, which the reader's clock decides. A status that
    nobody knows gives none, nor does one that has ended before what was paid for was over.
    """
    if subscription.ended_at is not None and _ended_early(subscription, subscription.ended_at):
        return _NO_ACCESS
    if subscription.status in policy.statuses:
        return Access(True)
    paid_until = subscription.current_period_end
    if subscription.status == "past_due":
        failed_at = subscription.past_due_at or paid_until
        if failed_at is None or not policy.past_due_days:
            return _NO_ACCESS
        return Access(True, failed_at + timedelta(days=policy.past_due_days))
    if subscription.status in policy.until_period_end and paid_until is not None:
        return Access(True, paid_until)
    return _NO_ACCESS


def _ended_early(subscription: SubscriptionSnapshot, ended_at: datetime) -> bool:
    """Whether it was taken away, instead of coming to the end of its period."""
    paid_until = subscription.current_period_end
    return paid_until is None or ended_at < paid_until


def derived_grants(
    subscription: SubscriptionSnapshot, benefit_ids: Iterable[str], policy: AccessPolicy
) -> tuple[BenefitGrantSnapshot, ...]:
    """A grant of each benefit, as the subscription stands: held, held until, or revoked.

    Their ids are made of the subscription's and the benefit's, so that the next version of the
    subscription changes the same grants.
    """
    access = access_of(subscription, policy)
    ended_at = subscription.ended_at or subscription.modified_at
    return tuple(
        BenefitGrantSnapshot(
            id=f"{subscription.id}:{benefit_id}",
            created_at=subscription.created_at,
            modified_at=subscription.modified_at,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            benefit_id=benefit_id,
            is_granted=access.is_given,
            is_revoked=not access.is_given,
            granted_at=(
                subscription.started_at or subscription.created_at if access.is_given else None
            ),
            revoked_at=None if access.is_given else ended_at,
            expires_at=access.until,
        )
        for benefit_id in benefit_ids
    )
