import pytest
from django.contrib.auth.models import User

from polar_django.exceptions import CustomerConflict, ObjectNotFound
from polar_django.mirror import members
from polar_django.mirror.linking import claim_checkout, link_customer
from polar_django.mirror.locks import locks_of
from polar_django.mirror.members import link_member
from polar_django.models import (
    BenefitGrant,
    CheckoutSession,
    Customer,
    Member,
    Order,
    Subscription,
    Transition,
)
from polar_django.snapshots import (
    CheckoutSnapshot,
    CustomerState,
    MemberSnapshot,
    OrderSnapshot,
)
from tests.mirror.worlds import apply, at, customer, event, grant, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


def test_a_customer_is_linked_by_its_external_id_and_its_children_follow(ada):
    apply(event(grant(), seconds=1), event(subscription(), seconds=1))
    assert BenefitGrant.objects.get().subscriber is None
    apply(event(customer(external_id=str(ada.pk)), seconds=0))
    assert Customer.objects.get().subscriber == ada
    assert BenefitGrant.objects.get().subscriber == ada
    assert Subscription.objects.get().subscriber == ada
    assert Transition.objects.filter(name="customer_linked").count() == 1


def test_a_child_that_embeds_its_customer_is_owned_at_once(ada):
    apply(event(grant(), seconds=1, embedded=[customer(external_id=str(ada.pk))]))
    assert BenefitGrant.objects.get().subscriber == ada


def test_an_external_id_that_is_nobodys_leaves_the_customer_unclaimed(ada):
    for external_id in ("9999", f"0{ada.pk}", "user-1", "", "9" * 40, "staging-1", f" {ada.pk}"):
        apply(event(customer(f"cus_{external_id}", external_id=external_id), seconds=1))
    assert not Customer.objects.filter(subscriber__isnull=False).exists()


def test_a_deleted_customer_never_steals_the_external_id_of_a_living_one(ada):
    apply(event(customer("cus_old", external_id=str(ada.pk), deleted_at=at(1)), seconds=1))
    assert Customer.objects.get().subscriber is None
    apply(event(grant(customer_id="cus_old"), seconds=2))
    assert BenefitGrant.objects.get().subscriber is None


def test_a_deleted_customer_keeps_the_link_it_had(ada):
    apply(event(customer(external_id=str(ada.pk)), seconds=1))
    apply(event(customer(external_id=None, deleted_at=at(2)), seconds=2))
    assert Customer.objects.get().subscriber == ada


def test_an_email_links_nobody(ada):
    User.objects.filter(pk=ada.pk).update(email="ada@example.com")
    apply(event(customer(email="ada@example.com"), seconds=1))
    assert Customer.objects.get().subscriber is None


def test_the_checkout_we_made_tells_the_owner_of_a_customer_without_external_id(ada):
    apply(event(CheckoutSnapshot(id="checkout_1"), seconds=0))
    claim_checkout("checkout_1", ada, plan="pro", next_url="/report/")
    order = OrderSnapshot(id="order_1", customer_id="cus_ada", checkout_id="checkout_1", paid=True)
    apply(event(order, seconds=1, embedded=[customer()]))
    assert Order.objects.get().subscriber == ada
    assert Customer.objects.get().subscriber == ada
    row = CheckoutSession.objects.get()
    assert (row.subscriber, row.plan, row.next_url) == (ada, "pro", "/report/")
    apply(event(CheckoutSnapshot(id="checkout_1", status="succeeded"), seconds=2))
    row.refresh_from_db()
    assert (row.status, row.subscriber, row.plan) == ("succeeded", ada, "pro")


def test_a_checkout_made_for_one_customer_says_nothing_of_another(ada):
    apply(event(CheckoutSnapshot(id="checkout_1", customer_id="cus_ada"), seconds=0))
    claim_checkout("checkout_1", ada, plan="pro", next_url="")
    order = OrderSnapshot(id="order_1", customer_id="cus_bob", checkout_id="checkout_1", paid=True)
    apply(event(order, seconds=1, embedded=[customer("cus_bob")]))
    assert Order.objects.get().subscriber is None
    assert Customer.objects.get().subscriber is None


def test_what_moves_to_another_customer_moves_to_its_owner(ada, bob):
    apply(event(customer("cus_ada", external_id=str(ada.pk)), seconds=0))
    apply(event(customer("cus_bob", external_id=str(bob.pk)), seconds=0))
    apply(event(grant(), subscription(), seconds=1))
    moved = {"customer_id": "cus_bob"}
    apply(event(grant(**moved), subscription(**moved), seconds=2))
    assert BenefitGrant.objects.get().subscriber == bob
    apply(event(grant(customer_id="cus_nobodys"), seconds=3))
    assert BenefitGrant.objects.get().subscriber is None
    assert Subscription.objects.get().subscriber == bob


def test_a_checkout_stays_whose_it_was_asked_for_by_when_it_gets_a_customer(ada):
    apply(event(CheckoutSnapshot(id="checkout_1"), seconds=0))
    claim_checkout("checkout_1", ada, plan="pro", next_url="")
    apply(event(CheckoutSnapshot(id="checkout_1", customer_id="cus_ada"), seconds=1))
    assert CheckoutSession.objects.get().subscriber == ada


def test_linking_by_hand_moves_everything_and_is_told_once(ada):
    apply(event(customer(), seconds=1), event(grant(), seconds=1), event(subscription(), seconds=1))
    for _ in range(2):
        link_customer(Customer.objects.get(), ada)
    assert BenefitGrant.objects.get().subscriber == ada
    assert Subscription.objects.get().subscriber == ada
    assert Transition.objects.filter(name="customer_linked").count() == 1


