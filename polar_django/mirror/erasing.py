"""Forgetting a person: what names them goes from the mirror, what accounting needs stays.

Amounts, dates, statuses and invoice numbers stay, and so do the lines of an order; addresses,
names, free text, accounts elsewhere and the whole objects in `raw` go. Versions stay what they are,
so that nothing older brings anything back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

from polar_django import models
from polar_django.mirror import locks
from polar_django.models.databases import on_primary, primary

__all__ = ["erase_again", "erase_customer", "erase_local_grants", "erased_since"]

# What each table forgets. All but `Customer` are found by their `customer`.
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
    models.Refund: {"metadata": {}, "raw": {}},
    models.BenefitGrant: {"properties": {}, "error": None, "reason": "", "raw": {}},
    models.LicenseKey: {"display_key": "", "raw": {}},
}
_LINE = ("label", "amount", "tax_amount", "proration", "product_price_id")


def erase_customer(customer: models.Customer) -> int:
    """Forget the person in a customer's rows; how many rows. About a dozen statements.

    Only after the provider has forgotten them too: else its next event would bring all back.
    """
    with transaction.atomic(using=primary()):
        locks.take([locks.customer_lock(customer.provider, customer.pk)])
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
            erased += on_primary(table).filter(customer_id=customer.pk).update(**blank)
        # The lines of a bill stand in `raw` alone.
        for order in on_primary(models.Order).filter(customer_id=customer.pk):
            order.raw, order.metadata = {"items": _lines(order.raw)}, {}
            order.save(using=primary(), update_fields=["raw", "metadata"])
            erased += 1
        return erased


def erase_again() -> int:
    """Forget anew what came about erased people since, a refund of an old order say; how many
    customers. One query a table, and what `erase_customer` costs for each."""
    erased = on_primary(models.Customer).filter(erased_at__isnull=False)
    later = Q(customer__in=erased.values("pk"), synced_at__gt=F("customer__erased_at"))
    touched = set(erased.filter(synced_at__gt=F("erased_at")).values_list("pk", flat=True))
    tables: list[type[Model]] = [*_FORGOTTEN, models.Order]
    for table in tables:
        touched |= set(on_primary(table).filter(later).values_list("customer_id", flat=True))
    again = erased.filter(pk__in=touched).defer("raw")
    return sum(bool(erase_customer(customer)) for customer in again)


def erased_since(moment: datetime) -> list[str]:
    """The ids of customers forgotten since then. One query."""
    recent = on_primary(models.Customer).filter(erased_at__gte=moment)
    return list(recent.values_list("pk", flat=True))


def erase_local_grants(subscriber: Any) -> int:
    """Forget why benefits were given by hand; the grants stay. One statement."""
    mine = on_primary(models.BenefitGrant).filter(subscriber=subscriber, customer=None)
    return mine.exclude(reason="").update(reason="")


def _lines(raw: Any) -> list[dict[str, Any]]:
    items = raw.get("items") if isinstance(raw, dict) else None
    return [
        {name: item[name] for name in _LINE if name in item}
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
