"""The judge: the provider's own lists against the mirror's tables, row for row, column by column.

It reads the lists with a client of its own, and knows nothing of how the app parses them: a column
is compared with what the provider calls by the same name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from django.contrib.auth import get_user_model
from django.db.models import Model, Q
from django.utils.dateparse import parse_datetime

from polar_django.entitlements import entitlements_for
from polar_django.models import (
    Benefit,
    BenefitGrant,
    CheckoutSession,
    Customer,
    CustomerMeter,
    Discount,
    LicenseKey,
    Member,
    Meter,
    Order,
    Price,
    Product,
    Refund,
    Seat,
    Subscription,
)

__all__ = ["Difference", "compare", "wrong_gates"]

Items = Callable[[httpx.Client], Iterator[dict[str, Any]]]

# A grant's `user_id` is an account of the provider's there and a user of ours here; who holds what
# is for `wrong_gates` to judge. A delivery's `raw` has more than a list's.
NOT_COMPARED = frozenset({"raw", "user_id"})


def listing(api: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Every object of a list of the provider's, page by page."""
    number = 1
    while True:
        answer = api.get(path, params={"limit": 100, "page": number})
        answer.raise_for_status()
        data = answer.json()
        yield from data["items"]
        if number >= data["pagination"]["max_page"]:
            return
        number += 1


def _all(path: str) -> Items:
    return lambda api: listing(api, path)


def _prices(api: httpx.Client) -> Iterator[dict[str, Any]]:
    """What each product lists: its current prices."""
    for product in listing(api, "/v1/products/"):
        yield from product["prices"]


def _seats(api: httpx.Client) -> Iterator[dict[str, Any]]:
    """The seats of every purchase that has some."""
    for path, name in (("/v1/subscriptions/", "subscription_id"), ("/v1/orders/", "order_id")):
        for purchase in listing(api, path):
            if purchase["seats"] and not purchase.get("subscription_id"):
                answer = api.get("/v1/customer-seats", params={name: purchase["id"]})
                answer.raise_for_status()
                yield from answer.json()["seats"]


# Each table: what the provider has of it, and which of the rows here must be there.
LISTS: Mapping[type[Model], tuple[Items, Q]] = {
    Meter: (_all("/v1/meters/"), Q()),
    Benefit: (_all("/v1/benefits/"), Q(is_deleted=False)),
    Product: (_all("/v1/products/"), Q()),
    Price: (_prices, Q(source="catalog", is_archived=False)),
    Discount: (_all("/v1/discounts/"), Q(deleted_at=None)),
    Customer: (_all("/v1/customers/"), Q(deleted_at=None)),
    Member: (_all("/v1/members/"), Q(deleted_at=None)),
    CheckoutSession: (_all("/v1/checkouts/"), Q()),
    Subscription: (_all("/v1/subscriptions/"), Q()),
    Seat: (_seats, ~Q(status="revoked")),
    Order: (_all("/v1/orders/"), Q()),
    Refund: (_all("/v1/refunds/"), Q()),
    BenefitGrant: (_all("/v1/benefit-grants/"), Q()),
    LicenseKey: (_all("/v1/license-keys/"), Q()),
    CustomerMeter: (_all("/v1/customer-meters/"), Q(customer__deleted_at=None)),
}


@dataclass(slots=True)
class Difference:
    """What differs in one table: ids missing here, ids too many here, columns by id."""

    seen: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    wrong: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.wrong)

    def __str__(self) -> str:
        shown = [f"{len(self.missing)} missing {self.missing[:3]}"] if self.missing else []
        shown += [f"{len(self.extra)} too many {self.extra[:3]}"] if self.extra else []
        for key, columns in list(self.wrong.items())[:5]:
            values = ", ".join(
                f"{n}: {theirs!r} is {ours!r}" for n, (theirs, ours) in columns.items()
            )
            shown.append(f"{key}: {values}")
        return "; ".join(shown) or f"{self.seen} equal"


def compare(api: httpx.Client) -> dict[str, Difference]:
    """Every list against its table, by the table's name. Two queries a table."""
    found = {}
    for table, (items, listed) in LISTS.items():
        difference = found[table.__name__] = Difference()
        rows = {row.pk: row for row in table._default_manager.filter(provider="polar")}
        seen = set()
        for item in items(api):
            difference.seen += 1
            seen.add(item["id"])
            row = rows.get(item["id"])
            if row is None:
                difference.missing.append(item["id"])
            elif columns := dict(_differing(item, row)):
                difference.wrong[item["id"]] = columns
        standing = table._default_manager.filter(listed, provider="polar")
        difference.extra = sorted({*standing.values_list("pk", flat=True)} - seen)
    return found


def _differing(item: Mapping[str, Any], row: Model) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for column in row._meta.concrete_fields:
        name = column.attname
        if name in item and name not in NOT_COMPARED:
            ours, theirs = getattr(row, name), item[name]
            if isinstance(ours, datetime) and isinstance(theirs, str):
                theirs = parse_datetime(theirs)
            if isinstance(ours, Decimal):
                theirs = Decimal(theirs)
            if theirs != ours:
                yield name, (theirs, ours)


def wrong_gates(api: httpx.Client) -> list[str]:
    """The people whose gates are not open for exactly what the provider grants them."""
    keys = {each["id"]: each["metadata"]["key"] for each in listing(api, "/v1/benefits/")}
    held: dict[str, set[str]] = defaultdict(set)
    seats: dict[str, set[str]] = defaultdict(set)
    for grant in listing(api, "/v1/benefit-grants/"):
        if not grant["is_granted"] or grant["is_revoked"]:
            continue
        customer, member = grant["customer"], grant.get("member") or {}
        owner = customer["external_id"]
        if customer["type"] == "team" and member.get("external_id"):
            seats[member["external_id"]].add(keys[grant["benefit_id"]])
        if owner is not None and (customer["type"] != "team" or grant["order_id"]):
            held[owner].add(keys[grant["benefit_id"]])
    wrong = []
    for user in get_user_model().objects.all():
        wanted = held[str(user.pk)] | seats[str(user.pk)]
        opened = set(entitlements_for(user).keys)
        if opened != wanted:
            wrong.append(f"{user.pk}: {sorted(opened)} instead of {sorted(wanted)}")
    return wrong