def test_linking_to_somebody_else_is_refused_unless_meant(ada, bob):
    apply(event(customer(external_id=str(ada.pk)), seconds=1), event(grant(), seconds=1))
    row = Customer.objects.get()
    with pytest.raises(CustomerConflict):
        link_customer(row, bob)
    assert BenefitGrant.objects.get().subscriber == ada
    link_customer(row, bob, replace=True)
    assert BenefitGrant.objects.get().subscriber == bob


def test_a_seat_is_its_members_and_nobody_elses(ada, bob):
    member = MemberSnapshot(id="mem_bob", customer_id="cus_team", external_id=str(bob.pk))
    team = customer("cus_team", type="team", external_id=str(ada.pk))
    seat = grant(
        customer_id="cus_team", member_id="mem_bob", subscription_id="sub_1", for_team=True
    )
    apply(event(seat, seconds=1, embedded=[team, member]))
    row = BenefitGrant.objects.get()
    assert (row.is_seat, row.user, row.subscriber) == (True, bob, ada)
    held = BenefitGrant.objects.active()
    assert not held.held_by(subscriber=ada, user=ada).exists()
    assert held.held_by(subscriber=bob, user=bob).exists()


def test_a_member_known_only_later_gets_the_seat_then(bob):
    seat = grant(
        customer_id="cus_team", member_id="mem_bob", subscription_id="sub_1", for_team=True
    )
    apply(event(seat, seconds=1))
    assert BenefitGrant.objects.get().user is None
    member = MemberSnapshot(id="mem_bob", customer_id="cus_team", external_id=str(bob.pk))
    apply(event(member, seconds=0))
    assert Member.objects.get().user == bob
    assert BenefitGrant.objects.get().user == bob


def test_a_teams_purchase_without_seats_is_everybodys(ada):
    team = customer("cus_team", type="team", external_id=str(ada.pk))
    shared = grant(
        customer_id="cus_team", member_id="mem_1", subscription_id="sub_1", for_team=True
    )
    apply(event(shared, seconds=1, embedded=[team]))
    assert BenefitGrant.objects.get().is_seat  # not known yet: too few rather than too many
    apply(event(subscription(id="sub_1", customer_id="cus_team", seats=None), seconds=0))
    assert not BenefitGrant.objects.get().is_seat
    apply(event(shared, seconds=2))
    assert not BenefitGrant.objects.get().is_seat
    assert BenefitGrant.objects.held_by(subscriber=ada).exists()


def test_a_copy_of_the_purchase_does_not_keep_a_team_out(ada):
    team = customer("cus_team", type="team", external_id=str(ada.pk))
    shared = grant(
        customer_id="cus_team", member_id="mem_1", subscription_id="sub_1", for_team=True
    )
    bought = subscription(id="sub_1", customer_id="cus_team", seats=None)
    order = OrderSnapshot(id="order_1", customer_id="cus_team", subscription_id="sub_1", paid=True)
    apply(event(shared, seconds=3, embedded=[team]))
    apply(event(order, seconds=2, embedded=[bought]))
    apply(event(bought, seconds=1))
    assert not BenefitGrant.objects.get().is_seat
    assert BenefitGrant.objects.active().held_by(subscriber=ada).exists()


@pytest.mark.parametrize("says_seats", [False, True], ids=["without seats", "with seats"])
def test_a_copy_that_does_not_speak_of_seats_opens_a_seat_for_nobody_else(ada, bob, says_seats):
    """Entries of customer states had no `seats` until September 2026, and may come first."""
    team = customer("cus_team", type="team", external_id=str(ada.pk))
    raw = {"id": "sub_1", **({"seats": None} if says_seats else {})}
    listed = subscription(id="sub_1", customer_id="cus_team", raw=raw)
    apply(event(state=CustomerState(customer=team, subscriptions=(listed,)), seconds=0))
    seat = grant(
        customer_id="cus_team", member_id="mem_bob", subscription_id="sub_1", for_team=True
    )
    member = MemberSnapshot(id="mem_bob", customer_id="cus_team", external_id=str(bob.pk))
    apply(event(seat, seconds=1, embedded=[member]))
    held = BenefitGrant.objects.active()
    assert held.held_by(user=bob).exists() is not says_seats
    assert held.held_by(subscriber=ada).exists() is says_seats
    apply(event(subscription(id="sub_1", customer_id="cus_team", seats=None), seconds=2))
    assert held.held_by(subscriber=ada).exists()


def test_linking_a_customer_who_is_not_mirrored_says_what_to_do(ada):
    stranger = Customer(pk="cus_unknown", provider="polar")
    with pytest.raises(ObjectNotFound, match="polar_sync"):
        link_customer(stranger, ada)
    assert not Transition.objects.exists()


def test_a_member_told_of_and_copied_in_one_batch_is_its_user(bob):
    member = MemberSnapshot(id="mem_bob", customer_id="cus_team", external_id=str(bob.pk))
    seat = grant(
        customer_id="cus_team", member_id="mem_bob", subscription_id="sub_1", for_team=True
    )
    apply(event(seat, seconds=1, embedded=[member]), event(member, seconds=2))
    assert Member.objects.get().user == bob
    assert BenefitGrant.objects.get().user == bob


def test_linking_a_member_who_is_not_mirrored_says_what_to_do(ada):
    with pytest.raises(ObjectNotFound, match="polar_sync"):
        link_member(Member(pk="mem_unknown", provider="polar"), ada)


def test_a_member_without_a_customer_is_linked_under_the_lock_of_its_versions(bob, monkeypatch):
    alone = MemberSnapshot(id="mem_bob")
    apply(event(alone))
    taken = set()
    monkeypatch.setattr(members.locking, "take", taken.update)
    link_member(Member.objects.get(), bob)
    assert taken == set(locks_of("polar", alone))
