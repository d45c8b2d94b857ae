"""Whatever happens on the way, the mirror ends equal to the provider: hypothesis tries."""

from dataclasses import replace

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
from polar_django.mirror.repair import read_again, repair_list
from polar_django.mirror.walking import Patience
from polar_django.models import (
    BenefitGrant,
    Customer,
    LicenseKey,
    Seat,
    Subscription,
    Transition,
)
from polar_django.providers.base import Capability
from polar_django.snapshots import (
    Answer,
    CustomerSnapshot,
    CustomerState,
    Event,
    LicenseKeySnapshot,
    Observation,
    SeatSnapshot,
)
from tests.mirror.worlds import apply as deliver
from tests.mirror.worlds import at, customer, event, grant, subscription

# What is told in events; of license keys none tells.
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
LISTED = {**KINDS, "license_keys": ("key_1",)}
ALL_TABLES = {**TABLES, "license_keys": LicenseKey}
COMES_WITH = {"license_key_id": "key_1", "display_key": "****-ABCDEF"}
OF = {"sub_1": "cus_1", "sub_2": "cus_2", "grant_1": "cus_1", "grant_2": "cus_2"}


class World:
    """A provider with a clock, a log of what it sent, and lists of two."""

    name = "polar"
    capabilities = frozenset({Capability.GRANTS})

    def __init__(self) -> None:
        self.objects = {}
        self.now = 0.0
        self.sent: list[Event] = []
        self.history: list[tuple[float, object]] = []
        self.deleted: dict[str, CustomerSnapshot] = {}

    def tick(self, seconds: float) -> None:
        self.now += seconds

    def set(self, kind: str, key: str, number: int, *, is_told: bool = True) -> None:
        self.tick(0.001)
        moment = at(self.now)
        before = self.objects.get(key)
        made = {"created_at": moment, "modified_at": None}
        if before:
            # Some of what Polar changes leaves it as it was.
            modified = moment if number % 3 else before.modified_at
            made = {"created_at": before.created_at, "modified_at": modified}
        embedded = ()
        if kind == "customers":
            snapshot = customer(key, name=f"name {number}", **made)
        elif kind == "subscriptions":
            status = ("active", "past_due", "canceled")[number % 3]
            snapshot = subscription(
                status, key, customer_id=OF[key], amount=number, seats=1,
                started_at=made["created_at"], **made,
            )  # fmt: skip
            embedded = (customer(OF[key], name="a copy"),)
        elif kind == "benefit_grants":
            granted = number % 2 == 0
            was = before.granted_at if before else None
            snapshot = grant(
                key, customer_id=OF[key], is_granted=granted, is_revoked=not granted,
                granted_at=(was or moment) if granted else None,
                revoked_at=None if granted else moment,
                properties=COMES_WITH if key == "grant_1" else {}, **made,
            )  # fmt: skip
            if key == "grant_1":
                self.set_key(status="granted" if granted else "revoked")
        else:
            member = f"mem_{number}" if number % 2 == 0 else None
            snapshot = SeatSnapshot(
                id=key, subscription_id="sub_1", customer_id="cus_1", member_id=member,
                status="claimed" if member else "revoked", **made,
            )  # fmt: skip
        self.objects[key] = snapshot
        self.history.append((self.now, snapshot))
        if is_told:
            self.sent.append(event(snapshot, seconds=self.now, embedded=embedded))

    def set_twice(self, kind: str, key: str, number: int, gap: float) -> None:
        """Two jobs: the one that stamps its event last has read the object first."""
        before = self.objects.get(key)
        self.set(kind, key, number)
        if before is not None:
            self.tick(gap)
            self.sent.append(event(before, seconds=self.now))

    def set_key(self, **changes):
        """Nobody is told of a key; one that was disabled by hand does not follow its grant."""
        key = self.objects.get("key_1") or LicenseKeySnapshot(
            id="key_1", customer_id="cus_1", benefit_id="ben_pro", created_at=at(self.now),
            display_key=COMES_WITH["display_key"],
        )  # fmt: skip
        if key.status == "disabled":
            changes.pop("status", None)
        self.objects["key_1"] = replace(key, **changes)

    def delete(self, key):
        """A customer that is no more is not listed either, and takes nothing with it here."""
        self.tick(0.001)
        gone = replace(self.objects.pop(key), deleted_at=at(self.now))
        self.deleted[key] = gone
        self.sent.append(event(gone, seconds=self.now, type="customer.deleted"))

    def tell_state(self, key, before):
        """A customer state, made from what was true some milliseconds `before`."""
        moment = at(self.now)
        listed = tuple(
            item
            for name, item in self.was(self.now - before).items()
            if name in KINDS["benefit_grants"] and item.customer_id == key and item.is_granted
        )
        made = CustomerState(customer=self.objects[key], grants=listed)
        self.sent.append(
            Event(provider="polar", type="customer.state_changed", timestamp=moment, state=made)
        )

    def told_of(self, key):
        """The events of that very object."""
        return [one for one in self.sent if key in {seen.snapshot.id for seen in one.observations}]

    def was(self, seconds):
        """Each object as it was then."""
        return {item.id: item for moment, item in self.history if moment <= seconds}

    def get_object(self, kind, object_id):
        if kind not in LISTED:
            raise NotSupported(kind)
        if object_id not in self.objects:
            error = ObjectNotFound("gone", status=404)
            error.answered_at = at(int(self.now))
            raise error
        return self._answer([self.objects[object_id]])

    def list_objects(self, kind, start_page=1, **filters):
        held = [self.objects[key] for key in LISTED.get(kind, ()) if key in self.objects]
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
        for table in (*ALL_TABLES.values(), Transition):
            table.objects.all().delete()
        self.world = World()
        self.newest: dict[str, object] = {}

    @rule(target_key=keys, number=st.integers(0, 9), wait=st.sampled_from([0.0, 0.3, 1.2, 5.0]))
    def change(self, target_key, number, wait):
        self.world.tick(wait)
        if target_key[1] not in self.world.deleted:
            self.world.set(*target_key, number)

    @rule(target_key=keys, number=st.integers(0, 9), gap=st.sampled_from([0.001, 0.4, 1.5]))
    def a_change_is_told_out_of_order(self, target_key, number, gap):
        if target_key[1] not in self.world.deleted:
            self.world.set_twice(*target_key, number, gap)

    @rule(
        key=st.sampled_from(KINDS["benefit_grants"]),
        number=st.integers(0, 1),
        is_known=st.booleans(),
    )
    def a_state_makes_up_for_what_was_not_told_of_a_grant(self, key, number, is_known):
        """Its own events are lost: of a grant that is mirrored, or one that nobody has heard of."""
        if OF[key] in self.world.objects and is_known == (key in self.world.objects):
            self.everything_of(key)
            self.world.set("benefit_grants", key, number, is_told=False)
            self.world.tick(20)
            self.world.tell_state(OF[key], 0.0)
            self.settle(deliver(self.world.sent[-1]))
            row = BenefitGrant.objects.filter(pk=key).first()
            assert (row is not None and row.is_granted) == (number == 0)

    @rule(key=st.sampled_from(KINDS["benefit_grants"]))
    def a_state_lags_behind_a_revocation(self, key):
        if OF[key] in self.world.objects:
            self.world.set("benefit_grants", key, 0)
            self.world.tick(1)
            self.world.set("benefit_grants", key, 1)
            self.world.tick(0.015)
            self.world.tell_state(OF[key], 0.0155)
            for one in self.world.sent[-3:]:
                self.settle(deliver(one))
            assert not BenefitGrant.objects.active().filter(pk=key).exists()

    @rule(data=st.data())
    def all_arrive_once_more(self, data):
        """In whatever order, alone or in batches: they end in what is so."""
        waiting = data.draw(st.permutations(self.world.sent))
        while waiting:
            size = data.draw(st.integers(1, 4))
            self.settle(deliver(*waiting[:size]))
            waiting = waiting[size:]
        self.assert_all_is_said()

    def everything_of(self, key):
        for one in self.world.told_of(key):
            self.settle(deliver(one))

    @rule(usage=st.integers(0, 9), disable=st.booleans())
    def a_key_is_used_or_disabled(self, usage, disable):
        if "key_1" in self.world.objects:
            self.world.tick(0.001)
            self.world.set_key(usage=usage, **({"status": "disabled"} if disable else {}))

    @rule(key=st.sampled_from(KINDS["customers"]))
    def a_customer_is_deleted(self, key):
        if key in self.world.objects:
            self.world.delete(key)

    @rule(key=st.sampled_from(KINDS["customers"]), before=st.sampled_from([0.0, 0.015, 0.5]))
    def a_state_is_told(self, key, before):
        if key in self.world.objects:
            self.world.tick(0.001)
            self.world.tell_state(key, before)

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
        for key in applied.customers_to_read:
            repair_list(
                self.world, "benefit_grants", Patience(attempts=1), {"customer_id": key},
                source=None,
            )  # fmt: skip

    @rule(target_key=keys)
    def a_verb_reads(self, target_key):
        kind, key = target_key
        if key in self.world.objects:
            sent = stored_keys(TABLES[kind](pk=key))
            self.settle(apply_answer(self.world.get_object(kind, key), sent=sent))

    @rule(target_key=keys, number=st.integers(0, 9))
    def a_read_crosses_a_delivery(self, target_key, number):
        kind, key = target_key
        if key in self.world.objects:
            sent = stored_keys(TABLES[kind](pk=key))
            answer = self.world.get_object(kind, key)
            self.world.tick(3)
            self.world.set(kind, key, number)
            self.settle(deliver(self.world.sent[-1]))
            self.settle(apply_answer(answer, sent=sent))
            assert self.says(kind, key)

    @rule()
    def a_copy(self):
        list(backfill(self.world))

    @rule()
    def a_reconcile(self):
        walk = cursors.begin("polar", "reconcile", restart=True)
        list(reconcile(self.world, walk, Patience(attempts=1)))
        reached = [(kind, key) for kind, ids in LISTED.items() for key in ids]
        if "sub_1" not in self.world.objects:
            reached.remove(("customer_seats", "seat_1"))  # it is listed by its purchase only
        for kind, key in reached:
            assert self.says(kind, key), (kind, key)

    def says(self, kind, key):
        row = ALL_TABLES[kind].objects.filter(pk=key).first()
        if key in self.world.deleted:
            return row is None or row.deleted_at is not None
        wanted = self.world.objects.get(key)
        if wanted is None:
            # A customer who was only seen in a purchase: a copy, until the provider denies them.
            return row is None or row.as_of is None or row.deleted_at is not None
        if row is None:
            return False
        names = ("status", "amount", "name", "is_granted", "is_revoked", "member_id",
                 "usage", "display_key")  # fmt: skip
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
        self.assert_all_is_said()
        self.a_reconcile()

    def assert_all_is_said(self):
        for kind, ids in KINDS.items():
            for key in ids:
                unheard = key in self.world.objects and not self.world.told_of(key)
                if unheard and not self.world.objects[key].is_granted:
                    assert not BenefitGrant.objects.active().filter(pk=key).exists()
                else:
                    assert self.says(kind, key), (kind, key)


class TestInterleavings(Interleavings.TestCase, TestCase):
    settings = settings(
        max_examples=40,
        stateful_step_count=20,
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
