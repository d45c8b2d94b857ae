"""A project that reads from a replica: what decides is read where it is written."""

import pytest
from django.contrib.auth.models import User

from polar_django import outbox, signals
from polar_django.mirror.answers import apply_answer, stored_keys
from polar_django.mirror.linking import link_customer
from polar_django.models import BenefitGrant, Customer, Subscription, WebhookDelivery
from polar_django.snapshots import Answer, MemberSnapshot, Observation, OrderSnapshot
from polar_django.webhooks import inbox, processing
from tests.mirror.worlds import apply, at, customer, event, grant, state, subscription
from tests.webhooks.deliveries import stored, subscription_body

pytestmark = pytest.mark.django_db


class ReadsFromReplica:
    """The replica does not exist, so that whatever is read there fails."""

    def db_for_read(self, model, **_):
        return "replica"

    def db_for_write(self, model, **_):
        return "default"


@pytest.fixture
def linked_ada(db):
    """Ada and her customer, and the same customer without a link."""
    return User.objects.create_user("ada")


@pytest.fixture
def replica(linked_ada, settings):
    settings.DATABASE_ROUTERS = [ReadsFromReplica()]


def rows(model):
    return model.objects.using("default")


def test_deliveries_are_processed_and_told(linked_ada, replica):
    heard = []

    def receiver(subscriber, **_):
        heard.append(subscriber)

    signals.subscription_activated.connect(receiver)
    try:
        owner = {"id": "cus_1", "external_id": str(linked_ada.pk)}
        stored(subscription_body(seconds=0, customer=owner))
        assert processing.drain().processed == 1
        one = stored(subscription_body(seconds=1, status="past_due"))
        assert processing.drain(only=one.pk).processed == 1
        outbox.send_all()
    finally:
        signals.subscription_activated.disconnect(receiver)
    assert heard == [linked_ada]
    assert rows(Subscription).get().status == "past_due"
    assert inbox.backlog().due == 0
    assert inbox.replay(rows(WebhookDelivery))
    assert inbox.purge(-1, states=["pending"]) == 2


def test_everything_the_mirror_compares_with_is_read_where_it_writes(linked_ada, replica):
    owner = customer(external_id=str(linked_ada.pk), type="team")
    worker = MemberSnapshot(id="mem_1", customer_id="cus_ada", external_id=str(linked_ada.pk))
    order = OrderSnapshot(id="order_1", customer_id="cus_ada", checkout_id="checkout_1", seats=3)
    seat = grant(member_id="mem_1", subscription_id="sub_1", order_id="order_1", for_team=True)
    apply(event(seat, order, seconds=1))
    apply(event(owner, worker, subscription(seats=3), seconds=2))
    assert apply(event(seconds=60, state=state(of=owner))).customers_to_read == {"cus_ada"}
    held = rows(BenefitGrant).get()
    assert (held.subscriber_id, held.is_seat) == (linked_ada.pk, True)


def test_an_answer_is_compared_with_what_is_stored_where_it_is_written(replica):
    apply(event(subscription(), seconds=5))
    keys = stored_keys(Subscription(pk="sub_1"))
    assert keys == {"sub_1": at(5)}
    seen = Observation(snapshot=subscription("canceled"))
    apply_answer(Answer(provider="polar", answered_at=at(6), observations=(seen,)), sent=keys)
    assert rows(Subscription).get().status == "canceled"


def test_a_customer_is_linked_by_hand(linked_ada, replica):
    apply(event(customer(), seconds=1))
    link_customer(rows(Customer).get(), linked_ada)
    assert rows(Customer).get().subscriber_id == linked_ada.pk
