"""In which order a walk reads the provider's lists, and the lists that every parent has of its own.

The members of a team and the seats of a purchase are read parent by parent, in the order of ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from polar_django.models import Customer, Member, Order, Subscription
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary

__all__ = ["KINDS", "Scope", "Step", "steps_from"]

# Parents before their children, so that few rows wait for what they point to.
KINDS = (
    "meters",
    "benefits",
    "products",
    "discounts",
    "customers",
    "members",
    "checkouts",
    "subscriptions",
    "orders",
    "customer_seats",
    "refunds",
    "benefit_grants",
    "license_keys",
    "customer_meters",
)
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """The parents that have such a list, and the filter that names one of them."""

    parents: type[MirroredModel]
    condition: Q
    filter: str

    def ids(self, provider: str, *, after: str = "", **only: str) -> Iterator[str]:
        """The parents' ids beyond that one, in order. One query for two hundred."""
        rows = on_primary(self.parents).filter(self.condition, provider=provider, **only)
        while chunk := list(
            rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_CHUNK]
        ):
            yield from chunk
            after = chunk[-1]


_LIVING_MEMBER = Exists(Member.objects.filter(customer=OuterRef("pk"), deleted_at__isnull=True))
SCOPES: Mapping[str, Sequence[Scope]] = {
    # A living individual has one member, itself.
    "members": (
        Scope(
            Customer,
            Q(type="team", deleted_at__isnull=True)
            | (Q(deleted_at__isnull=False) & Q(_LIVING_MEMBER)),
            "customer_id",
        ),
    ),
    "customer_seats": (
        Scope(Subscription, Q(seats__isnull=False), "subscription_id"),
        Scope(Order, Q(seats__isnull=False, subscription__isnull=True), "order_id"),
    ),
}
_ONLY_BY_PARENT = frozenset({"customer_seats"})


@dataclass(frozen=True, slots=True)
class Step:
    """One list of a kind, or, with a scope, the lists of all its parents."""

    kind: str
    scope: Scope | None = None

    @property
    def name(self) -> str:
        return f"{self.kind} {self.scope.filter}" if self.scope else self.kind


def steps_from(name: str, kinds: Sequence[str]) -> list[Step]:
    """The steps of a walk over these kinds from the one of that name on; "" is the first."""
    steps = []
    for kind in kinds:
        if kind not in _ONLY_BY_PARENT:
            steps.append(Step(kind))
        steps.extend(Step(kind, scope) for scope in SCOPES.get(kind, ()))
    names = [step.name for step in steps]
    return steps[names.index(name) :] if name in names else steps
