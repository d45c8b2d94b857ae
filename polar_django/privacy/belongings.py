"""Which rows are about a subscriber, or about a customer whom nobody here is linked to."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet

from polar_django import models
from polar_django.models.databases import on_primary

__all__ = ["belongings_of", "belongings_of_customer"]


def belongings_of(subscriber: Any) -> Mapping[str, "QuerySet[Any]"]:
    """The rows about a subscriber, by a name for each table, oldest first. No query yet.

    Those of their customers, the local grants, and the seats that a user holds, or held last, in
    others' teams.
    """
    nobody, mine = Q(pk__in=()), Q(subscriber=subscriber)
    is_user = isinstance(subscriber, get_user_model())
    return _belongings(
        on_primary(models.Customer).filter(subscriber=subscriber),
        mine=mine,
        places=Q(user=subscriber) if is_user else nobody,
        seats=Q(member__user=subscriber) | Q(last_member__user=subscriber) if is_user else nobody,
    )


def belongings_of_customer(customer: models.Customer) -> Mapping[str, "QuerySet[Any]"]:
    """The rows about a customer alone, by the same names. No query yet."""
    nobody = Q(pk__in=())
    one = on_primary(models.Customer).filter(pk=customer.pk)
    return _belongings(one, mine=nobody, places=nobody, seats=nobody)


def _belongings(
    customers: "QuerySet[models.Customer]", *, mine: Q, places: Q, seats: Q
) -> Mapping[str, "QuerySet[Any]"]:
    """Rows of these customers, and what is `mine`: held without one, or at `places` of others."""
    keys = customers.values("pk")
    theirs = Q(customer__in=keys)
    owned = theirs | mine
    # A revoked seat names its purchase only, and who held it last.
    seats |= theirs | Q(subscription__customer__in=keys) | Q(order__customer__in=keys)

    def rows(table: type[Model], condition: Q) -> "QuerySet[Any]":
        # Conditions on several links may find a row twice.
        found = on_primary(table).filter(condition).values("pk")
        return on_primary(table).filter(pk__in=found).order_by("pk")

    return {
        "customers": customers.order_by("pk"),
        "members": rows(models.Member, theirs | places),
        "seats": rows(models.Seat, seats),
        "subscriptions": rows(models.Subscription, owned),
        "orders": rows(models.Order, owned),
        "refunds": rows(models.Refund, theirs),
        "checkout_sessions": rows(models.CheckoutSession, owned),
        "benefit_grants": rows(models.BenefitGrant, owned | places),
        "license_keys": rows(models.LicenseKey, theirs),
        "meters": rows(models.CustomerMeter, theirs),
        "usage_events": rows(models.UsageEvent, mine),
    }
