"""Which rows are about a subscriber."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet

from polar_django import models
from polar_django.models.databases import on_primary

__all__ = ["belongings_of"]


def belongings_of(subscriber: Any) -> Mapping[str, "QuerySet[Any]"]:
    """The rows about a subscriber, by a name for each table, oldest first. No query yet.

    Those of their customers, the local grants, and the seats that a user holds, or held last, in
    others' teams.
    """
    customers = on_primary(models.Customer).filter(subscriber=subscriber)
    keys = customers.values("pk")
    theirs = Q(customer__in=keys)
    owned = theirs | Q(subscriber=subscriber)
    members = theirs
    # A revoked seat names its purchase only, and who held it last.
    seats = theirs | Q(subscription__customer__in=keys) | Q(order__customer__in=keys)
    if isinstance(subscriber, get_user_model()):
        members |= Q(user=subscriber)
        seats |= Q(member__user=subscriber) | Q(last_member__user=subscriber)
        grants = owned | Q(user=subscriber)
    else:
        grants = owned

    def rows(table: type[Model], condition: Q) -> "QuerySet[Any]":
        # Conditions on several links may find a row twice.
        found = on_primary(table).filter(condition).values("pk")
        return on_primary(table).filter(pk__in=found).order_by("pk")

    return {
        "customers": customers.order_by("pk"),
        "members": rows(models.Member, members),
        "seats": rows(models.Seat, seats),
        "subscriptions": rows(models.Subscription, owned),
        "orders": rows(models.Order, owned),
        "refunds": rows(models.Refund, theirs),
        "checkout_sessions": rows(models.CheckoutSession, owned),
        "benefit_grants": rows(models.BenefitGrant, grants),
        "license_keys": rows(models.LicenseKey, theirs),
        "meters": rows(models.CustomerMeter, theirs),
        "usage_events": rows(models.UsageEvent, Q(subscriber=subscriber)),
    }
