"""Forgetting a person: what names them goes from the mirror, what accounting needs stays.

Amounts, dates, statuses and invoice numbers stay, and so do the lines of an order; addresses,
names, free text, accounts elsewhere and the whole objects in `raw` go. Versions stay what they are,
so that nothing older brings anything back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

from polar_django import models
from polar_django.mirror import locks
from polar_django.mirror.tables import PROVIDER_COLUMNS, TABLES
from polar_django.models import locking
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary, primary
from polar_django.snapshots import ObjectSnapshot

__all__ = [
    "as_forgotten",
    "erase_again",
    "erase_customer",
    "erase_local_grants",
    "erase_places",
    "erased_among",
    "erased_since",
]

# What each table forgets; `Customer` more, and the lines of a bill stay.
_FORGOTTEN: Mapping[type[Model], Mapping[str, Any]] = {
    models.Member: {"email": None, "name": None, "external_id": None, "raw": {}},
    models.CustomerMeter: {"raw": {}},
    models.CheckoutSession: {
        "external_customer_id": None,
        "url": "",
        "success_url": "",
        "next_url": "",
        "metadata": {},
        "raw": {},
    },
    models.Subscription: {"customer_cancellation_comment": None, "metadata": {}, "raw": {}},
    models.Seat: {"email": None, "last_email": None, "raw": {}},
    models.Order: {"metadata": {}},
    models.Refund: {"metadata": {}, "raw": {}},
    models.BenefitGrant: {"properties": {}, "error": None, "reason": "", "raw": {}},
    models.LicenseKey: {"display_key": "", "raw": {}},
}
# How a row names its customer. A revoked seat names nobody any more, but is of their purchase.
_NAMED_BY: Mapping[type[Model], tuple[str, ...]] = {
    models.Seat: ("customer", "subscription__customer", "order__customer"),
}
_LINE = ("label", "amount", "tax_amount", "proration", "product_price_id")


def erase_customer(customer: models.Customer) -> int:
    """Forget the person in a customer's rows; how many rows. About a dozen statements.

    Only after the provider has forgotten them too: else its next event would bring all back.
    """
    with transaction.atomic(using=primary()):
        locking.take([locks.customer_lock(customer.provider, customer.pk)])
        erased = (
            on_primary(models.Customer)
            .filter(pk=customer.pk)
            .update(
                email=None,
                name=None,
                external_id=None,
                metadata={},
                raw={},
                erased_at=timezone.now(),
            )
        )
        for table, blank in _FORGOTTEN.items():
            theirs = Q(*((path, customer.pk) for path in _paths(table)), _connector=Q.OR)
            erased += on_primary(table).filter(theirs).update(**blank)
        # The lines of a bill stand in `raw` alone.
        for order in on_primary(models.Order).filter(customer_id=customer.pk):
            order.raw = {"items": _lines(order.raw)}
            order.save(using=primary(), update_fields=["raw"])
        return erased


def erase_again() -> int:
    """Forget anew what came about erased people since, a refund of an old order say; how many
    customers. One query a table, and what `erase_customer` costs for each."""
    erased = on_primary(models.Customer).filter(erased_at__isnull=False)
    touched = set(erased.filter(synced_at__gt=F("erased_at")).values_list("pk", flat=True))
    for table in _FORGOTTEN:
        for path in _paths(table):
            later = {f"{path}__in": erased.values("pk"), "synced_at__gt": F(f"{path}__erased_at")}
            touched |= set(on_primary(table).filter(**later).values_list(path, flat=True))
    again = erased.filter(pk__in=touched).defer("raw")
    return sum(bool(erase_customer(customer)) for customer in again)


def erased_since(moment: datetime) -> list[str]:
    """The ids of customers forgotten since then. One query."""
    recent = on_primary(models.Customer).filter(erased_at__gte=moment)
    return list(recent.values_list("pk", flat=True))


def erased_among(snapshots: Iterable[ObjectSnapshot]) -> set[str]:
    """The ids of these objects' customers that were forgotten. One query, or none."""
    named = {key for snapshot in snapshots if (key := getattr(snapshot, "customer_id", None))}
    if not named:
        return set()
    forgotten = on_primary(models.Customer).filter(pk__in=named, erased_at__isnull=False)
    return set(forgotten.values_list("pk", flat=True))


def as_forgotten(snapshot: ObjectSnapshot) -> ObjectSnapshot:
    """The object as its row stands once its customer was forgotten. No query."""
    kind = type(snapshot)
    blank = _FORGOTTEN.get(TABLES[kind], {})
    return replace(
        snapshot, **{name: blank[name] for name in PROVIDER_COLUMNS[kind] if name in blank}
    )


def erase_places(user: Any) -> int:
    """Forget the places in others' teams that a user no longer has; how many rows. Two statements.

    What they still have there is the team's: it names them to the provider.
    """
    if not isinstance(user, get_user_model()):
        return 0
    erased = 0
    former: Mapping[type[MirroredModel], Q] = {
        models.Seat: Q(last_member__user=user, status="revoked"),
        models.Member: Q(user=user, deleted_at__isnull=False),
    }
    for table, condition in former.items():
        erased += on_primary(table).filter(condition).update(**_FORGOTTEN[table])
    return erased


def erase_local_grants(subscriber: Any) -> int:
    """Forget why benefits were given by hand; the grants stay. One statement."""
    mine = on_primary(models.BenefitGrant).filter(subscriber=subscriber, customer=None)
    return mine.exclude(reason="").update(reason="")


def _paths(table: type[Model]) -> tuple[str, ...]:
    return _NAMED_BY.get(table, ("customer",))


def _lines(raw: Any) -> list[dict[str, Any]]:
    items = raw.get("items") if isinstance(raw, dict) else None
    return [
        {name: item[name] for name in _LINE if name in item}
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
