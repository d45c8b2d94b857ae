"""Whatever happens on the way, the mirror ends equal to the provider: hypothesis tries."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polar_django.exceptions import NotSupported, ObjectNotFound
from polar_django.mirror import cursors
from polar_django.mirror.answers import apply_answer, stored_keys
from polar_django.mirror.backfill import backfill
from polar_django.mirror.reconcile import reconcile
from polar_django.mirror.repair import read_again
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, Customer, Seat, Subscription, Transition
from polar_django.providers.base import Capability
from polar_django.snapshots import Answer, Event, Observation, SeatSnapshot
from tests.mirror.worlds import apply as deliver
from tests.mirror.worlds import at, customer, event, grant, subscription

KINDS = {
    "customers": ("cus_1", "cus_2"),
    "subscriptions": ("sub_1", "sub_2"),
    "benefit_grants": ("grant_1", "grant_2"),
    "customer_seats": ("seat_1",),
}
TABLES = {
    "customers": Customer,
    "subscriptions": Subscription,
    "benefit_grants": BenefitGrant,
    "customer_seats": Seat,
}
OF = {"sub_1": "cus_1", "sub_2": "cus_2", "grant_1": "cus_1", "grant_2": "cus_2"}


class World:
    """A provider with a clock, a log of what it sent, and lists of two."""

    name = "polar"
    capabilities = frozenset({Capability.GRANTS})

    def __init__(self) -> None:
        self.objects = {}
        self.now = 0.0
        self.sent: list[Event] = []

    def tick(self, seconds: float) -> None:
        self.now += seconds

    def set(self, kind: str, key: str, number: int) -> None:
        self.tick(0.001)
        moment = at(self.now)
        before = self.objects.get(key)
        made = {"created_at": before.created_at if before else moment, "modified_at": None}
        if kind == "customers":
            snapshot = customer(key, name=f"name {number}", **made)
        elif kind == "subscriptions":
            status = ("active", "past_due", "canceled")[number % 3]
            snapshot = subscription(
                status, key, customer_id=OF[key], amount=number, seats=1,
                started_at=made["created_at"], **made,
            )  # fmt: skip
        elif kind == "benefit_grants":
            granted = number % 2 == 0
            snapshot = grant(
                key, customer_id=OF[key], is_granted=granted, is_revoked=not granted,
                granted_at=moment if granted else None,
                revoked_at=None if granted else moment, **made,
            )  # fmt: skip
        else:
            member = f"mem_{number}" if number % 2 == 0 else None
            snapshot = SeatSnapshot(
                id=key, subscription_id="sub_1", customer_id="cus_1", member_id=member,
                status="claimed" if member else "revoked", **made,
            )  # fmt: skip
        self.objects[key] = snapshot
        self.sent.append(event(snapshot, seconds=self.now))

    def get_object(self, kind, object_id):
        if kind not in KINDS:
            raise NotSupported(kind)
        if object_id not in self.objects:
            raise ObjectNotFound("gone", status=404)
        return self._answer([self.objects[object_id]])

    def list_objects(self, kind, start_page=1, **filters):
        held = [self.objects[key] for key in KINDS.get(kind, ()) if key in self.objects]
        for name, value in filters.items():
            held = [item for item in held if getattr(item, name) == value]
        held.sort(key=lambda item: (getattr(item, "started_at", None) or item.created_at, item.id))
        for start in range((start_page - 1) * 2, len(held), 2):
            yield self._answer(held[start : start + 2])

    def _answer(self, snapshots):
        seen = tuple(Observation(snapshot=item) for item in snapshots)
        # As the `Date` header: whole seconds.
        moment = at(int(self.now))
        return Answer(provider="polar", answered_at=moment, observations=seen)


class Interleavings(RuleBasedStateMachine):
    """Deliveries late, twice, swapped or never; reads, copies and repairs in between."""

    keys = st.sampled_from([(kind, key) for kind, ids in KINDS.items() for key in ids])

    def __init__(self) -> None:
        super().__init__()
        for table in (*TABLES.values(), Transition):
            table.objects.all().delete()
        self.world = World()
        self.newest: dict[str, object] = {}

    @rule(target_key=keys, number=st.integers(0, 9), wait=st.sampled_from([0.0, 0.3, 1.2, 5.0]))
    def change(self, target_key, number, wait):
        self.world.tick(wait)
        self.world.set(*target_key, number)

    @rule(data=st.data())
    def arrives(self, data):
        if self.world.sent:
            size = st.integers(1, 3)
            chosen = data.draw(st.lists(st.sampled_from(range(len(self.world.sent))), min_size=1,
                                        max_size=data.draw(size)))  # fmt: skip
            self.settle(deliver(*(self.world.sent[number] for number in chosen)))

    def settle(self, applied):
        for table, key in applied.unsettled:
            read_again(self.world, table, key, Patience(attempts=1))

    @rule(target_key=keys)
    def a_verb_reads(self, target_key):
        kind, key = target_key
        if key in self.world.objects:
            sent = stored_keys(TABLES[kind](pk=key))
            apply_answer(self.world.get_object(kind, key), sent=sent)

    @rule(target_key=keys, number=st.integers(0, 9))
    def a_read_crosses_a_delivery(self, target_key, number):
        kind, key = target_key
        if key in self.world.objects:
            sent = stored_keys(TABLES[kind](pk=key))
            answer = self.world.get_object(kind, key)
            self.world.tick(3)
            self.world.set(kind, key, number)
            deliver(self.world.sent[-1])
            apply_answer(answer, sent=sent)
            assert self.says(kind, key)

    @rule()
    def a_copy(self):
        list(backfill(self.world))

    @rule()
    def a_reconcile(self):
        walk = cursors.begin("polar", "reconcile", restart=True)
        list(reconcile(self.world, walk, Patience(attempts=1)))
        reached = [(kind, key) for kind, ids in KINDS.items() for key in ids]
        if "sub_1" not in self.world.objects:
            reached.remove(("customer_seats", "seat_1"))  # it is listed by its purchase only
        for kind, key in reached:
            assert self.says(kind, key), (kind, key)

    def says(self, kind, key):
        wanted = self.world.objects.get(key)
        row = TABLES[kind].objects.filter(pk=key).first()
        if wanted is None or row is None:
            return wanted is None and row is None
        names = ("status", "amount", "name", "is_granted", "is_revoked", "member_id")
        return all(
            getattr(row, name) == getattr(wanted, name) for name in names if hasattr(wanted, name)
        )

    @invariant()
    def a_stale_write_never_wins(self):
        for kind, ids in KINDS.items():
            rows = TABLES[kind].objects.filter(pk__in=ids).values_list("pk", "as_of")
            for key, as_of in rows:
                if as_of is not None:
                    assert as_of >= self.newest.get(key, as_of)
                    self.newest[key] = as_of

    def teardown(self):
        # All that was sent has come by now, in some order; or a reconcile makes up for it.
        for one in reversed(self.world.sent):
            self.settle(deliver(one))
        for kind, ids in KINDS.items():
            for key in ids:
                assert self.says(kind, key), (kind, key)


class TestInterleavings(Interleavings.TestCase, TestCase):
    settings = settings(
        max_examples=15,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.django_db
def test_the_same_events_in_any_order_end_in_the_same_rows():
    world = World()
    for number in range(4):
        world.tick(5)
        for kind, ids in KINDS.items():
            world.set(kind, ids[0], number)
    ends = []
    for order in (world.sent, world.sent[::-1], world.sent[::2] + world.sent[1::2]):
        for table in TABLES.values():
            table.objects.all().delete()
        for one in order:
            deliver(one)
        ends.append([
            list(table.objects.order_by("pk").values_list()) for table in TABLES.values()
        ])  # fmt: skip
    stripped = [[[_without_sync(row) for row in rows] for rows in end] for end in ends]
    assert stripped[0] == stripped[1] == stripped[2]


def _without_sync(row):
    """`synced_at` is ours: when it was written."""
    return row[:5] + row[6:]
