"""Short ways to write down who holds what; the mirror's own tests show how rows get there."""

from datetime import timedelta
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from polar_django.models import Benefit, BenefitGrant, Order, Product, Subscription

_numbers = count(1)


def person(name: str = "", **values: Any) -> Any:
    name = name or f"person{next(_numbers)}"
    return get_user_model().objects.create_user(username=name, password=None, **values)


def again(user: Any) -> Any:
    """The same person in another request: another object, which remembers nothing."""
    return type(user)._default_manager.get(pk=user.pk)


def benefit(key: str = "pro", id: str = "", **values: Any) -> Benefit:
    values = {"provider": "polar", "synced_at": timezone.now(), **values}
    return Benefit.objects.get_or_create(pk=id or f"ben_{key}", defaults={"key": key, **values})[0]


def grant(subscriber: Any, key: str = "pro", **values: Any) -> BenefitGrant:
    """A live grant of the benefit with that key, unless the values say otherwise."""
    if "benefit_id" not in values:
        values["benefit_id"] = benefit(key).pk
    now = timezone.now()
    return BenefitGrant.objects.create(
        **{
            "pk": f"grant_{next(_numbers)}",
            "provider": "polar",
            "synced_at": now,
            "subscriber": subscriber,
            "is_granted": True,
            "granted_at": now,
            **values,
        }
    )


def revoked(subscriber: Any, key: str = "pro", **values: Any) -> BenefitGrant:
    return grant(subscriber, key, is_granted=False, is_revoked=True, **values)


def expired(subscriber: Any, key: str = "pro") -> BenefitGrant:
    past = timezone.now() - timedelta(minutes=1)
    return grant(subscriber, key, provider="local", expires_at=past)


def blocked(subscriber: Any, key: str = "pro") -> BenefitGrant:
    """Waits for an action of the customer: neither granted nor revoked."""
    return grant(subscriber, key, is_granted=False, granted_at=None, error={"type": "action"})


def seat(owner: Any, holder: Any, key: str = "pro", **values: Any) -> BenefitGrant:
    return grant(owner, key, is_seat=True, user=holder, **values)


def product(key: str = "pro-monthly") -> Product:
    return Product.objects.get_or_create(
        pk=f"prod_{key}",
        defaults={"key": key, "provider": "polar", "synced_at": timezone.now()},
    )[0]


def subscription(subscriber: Any, product_key: str = "pro-monthly", **values: Any) -> Subscription:
    return Subscription.objects.create(
        **{
            "pk": f"sub_{next(_numbers)}",
            "provider": "polar",
            "synced_at": timezone.now(),
            "subscriber": subscriber,
            "product_id": product(product_key).pk,
            "status": "active",
            **values,
        }
    )


def order(subscriber: Any, product_key: str = "ebook", **values: Any) -> Order:
    return Order.objects.create(
        **{
            "pk": f"order_{next(_numbers)}",
            "provider": "polar",
            "synced_at": timezone.now(),
            "subscriber": subscriber,
            "product_id": product(product_key).pk,
            "status": "paid",
            "paid": True,
            "net_amount": 1000,
            "total_amount": 1190,
            "tax_amount": 190,
            **values,
        }
    )
