"""Two versions within two seconds that disagree: the provider is asked again, by a task."""

from dataclasses import replace

import pytest

from polar_django import tasks
from polar_django.exceptions import ObjectNotFound, ProviderUnavailable
from polar_django.mirror.answers import apply_answer
from polar_django.mirror.repair import read_again, repair_list
from polar_django.mirror.walking import Patience
from polar_django.models import BenefitGrant, Customer, Member, Seat, Subscription
from polar_django.providers.base import Capability
from polar_django.snapshots import Answer, MemberSnapshot, Observation, SeatSnapshot
from tests.mirror.worlds import apply, at, customer, event, grant, revoked, subscription
from tests.webhooks.deliveries import states, stored, subscription_body

pytestmark = pytest.mark.django_db

SUB = ("subscription", "sub_1")


class Provider:
    """Answers with what it holds; `asked` lists the calls."""

    name = "polar"
    capabilities = frozenset({Capability.GRANTS})

    def __init__(self, *snapshots, seconds=100):
        self.held, self.seconds, self.asked = snapshots, seconds, []

    def get_object(self, kind, object_id):
        self.asked.append((kind, object_id))
        found = [item for item in self.held if item.id == object_id]
        if not found:
            raise ObjectNotFound("Gone.", status=404)
        return self._answer(found)

    def list_objects(self, kind, **filters):
        self.asked.append((kind, filters))
        if self.held:
            yield self._answer(self.held)

    def _answer(self, snapshots):
        seen = tuple(Observation(snapshot=item) for item in snapshots)
        return Answer(provider="polar", answered_at=at(self.seconds), observations=seen)


def test_a_late_version_that_disagrees_is_dropped_and_asked_for():
    apply(event(subscription("active"), seconds=10))
    applied = apply(event(subscription("canceled"), seconds=8))
    assert Subscription.objects.get().status == "active"
    assert applied.unsettled == {SUB}


@pytest.mark.parametrize(
    ("stale", "seconds"),
    [
        (subscription("canceled"), 7.9),  # far apart: their order is sure
        (subscription("active"), 9),  # says the same
        (subscription("canceled", modified_at=at(10.5)), 10.5),  # newer by both clocks
        (subscription("canceled"), 12.1),
    ],
)
def test_nothing_is_asked_where_the_order_is_sure_or_the_content_the_same(stale, seconds):
    apply(event(subscription("active"), seconds=10))
    assert apply(event(stale, seconds=seconds)).unsettled == frozenset()


@pytest.mark.parametrize("modified_at", [None, at(8), at(9)])
def test_a_later_version_that_was_changed_no_later_is_written_and_asked_for(modified_at):
    """Two jobs of the provider: the one that stamped its event last had read the object first."""
    apply(event(subscription("canceled", modified_at=at(9)), seconds=10))
    applied = apply(event(subscription("active", modified_at=modified_at), seconds=10.5))
    assert Subscription.objects.get().status == "active"
    assert applied.unsettled == {SUB}


def test_an_answer_that_is_the_later_one_is_not_asked_for_again():
    apply(event(subscription("canceled"), seconds=10))
    answer = Provider(subscription("active"), seconds=12).get_object("subscriptions", "sub_1")
    assert apply_answer(answer).unsettled == frozenset()


def test_two_versions_of_one_moment_are_asked_for_whichever_came_last():
    apply(event(subscription("active"), seconds=10))
    assert apply(event(subscription("canceled"), seconds=10)).unsettled == {SUB}
    assert apply(event(subscription("canceled"), seconds=10)).unsettled == frozenset()


def test_the_delivery_is_processed_all_the_same_and_a_task_asks(monkeypatch):
    published = []
    monkeypatch.setattr(tasks, "_publish", lambda task, *args: published.append((task.name, args)))
    first = stored(subscription_body(seconds=10, status="active"))
    tasks.drain_inbox()
    second = stored(subscription_body(seconds=9, status="past_due"))
    tasks.drain_inbox()
    assert states([first, second]) == ["processed"] * 2
    assert published == [("polar_django.tasks.read_again", ("polar", *SUB))]


def test_the_task_writes_what_the_provider_says(monkeypatch):
    apply(event(subscription("active"), seconds=10))
    provider = Provider(subscription("past_due"), seconds=5)
    monkeypatch.setattr(tasks, "get_provider", lambda name: provider)
    tasks.read_again("polar", *SUB)
    assert Subscription.objects.get().status == "past_due"
    assert provider.asked == [("subscriptions", "sub_1")]


