import itertools

import pytest

from polar_django.models import BenefitGrant, Customer, CustomerMeter, Subscription, Transition
from polar_django.snapshots import CustomerMeterSnapshot, CustomerState
from tests.mirror.worlds import apply, at, customer, event, grant, revoked, state, subscription

pytestmark = pytest.mark.django_db


def listed(granted_at, id="grant_1"):
    """A grant as a state lists it: no purchase, no member."""
    return grant(id, granted_at=granted_at)


def test_a_state_made_just_after_a_revocation_does_not_grant_again():
    apply(event(revoked(revoked_at=at(5)), seconds=5))
    apply(event(state=state(listed(at(1))), seconds=5.015))
    assert not BenefitGrant.objects.active().exists()


def test_a_state_that_lists_a_later_grant_grants_again():
    apply(event(revoked(revoked_at=at(5), subscription_id="sub_1"), seconds=5))
    apply(event(state=state(listed(at(8))), seconds=9))
    row = BenefitGrant.objects.active().get()
    assert (row.granted_at, row.subscription_id) == (at(8), "sub_1")
    apply(event(revoked(revoked_at=at(6)), seconds=6))
    assert BenefitGrant.objects.active().exists()
    apply(event(revoked(revoked_at=at(10)), seconds=10))
    assert not BenefitGrant.objects.active().exists()


def test_a_grant_nobody_told_of_is_taken_from_a_state_and_yields_to_the_whole():
    apply(event(state=state(listed(at(1))), seconds=9))
    assert BenefitGrant.objects.active().count() == 1
    apply(event(grant(granted_at=at(1), order_id="order_1"), seconds=1.01))
    assert BenefitGrant.objects.get().order_id == "order_1"


def test_a_teams_state_creates_no_grant_but_asks_for_a_read():
    team = customer("cus_ada", type="team")
    applied = apply(event(state=state(listed(at(1)), of=team), seconds=9))
    assert not BenefitGrant.objects.exists()
    assert applied.customers_to_read == {"cus_ada"}


def test_the_state_of_a_deleted_customer_grants_nothing_and_asks_for_a_read():
    """Recorded: it comes after the deletion, and before all of the revocations."""
    gone = customer(deleted_at=at(1))
    applied = apply(event(state=state(grant(), of=gone), seconds=2))
    assert not BenefitGrant.objects.exists()
    assert applied.customers_to_read == {"cus_ada"}
    apply(event(revoked(revoked_at=at(1)), seconds=1))
    apply(event(state=state(grant(granted_at=at(3)), of=gone), seconds=4))
    assert not BenefitGrant.objects.active().exists()


def test_a_late_state_grants_nothing_to_a_customer_who_is_deleted_by_now():
    apply(event(customer(deleted_at=at(9)), seconds=9))
    applied = apply(event(state=state(grant()), seconds=2))
    assert not BenefitGrant.objects.exists()
    assert applied.customers_to_read == {"cus_ada"}


def test_absence_revokes_nothing_by_itself_but_asks_for_a_read():
    apply(event(grant(), seconds=1))
    soon = apply(event(state=state(), seconds=2))
    assert soon.customers_to_read == frozenset()
    late = apply(event(state=state(), seconds=60))
    assert late.customers_to_read == {"cus_ada"}
    assert BenefitGrant.objects.active().exists()


def test_only_the_newest_of_several_states_is_compared():
    apply(event(grant(), seconds=1))
    applied = apply(event(state=state(listed(at(0))), seconds=90), event(state=state(), seconds=60))
    assert applied.customers_to_read == frozenset()


def test_the_customer_and_the_meters_are_taken_from_a_state():
    meter = CustomerMeterSnapshot(
        id="cm_1", customer_id="cus_ada", meter_id="met_1", credited_units=10, balance=-2.5
    )
    newer = CustomerState(customer=customer(name="New"), meters=(meter,))
    apply(event(customer(name="Old"), seconds=1), event(state=newer, seconds=2))
    assert Customer.objects.get().name == "New"
    assert CustomerMeter.objects.get().balance == -2.5


def test_a_states_subscription_fills_a_gap_and_overwrites_nothing():
    reduced = CustomerState(customer=customer(), subscriptions=(subscription("active"),))
    apply(event(state=reduced, seconds=9))
    assert Subscription.objects.get().status == "active"
    apply(event(subscription("past_due"), seconds=8))
    apply(event(state=reduced, seconds=10))
    assert Subscription.objects.get().status == "past_due"


def test_a_state_and_the_grants_own_events_end_the_same_in_any_order():
    told = [
        event(grant(granted_at=at(1), order_id="order_1"), seconds=1.01),
        event(revoked(revoked_at=at(5), order_id="order_1"), seconds=5.01),
        event(state=state(listed(at(8))), seconds=9),
    ]
    ends = set()
    for order in itertools.permutations(told):
        BenefitGrant.objects.all().delete()
        for one in order:
            apply(one)
        row = BenefitGrant.objects.get()
        ends.add((row.is_granted, row.granted_at, row.revoked_at, row.as_of, row.order_id))
    assert ends == {(True, at(8), None, at(5.01), "order_1")}


def test_a_grant_taken_from_a_state_is_news_once():
    apply(event(state=state(listed(at(1))), seconds=9))
    apply(event(grant(granted_at=at(1)), seconds=1.01))
    assert Transition.objects.filter(name="benefit_granted").count() == 1


def test_a_grant_that_only_states_have_told_of_is_read_from_the_provider():
    """Its own events were lost, and this state comes after the newer one that lists nothing."""
    apply(event(state=state(), seconds=60))
    applied = apply(event(state=state(listed(at(1))), seconds=9))
    assert applied.customers_to_read == {"cus_ada"}
    apply(event(grant(granted_at=at(1)), seconds=1.01))
    assert apply(event(state=state(listed(at(1))), seconds=90)).customers_to_read == frozenset()
