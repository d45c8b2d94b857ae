"""On which of the provider's lists a row is found."""

from collections.abc import Iterable, Iterator, Mapping

from polar_django import models
from polar_django.mirror.tables import TABLES
from polar_django.models.base import MirroredModel
from polar_django.snapshots import ObjectSnapshot

__all__ = ["KIND_OF", "NAMED", "TABLE_OF", "readable", "smallest_list"]

# What the provider calls the list of each table.
KIND_OF: Mapping[type[MirroredModel], str] = {
    models.Meter: "meters",
    models.Benefit: "benefits",
    models.Product: "products",
    models.Discount: "discounts",
    models.Customer: "customers",
    models.Member: "members",
    models.CustomerMeter: "customer_meters",
    models.CheckoutSession: "checkouts",
    models.Subscription: "subscriptions",
    models.Seat: "customer_seats",
    models.Order: "orders",
    models.Refund: "refunds",
    models.BenefitGrant: "benefit_grants",
    models.LicenseKey: "license_keys",
}
TABLE_OF: Mapping[str, type[MirroredModel]] = {kind: table for table, kind in KIND_OF.items()}
NAMED = {table._meta.model_name: table for table in TABLES.values()}
# What is not read one by one: the columns that name the smallest list it is on.
_LISTED_BY: Mapping[type[MirroredModel], tuple[str, ...]] = {
    models.BenefitGrant: ("customer_id",),
    models.Member: ("customer_id",),
    models.Refund: ("order_id",),
    models.Seat: ("subscription_id", "order_id"),
}


def smallest_list(row: MirroredModel) -> dict[str, str] | None:
    """The filters of the smallest list that a row is on: {} where its parent is not known, None
    where it is read by itself."""
    columns = _LISTED_BY.get(type(row))
    if columns is None:
        return None
    return next(({name: getattr(row, name)} for name in columns if getattr(row, name)), {})


def readable(snapshots: Iterable[ObjectSnapshot]) -> Iterator[tuple[str, str]]:
    """What to read again for these objects: one of each list that holds several of them."""
    lists = set()
    for snapshot in snapshots:
        table = TABLES[type(snapshot)]
        place = next((getattr(snapshot, name) for name in _LISTED_BY.get(table, ())), snapshot.id)
        if table in KIND_OF and (table, place) not in lists:
            lists.add((table, place))
            yield table._meta.model_name or "", snapshot.id
