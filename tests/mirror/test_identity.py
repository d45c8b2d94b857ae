"""Whose a customer is, whatever its external id looks like and in whatever order it is told."""

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from polar_django.models import BenefitGrant, Customer, Member, Order, Subscription, Transition
from polar_django.snapshots import MemberSnapshot, OrderSnapshot
from tests.mirror.worlds import apply, at, customer, event, grant, subscription

OWNED = (BenefitGrant, Subscription, Order)
KEYS = (7, 70)
# What is a number to somebody, and the key of user 7 to nobody.
ODD_FORMS = [
    "007", "07", " 7", "7 ", "7\n", "+7", "-7", "7.0", "7e0", "0x7", "7_0", "0b111", "7,0",
    "\N{ARABIC-INDIC DIGIT SEVEN}", "\N{FULLWIDTH DIGIT SEVEN}", "\N{SUPERSCRIPT SEVEN}",
    "\N{ZERO WIDTH SPACE}7", "\N{RIGHT-TO-LEFT MARK}7", "7\N{COMBINING ENCLOSING KEYCAP}",
    "", "None", "null", "True", "[7]", "7;70", "9" * 255, str(2**31), str(2**63 - 1),
    str(2**63), str(2**64), "-" + "9" * 200,
]  # fmt: skip


@pytest.fixture
def seven(db) -> User:
    User.objects.create_user("seventy", pk=70)
    return User.objects.create_user("seven", pk=7)


def told(external_id):
    """A customer and a member of it with that external id, and who they are taken for."""
    member = MemberSnapshot(id="mem_1", customer_id="cus_1", external_id=external_id)
    apply(event(customer("cus_1", external_id=external_id), member, grant(customer_id="cus_1")))
    row = BenefitGrant.objects.get()
    assert row.subscriber == Customer.objects.get().subscriber
    return row.subscriber, Member.objects.get().user


@pytest.mark.parametrize("external_id", ODD_FORMS)
def test_a_number_written_otherwise_is_nobodys_key(seven, external_id):
    assert told(external_id) == (None, None)
    assert list(Customer.objects.unclaimed()) == [Customer.objects.get()]


@pytest.mark.parametrize(
    ("external_id", "is_sevens"),
    [
        ("staging-7", True),
        ("7", False),
        ("staging-", False),
        ("staging-007", False),
        ("staging- 7", False),
        ("Staging-7", False),
        ("staging7", False),
        (" staging-7", False),
        ("staging-staging-7", False),
        ("production-7", False),
    ],
)
def test_a_prefix_keeps_two_environments_of_one_organization_apart(
    seven, settings, external_id, is_sevens
):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "EXTERNAL_ID_PREFIX": "staging-"}
    assert told(external_id) == ((seven, seven) if is_sevens else (None, None))


class Story:
    """What happens to some customers at the provider, and the events that tell of it."""

    def __init__(self) -> None:
        self.seconds = 0
        self.customers = {}
        self.owners = {}
        self.events = []

    def tell(self, *snapshots, **more):
        self.seconds += 5
        self.events.append(event(*snapshots, seconds=self.seconds, **more))

    def tell_of(self, key, **changes):
        """The customer as it is now. Whose it ever was by its external id, it is for good."""
        known = self.customers.get(key, {"email": "one@example.com"})
        self.customers[key] = {**known, **changes}
        if key not in self.owners and self.is_living(key):
            external_id = self.customers[key].get("external_id")
            if external_id is not None:
                self.owners[key] = int(external_id)
        self.tell(self.copy_of(key))

    def copy_of(self, key):
        return customer(key, **self.customers[key])

    def is_living(self, key):
        return key in self.customers and self.customers[key].get("deleted_at") is None

    def holder_of(self, external_id):
        for key, values in self.customers.items():
            if values.get("external_id") == external_id and self.is_living(key):
                return key
        return None

    def create(self, key, number, _):
        external_id = (None, *map(str, KEYS))[number % 3]
        if key in self.customers or (external_id and self.holder_of(external_id)):
            return
        self.tell_of(key, external_id=external_id)

    def name(self, key, number, _):
        external_id = str(KEYS[number % 2])
        if not self.is_living(key) or self.holder_of(external_id):
            return
        if self.customers[key]["external_id"] is None:
            self.tell_of(key, external_id=external_id)

    def delete(self, key, number, _):
        if self.is_living(key):
            # Anonymized, it keeps its external id, which the next one may have.
            kept = self.customers[key]["external_id"] if number % 2 else None
            self.tell_of(key, deleted_at=at(self.seconds), external_id=kept)

    def buy(self, key, number, is_embedded):
        if not self.is_living(key):
            return
        bought = (
            subscription(id=f"sub_{key}", customer_id=key),
            OrderSnapshot(id=f"ord_{key}", customer_id=key, paid=True),
            grant("gra_moved", customer_id=key),  # it goes from one customer to another
        )[number % 3]
        self.tell(bought, embedded=[self.copy_of(key)] if is_embedded else [])


BEGINNING = [
    ("create", "cus_1", 1, True),
    ("create", "cus_2", 2, True),
    ("buy", "cus_1", 2, True),
    ("buy", "cus_2", 2, True),
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "name", "delete", "buy", "buy", "buy"]),
        st.sampled_from(["cus_1", "cus_2", "cus_3"]),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=4,
    max_size=16,
)


class Identity(TestCase):
    """Found by hypothesis, so that it may shrink a story that goes wrong."""

    @settings(max_examples=120, deadline=None)
    @given(steps=STEPS, data=st.data())
    def test_nothing_is_ever_anothers_and_in_the_end_all_are_their_owners(self, steps, data):
        for key in KEYS:
            User.objects.create_user(f"user{key}", pk=key)
        story = Story()
        for what, *given_to in (*BEGINNING, *steps):
            getattr(story, what)(*given_to)
        waiting = data.draw(st.permutations(story.events))
        while waiting:
            size = data.draw(st.integers(1, 3))
            apply(*waiting[:size])
            waiting = waiting[size:]
            self.assert_nothing_is_anothers(story)
        for key in story.customers:
            if story.is_living(key):
                assert Customer.objects.get(pk=key).subscriber_id == story.owners.get(key)

    def assert_nothing_is_anothers(self, story):
        owners = dict(Customer.objects.values_list("pk", "subscriber_id"))
        for key, owner in owners.items():
            assert owner in (None, story.owners.get(key)), key
        for table in OWNED:
            for row in table.objects.all():
                assert row.subscriber_id == owners.get(row.customer_id), row
        linked = Transition.objects.filter(name="customer_linked").values_list("object_id")
        assert len(linked) == len(set(linked)), "A link is told once"


@pytest.mark.django_db
def test_customers_with_one_address_stay_two(seven):
    """Polar has each address once at a time; over time, and in other cases of letters, more."""
    seven.email = "one@example.com"
    seven.save()
    for key, values in {
        "cus_1": {"email": "one@example.com", "external_id": "7"},
        "cus_2": {"email": "One@Example.com"},
        "cus_3": {"email": "one@example.com", "deleted_at": at(1)},
    }.items():
        apply(event(customer(key, **values), grant(f"of_{key}", customer_id=key), seconds=1))
    owners = dict(Customer.objects.values_list("pk", "subscriber_id"))
    assert owners == {"cus_1": 7, "cus_2": None, "cus_3": None}
    assert BenefitGrant.objects.get(subscriber=seven).pk == "of_cus_1"
    assert list(Customer.objects.unclaimed().values_list("pk", flat=True)) == ["cus_2"]
