"""Benefit grants: what each purchase gives, at every moment."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from polar_django.sandbox import clock
from polar_django.sandbox.engine import benefit_effects, rows
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
    "grant_again",
    "revoke_grant",
    "sync_order",
    "sync_subscription",
    "update_grants",
]

_Wanted = tuple[Benefit, Member | None]

# A refund takes nothing away by itself.
HELD_ORDERS = ("paid", "partially_refunded", "refunded")


def sync_subscription(subscription_id: UUID) -> None:
    """Give what the subscription's product and status give, and take the rest. Takes first.

    Sends benefit_grant.revoked and .created; a re-grant is the same row again.
    """
    row = Subscription.objects.select_related("product", "customer").get(pk=subscription_id)
    if _is_in_grace(row):
        return
    wanted = _wanted(row.product, row) if row.status in ACTIVE_STATUSES else []
    _sync(row.customer, wanted, subscription=row)


def sync_order(order_id: UUID) -> None:
    """The same for a one-time purchase."""
    row = Order.objects.select_related("product", "customer").get(pk=order_id)
    has_benefits = row.product is not None and row.status in HELD_ORDERS
    wanted = _wanted(row.product, row) if has_benefits and row.product else []
    _sync(row.customer, wanted, order=row)


def cycle_subscription(subscription_id: UUID, *, credits: bool = True) -> None:
    """benefit_grant.cycled for every held grant, after the renewal was paid.

    Without `credits` no units are given: they have periods of their own.
    """
    held = BenefitGrant.objects.filter(
        subscription_id=subscription_id, granted_at__isnull=False
    ).select_related("customer", "member", "benefit")
    for grant in held.order_by("created_at"):
        previous = grant.properties
        is_left = not credits and grant.benefit.type == "meter_credit"
        rows.change(grant, properties=previous if is_left else benefit_effects.cycle(grant))
        emit_grant("cycled", grant, previous)


def grant_again(grant_id: UUID) -> None:
    """Give one grant back. Sends benefit_grant.created; nothing where it is held."""
    grant = BenefitGrant.objects.select_related("customer", "member", "benefit").get(pk=grant_id)
    if not grant.is_granted:
        _grant_again(grant)


def update_grants(benefit: Benefit) -> None:
    """What the benefit gives has changed: its holders get it anew. Sends benefit_grant.updated."""
    held = benefit.grants.filter(granted_at__isnull=False)
    for grant in held.select_related("customer", "member", "benefit").order_by("created_at"):
        previous = grant.properties
        rows.change(grant, properties=benefit_effects.give(grant))
        emit_grant("updated", grant, previous)


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


def _key(benefit: Benefit, member: Member | None) -> tuple[UUID, UUID | None]:
    return benefit.id, member.id if member is not None else None


def _wanted(product: Product, source: Subscription | Order) -> list[_Wanted]:
    """The product's benefits in order, for the owner; with seats, for each who claimed one."""
    links = product.product_benefits.select_related("benefit").order_by("order")
    benefits = [link.benefit for link in links if not link.benefit.is_deleted]
    if source.seats is None:
        owner = source.customer.members.filter(role="owner", deleted_at=None).first()
        return [(benefit, owner) for benefit in benefits]
    claimed = source.seat_rows.filter(status="claimed", member__isnull=False)
    members = [seat.member for seat in claimed.select_related("member").order_by("claimed_at")]
    return [(benefit, member) for member in members for benefit in benefits]


def _sync(
    customer: Customer,
    wanted: Sequence[_Wanted],
    *,
    subscription: Subscription | None = None,
    order: Order | None = None,
) -> None:
    existing = BenefitGrant.objects.filter(
        customer=customer, subscription=subscription, order=order
    ).select_related("customer", "member", "benefit")
    grants = sorted(existing, key=lambda each: each.created_at)
    wanted_keys = {_key(benefit, member) for benefit, member in wanted}
    for grant in grants:
        if grant.is_granted and (grant.benefit_id, grant.member_id) not in wanted_keys:
            _revoke(grant)
    by_key = {(grant.benefit_id, grant.member_id): grant for grant in grants}
    for benefit, member in wanted:
        found = by_key.get(_key(benefit, member))
        if found is None:
            made = rows.create(
                BenefitGrant,
                customer=customer,
                member=member,
                benefit=benefit,
                subscription=subscription,
                order=order,
                granted_at=clock.tick(),
            )
            properties = benefit_effects.give(made)
            if properties:
                rows.change(made, properties=properties)
            emit_grant("created", made, {})
        elif not found.is_granted and found.error is None:
            _grant_again(found)


def _grant_again(grant: BenefitGrant) -> None:
    previous = grant.properties
    properties = benefit_effects.give(grant)
    rows.change(grant, granted_at=clock.tick(), revoked_at=None, properties=properties)
    emit_grant("created", grant, previous)


def _revoke(grant: BenefitGrant) -> None:
    """The grant goes in any case, what it gave only where no other purchase gives it too."""
    previous = grant.properties
    properties = previous if _is_held_twice(grant) else benefit_effects.take(grant)
    rows.change(grant, granted_at=None, revoked_at=clock.tick(), properties=properties)
    emit_grant("revoked", grant, previous)


def _is_held_twice(grant: BenefitGrant) -> bool:
    """By another purchase of the same customer. A license key is always of one purchase alone."""
    if grant.benefit.type == "license_keys":
        return False
    others = BenefitGrant.objects.filter(
        customer=grant.customer,
        member=grant.member,
        benefit=grant.benefit,
        granted_at__isnull=False,
    )
    return others.exclude(pk=grant.pk).exists()
