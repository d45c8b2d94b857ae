"""Who holds, has and has bought what, written straight into the mirror. Calls nobody.

For tests of a project's own pages: a gate asks these tables and nothing else. No signal is sent and
no `@on` handler called; for that, deliver an event, or use the sandbox.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from polar_django.conf import get_settings
from polar_django.entitlements import refresh_entitlements
from polar_django.entitlements.keys import grants_of_key
from polar_django.entitlements.lookup import parties
from polar_django.models import (
    Benefit,
    BenefitGrant,
    Customer,
    CustomerMeter,
    Meter,
    Order,
    Product,
    Subscription,
)
from polar_django.subscribers import external_id_of, profile_of

__all__ = [
    "end_subscription",
    "give_benefit",
    "make_order",
    "make_subscription",
    "set_meter",
    "take_benefit",
]

_MONTH = timedelta(days=30)


def give_benefit(
    subscriber: Any,
    key: str,
    *,
    user: Any = None,
    metadata: dict[str, Any] | None = None,
    **columns: Any,
) -> BenefitGrant:
    """A live grant of the benefit with this key, from now on.

    With `user` it is the seat of that user in the subscriber's team, and nobody else's. `metadata`
    becomes the benefit's, where flags and limits stand. `columns` are others of `BenefitGrant`:
    `expires_at`, `properties`. What the given objects remember is forgotten.
    """
    now = timezone.now()
    grant = BenefitGrant.objects.create(
        **{
            **_mirrored(),
            "subscriber": subscriber,
            "user": user,
            "is_seat": user is not None,
            "customer": _customer_of(subscriber),
            "benefit": _benefit(key, metadata),
            "is_granted": True,
            "granted_at": now,
            **columns,
        }
    )
    refresh_entitlements(subscriber, user)
    return grant


def take_benefit(holder: Any, key: str) -> int:
    """Revoke whatever lets this subscriber, or this user by a seat, hold the benefit; how many
    grants that were."""
    subscriber, user = parties(holder, None)
    held = BenefitGrant.objects.active().held_by(subscriber, user).filter(grants_of_key(key))
    taken = _revoke(held)
    refresh_entitlements(holder)
    return taken


def make_subscription(
    subscriber: Any, name: str, *, benefits: Iterable[str] = (), **columns: Any
) -> Subscription:
    """An active subscription to a product (key, id, or the plan that sells it), a month from now.

    `benefits` are the keys it gives. `columns` are others of `Subscription`: `status="past_due"`,
    `cancel_at_period_end=True`, `seats=5`.
    """
    now = timezone.now()
    subscription = Subscription.objects.create(
        **{
            **_mirrored(),
            "subscriber": subscriber,
            "customer": _customer_of(subscriber),
            "product": _product(name, is_recurring=True),
            "status": "active",
            "amount": 1000,
            "currency": "usd",
            "recurring_interval": "month",
            "recurring_interval_count": 1,
            "started_at": now,
            "current_period_start": now,
            "current_period_end": now + _MONTH,
            **columns,
        }
    )
    for key in benefits:
        give_benefit(subscriber, key, subscription=subscription)
    refresh_entitlements(subscriber)
    return subscription


def end_subscription(subscription: Subscription) -> None:
    """It has ended now, and what it gave is revoked."""
    now = timezone.now()
    subscription.status = "canceled"
    subscription.ended_at = subscription.ends_at = subscription.canceled_at = now
    subscription.save()
    _revoke(BenefitGrant.objects.active().filter(subscription=subscription))
    refresh_entitlements(subscription.subscriber)


def make_order(subscriber: Any, name: str, **columns: Any) -> Order:
    """A paid order of 10.00 USD for a product (key, id, or plan).

    `columns` are others of `Order`: `refunded_amount=1000`, `paid=False, status="pending"`.
    """
    amount = columns.get("net_amount", 1000)
    return Order.objects.create(
        **{
            **_mirrored(),
            "subscriber": subscriber,
            "customer": _customer_of(subscriber),
            "product": _product(name, is_recurring=False),
            "status": "paid",
            "paid": True,
            "billing_reason": "purchase",
            "currency": "usd",
            "subtotal_amount": amount,
            "net_amount": amount,
            "total_amount": amount + columns.get("tax_amount", 0),
            **columns,
        }
    )


def set_meter(
    subscriber: Any, key: str, *, credited: int = 0, consumed: float = 0.0
) -> CustomerMeter:
    """What the provider last reckoned on the meter with this key, in its units.

    The balance is what was credited less what was consumed.
    """
    meter = Meter.objects.filter(key=key, archived_at=None).first()
    meter = meter or Meter.objects.create(**_mirrored(), key=key, name=key)
    now = timezone.now()
    figures = {
        "credited_units": credited,
        "consumed_units": consumed,
        "balance": credited - consumed,
        "modified_at": now,
        "synced_at": now,
    }
    row, _ = CustomerMeter.objects.update_or_create(
        customer=_customer_of(subscriber),
        meter=meter,
        defaults=figures,
        create_defaults={**_mirrored(), **figures},
    )
    refresh_entitlements(subscriber)
    return row


def _mirrored() -> dict[str, Any]:
    now = timezone.now()
    return {
        "id": f"test_{uuid4()}",
        "provider": get_settings().default_provider,
        "created_at": now,
        "synced_at": now,
    }


def _customer_of(subscriber: Any) -> Customer:
    """The subscriber's customer, made where there is none."""
    mine = Customer.objects.living().filter(subscriber=subscriber)
    found: Customer | None = mine.order_by("pk").first()
    if found is not None:
        return found
    profile = profile_of(subscriber)
    return Customer.objects.create(
        **_mirrored(),
        subscriber=subscriber,
        external_id=external_id_of(subscriber),
        email=profile.email or None,
        name=profile.name or None,
    )


def _benefit(key: str, metadata: dict[str, Any] | None) -> Benefit:
    named = get_settings().benefits.get(key)
    rows = Benefit.objects.filter(pk=named) if named else Benefit.objects.filter(key=key)
    found = rows.exclude(is_deleted=True).order_by("created_at", "pk").first()
    if found is None:
        values = {**_mirrored(), **({"id": named} if named else {})}
        found = Benefit.objects.create(**values, key=key, type="custom", description=key)
    if metadata is not None:
        found.metadata = metadata
        found.save(update_fields=["metadata"])
    return found


def _product(name: str, *, is_recurring: bool) -> Product:
    settings = get_settings()
    plan = settings.all_plans().get(name)
    wanted = plan.products[0] if plan is not None else name
    wanted = settings.products.get(wanted, wanted)
    found = Product.objects.named([wanted]).filter(is_archived=False).first()
    return found or Product.objects.create(
        **_mirrored(), key=wanted, name=wanted, is_recurring=is_recurring
    )


def _revoke(grants: Any) -> int:
    revoked: int = grants.update(is_granted=False, is_revoked=True, revoked_at=timezone.now())
    return revoked
