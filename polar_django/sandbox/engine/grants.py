"""Benefit grants: what each purchase gives, at every moment."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.emit import emit_grant
from polar_django.sandbox.engine.organization import subscription_setting
from polar_django.sandbox.models import (
    ACTIVE_STATUSES,
    Benefit,
    BenefitGrant,
    Customer,
    Member,
    Order,
    Product,
    Subscription,
)

__all__ = [
    "HELD_ORDERS",
    "cycle_subscription",
    "revoke_grant",
    "sync_order",
    "sync_subscription",
]

# A refund takes nothing away by itself.
HELD_ORDERS = ("paid", "partially_refunded", "refunded")


def sync_subscription(subscription_id: UUID) -> None:
    """Give what the subscription's product and status give, and take the rest. Takes first.

    Sends benefit_grant.revoked and .created; a re-grant is the same row again.
    """
    row = Subscription.objects.select_related("product", "customer").get(pk=subscription_id)
    if _is_in_grace(row):
        return
    wanted = _wanted(row.product) if row.status in ACTIVE_STATUSES else []
    _sync(row.customer, wanted, subscription=row)


def sync_order(order_id: UUID) -> None:
    """The same for a one-time purchase."""
    row = Order.objects.select_related("product", "customer").get(pk=order_id)
    has_benefits = row.product is not None and row.status in HELD_ORDERS
    wanted = _wanted(row.product) if has_benefits and row.product else []
    _sync(row.customer, wanted, order=row)


def cycle_subscription(subscription_id: UUID) -> None:
    """benefit_grant.cycled for every held grant, after the renewal was paid."""
    held = BenefitGrant.objects.filter(
        subscription_id=subscription_id, granted_at__isnull=False
    ).select_related("customer", "member", "benefit")
    for grant in held.order_by("created_at"):
        rows.change(grant)
        emit_grant("cycled", grant, grant.properties)


def revoke_grant(grant_id: UUID) -> None:
    """Take one grant. Sends benefit_grant.revoked; nothing where it is revoked already."""
    grant = BenefitGrant.objects.select_related("customer", "member", "benefit").get(pk=grant_id)
    if grant.is_granted:
        _revoke(grant)


def _is_in_grace(row: Subscription) -> bool:
    """Polar can leave the benefits for some days after a failed renewal; by default it does not."""
    if row.status != "past_due" or row.past_due_at is None:
        return False
    days = subscription_setting("benefit_revocation_grace_period")
    return bool(days) and clock.now() < row.past_due_at + timedelta(days=days)


def _wanted(product: Product) -> list[Benefit]:
    """The product's benefits in order; none where seats have to be claimed first."""
    if product.prices.filter(amount_type="seat_based").exists():
        return []
    links = product.product_benefits.select_related("benefit").order_by("order")
    return [link.benefit for link in links if not link.benefit.is_deleted]


def _sync(
    customer: Customer,
    wanted: Sequence[Benefit],
    *,
    subscription: Subscription | None = None,
    order: Order | None = None,
) -> None:
    existing = BenefitGrant.objects.filter(
        customer=customer, subscription=subscription, order=order
    ).select_related("customer", "member", "benefit")
    grants = sorted(existing, key=lambda each: each.created_at)
    wanted_ids = {benefit.id for benefit in wanted}
    for grant in grants:
        if grant.is_granted and grant.benefit_id not in wanted_ids:
            _revoke(grant)
    by_benefit = {grant.benefit_id: grant for grant in grants}
    owner = Member.objects.filter(customer=customer, role="owner", deleted_at=None).first()
    for benefit in wanted:
        found = by_benefit.get(benefit.id)
        if found is None:
            made = rows.create(
                BenefitGrant,
                customer=customer,
                member=owner,
                benefit=benefit,
                subscription=subscription,
                order=order,
                granted_at=clock.tick(),
            )
            emit_grant("created", made, {})
        elif not found.is_granted and found.error is None:
            rows.change(found, granted_at=clock.tick(), revoked_at=None)
            emit_grant("created", found, found.properties)


def _revoke(grant: BenefitGrant) -> None:
    rows.change(grant, granted_at=None, revoked_at=clock.tick())
    emit_grant("revoked", grant, grant.properties)