def test_what_arrives_while_it_is_asked_for_wins():
    apply(event(subscription("active"), seconds=10))
    provider = Provider(subscription("active", amount=1), seconds=12)
    ask = provider.get_object

    def meanwhile(kind, object_id):
        apply(event(subscription("canceled"), seconds=20))
        return ask(kind, object_id)

    provider.get_object = meanwhile
    read_again(provider, *SUB, Patience())
    assert Subscription.objects.get().status == "canceled"


def test_an_object_that_is_no_more_is_marked():
    apply(event(customer(), subscription(), grant(), seconds=10))
    for table, key in (("customer", "cus_ada"), SUB, ("benefitgrant", "grant_1")):
        assert read_again(Provider(), table, key, Patience()).gone == [key]
    assert Customer.objects.get().deleted_at is not None
    assert Subscription.objects.get().status == "canceled"
    assert not BenefitGrant.objects.active().exists()


def test_a_grant_is_read_on_the_list_of_its_customer():
    apply(event(grant("grant_1"), grant("grant_2"), grant("grant_3", customer_id="x"), seconds=10))
    provider = Provider(revoked("grant_1", revoked_at=at(50)))
    read_again(provider, "benefitgrant", "grant_1", Patience())
    assert provider.asked == [("benefit_grants", {"customer_id": "cus_ada"})]
    assert list(BenefitGrant.objects.active().values_list("pk", flat=True)) == ["grant_3"]


def test_a_grant_that_arrived_while_the_list_was_read_is_not_taken_for_absent():
    apply(event(grant("grant_1"), seconds=10))
    provider = Provider(grant("grant_1"))
    listed = provider.list_objects

    def meanwhile(kind, **filters):
        apply(event(grant("grant_2"), seconds=101))
        return listed(kind, **filters)

    provider.list_objects = meanwhile
    read_again(provider, "benefitgrant", "grant_1", Patience())
    assert BenefitGrant.objects.active().count() == 2


def test_half_a_list_proves_nothing():
    apply(event(grant("grant_1"), grant("grant_2"), seconds=10))
    provider = Provider(grant("grant_1"))
    listed = provider.list_objects

    def half(kind, **filters):
        yield from listed(kind, **filters)
        raise ProviderUnavailable("cut off")

    provider.list_objects = half
    with pytest.raises(ProviderUnavailable):
        read_again(provider, "benefitgrant", "grant_1", Patience(attempts=1))
    assert BenefitGrant.objects.active().count() == 2


def test_what_moves_to_another_page_while_the_list_is_read_is_not_taken_for_absent():
    """Somebody on the first page is deleted: the first of the second is on neither then."""
    held = [MemberSnapshot(id=f"mem_{number}", customer_id="cus_team") for number in range(4)]
    apply(event(*held, seconds=10))
    reads = [[held[:2], held[3:]], [held[1:3], held[3:]]]

    class Shifting(Provider):
        def list_objects(self, kind, **filters):
            yield from map(self._answer, reads.pop(0))

    drift = repair_list(Shifting(), "members", Patience(), {"customer_id": "cus_team"}, source=None)
    assert drift.gone == []
    assert Member.objects.filter(deleted_at=None).count() == 4
    reads += [[held[1:3], held[3:]]] * 2
    repair_list(Shifting(), "members", Patience(), {"customer_id": "cus_team"}, source=None)
    assert Member.objects.get(deleted_at__isnull=False).pk == "mem_0"


def seat(status="claimed", member="mem_1", **values):
    given = {"subscription_id": "sub_1", "customer_id": "cus_team", "member_id": member}
    return SeatSnapshot(id="seat_1", status=status, **{**given, **values})


EMPTY = replace(seat("revoked", None), customer_id=None)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_who_held_a_revoked_seat_last_is_known_in_any_order(order):
    history = [
        event(seat(member="mem_1"), seconds=10),
        event(seat(member="mem_2"), seconds=20),
        event(EMPTY, seconds=30),
    ]
    for number in order:
        apply(history[number])
    row = Seat.objects.get()
    assert (row.status, row.member_id, row.last_member_id) == ("revoked", None, "mem_2")


def test_a_seat_assigned_anew_names_its_new_holder():
    apply(event(seat(member="mem_1"), seconds=10))
    apply(event(EMPTY, seconds=20))
    apply(event(seat("pending", None, email="new@example.com"), seconds=30))
    row = Seat.objects.get()
    assert (row.last_member_id, row.last_email) == (None, "new@example.com")
