"""The judge: the provider's own lists against the mirror's tables, row for row, column by column.

It reads the lists with a client of its own, and knows nothing of how the app parses them: a column
is compared with what the provider calls by the same name.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    Order,
    Product,
    Subscription,
)

__all__ = ["Difference", "compare", "wrong_gates"]

# By the address of the list: the table, and which of its rows the provider still lists.
LISTS: Mapping[str, tuple[type[Model], Q]] = {
    "/v1/benefits/": (Benefit, Q(is_deleted=False)),
    "/v1/products/": (Product, Q()),
    "/v1/customers/": (Customer, Q(deleted_at=None)),
    "/v1/checkouts/": (CheckoutSession, Q()),
    "/v1/subscriptions/": (Subscription, Q()),
    "/v1/orders/": (Order, Q()),
    "/v1/benefit-grants/": (BenefitGrant, Q()),
}
# A grant's `user_id` is an account of the provider's there and a user of ours here; who holds what
# is for `wrong_gates` to judge. A delivery's `raw` has more than a list's.
NOT_COMPARED = frozenset({"raw", "user_id"})


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
    """Every list against its table, by the table's name. One query a table."""
    found = {}
    for path, (table, listed) in LISTS.items():
        difference = found[table.__name__] = Difference()
        rows = {row.pk: row for row in table._default_manager.filter(listed, provider="polar")}
        for item in listing(api, path):
            difference.seen += 1
            row = rows.pop(item["id"], None)
            if row is None:
                difference.missing.append(item["id"])
            elif columns := dict(_differing(item, row)):
                difference.wrong[item["id"]] = columns
        difference.extra = sorted(rows)
    return found


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


def _differing(item: Mapping[str, Any], row: Model) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for column in row._meta.concrete_fields:
        name = column.attname
        if name in item and name not in NOT_COMPARED:
            ours, theirs = getattr(row, name), item[name]
            if isinstance(ours, datetime) and isinstance(theirs, str):
                theirs = parse_datetime(theirs)
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
