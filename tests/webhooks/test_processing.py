from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from polar_django import signals
from polar_django.entitlements import has_benefit
from polar_django.models import Customer, Subscription, Transition, WebhookDelivery
from polar_django.webhooks import inbox, on, processing
from tests.webhooks.deliveries import body_of, statements, states, stored, subscription_body

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("handlers")]


def test_a_batch_is_written_in_one_transaction_and_settled():
    rows = [stored(subscription_body(f"sub_{number}")) for number in range(5)]
    progress = processing.drain()
    assert (progress.claimed, progress.processed, progress.failed) == (5, 5, 0)
    assert progress.transitions == Transition.objects.count() > 0
    assert states(rows) == ["processed"] * 5
    assert Subscription.objects.count() == 5
    assert all(row.processed_at for row in WebhookDelivery.objects.all())
    assert processing.drain().claimed == 0


def test_one_version_of_a_known_subscription_costs_at_most_eight_statements(
    django_assert_max_num_queries,
):
    processing.drain(only=stored(subscription_body()).pk)
    delivery = stored(subscription_body(status="past_due", seconds=60))
    with django_assert_max_num_queries(30) as captured:
        assert processing.drain(only=delivery.pk).processed == 1
    assert len(statements(captured)) <= 8, statements(captured)
    assert Subscription.objects.get().status == "past_due"


def test_a_batch_costs_hardly_more_than_one(django_assert_max_num_queries):
    for number in range(30):
        stored(subscription_body(f"sub_{number}"))
    with django_assert_max_num_queries(60) as captured:
        assert processing.drain().processed == 30
    assert len(statements(captured)) <= 20, statements(captured)


def test_deliveries_in_any_order_leave_the_newest_version():
    stored(subscription_body(status="canceled", seconds=60))
    stored(subscription_body(status="active", seconds=0))
    processing.drain()
    assert Subscription.objects.get().status == "canceled"


def test_an_active_subscription_opens_nothing_only_its_grant_does(ada):
    owner = {"id": "cus_1", "external_id": str(ada.pk)}
    sold = {"id": "prod_1", "benefits": [{"id": "ben_1", "metadata": {"key": "pro"}}]}
    holds = {"id": "grant_1", "customer_id": "cus_1", "benefit_id": "ben_1"}
    told = [
        (subscription_body(customer=owner, product=sold), False),
        (body_of("benefit_grant.created", seconds=10, is_granted=True, **holds), True),
        (body_of("benefit_grant.revoked", seconds=20, is_revoked=True, **holds), False),
    ]
    for body, opens in told:
        stored(body)
        assert processing.drain().processed == 1
        somebody = type(ada).objects.get()  # what was found is remembered on the object
        assert has_benefit(somebody, "pro") is opens
        assert Subscription.objects.active().filter(subscriber=ada).exists()


def test_of_a_batch_only_the_poison_fails():
    good = [stored(subscription_body(f"sub_{number}")) for number in range(3)]
    unreadable = stored(b"{")
    Customer.objects.create(id="cus_foreign", provider="stripe", synced_at=timezone.now())
    foreign = stored(body_of("customer.updated", id="cus_foreign"))
    progress = processing.drain()
    assert (progress.claimed, progress.processed, progress.failed) == (5, 3, 2)
    assert states(good) == ["processed"] * 3
    assert states([unreadable, foreign]) == ["dead", "dead"]
    foreign.refresh_from_db()
    assert foreign.error_type.endswith("ForeignObject")
    assert Customer.objects.get(pk="cus_foreign").provider == "stripe"


def test_a_failing_database_statement_fails_the_delivery_and_writes_none_of_it(monkeypatch):
    apply = processing.apply_versions

    def lose_the_lock(versions, **others):
        apply(versions, **others)
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(processing, "apply_versions", lose_the_lock)
    delivery = stored()
    assert processing.drain().failed == 1
    assert states([delivery]) == ["failed"]
    assert not Subscription.objects.exists()
    assert not Transition.objects.exists()
    monkeypatch.setattr(processing, "apply_versions", apply)
    WebhookDelivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert processing.drain().processed == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error, delivery.error_type) == ("processed", "", "")


def test_a_provider_that_is_no_longer_configured_fails_only_its_own():
    ours, theirs = stored(), stored(provider="paddle")
    processing.drain()
    assert states([ours, theirs]) == ["processed", "failed"]


def test_what_neither_the_mirror_nor_a_handler_takes_is_ignored():
    delivery = stored(body_of("moon.landed", id="1"))
    assert processing.drain().ignored == 1
    assert states([delivery]) == ["ignored"]
    assert not Transition.objects.exists()


def test_what_a_handler_takes_is_processed_and_told_in_the_same_transaction():
    on("moon.landed")(print)
    delivery = stored(body_of("moon.landed", id="1", customer_id="cus_1"))
    assert processing.drain().processed == 1
    told = Transition.objects.get()
    assert (told.name, told.delivery_id, told.state) == ("moon.landed", delivery.pk, "pending")
    assert told.customer_id == "cus_1"


@pytest.mark.parametrize("unfit", [7, None, ["cus_1"], {"id": "cus_1"}, "x" * 300, ""])
def test_what_cannot_be_a_customers_id_is_told_as_nobodys(unfit):
    on("*")(print)
    stored(body_of("customer.moved_to_the_moon", id=unfit))
    stored(body_of("moon.landed", customer_id=unfit))
    assert processing.drain().processed == 2
    assert set(Transition.objects.values_list("customer_id", flat=True)) == {None}


def test_a_processed_delivery_is_told_where_its_signal_has_a_receiver():
    def count(**_): ...

    signals.webhook_processed.connect(count)
    try:
        stored()
        processing.drain()
    finally:
        signals.webhook_processed.disconnect(count)
    assert Transition.objects.filter(name="webhook_processed").count() == 1


def test_a_worker_that_was_too_slow_rolls_back_and_leaves_it_to_the_other(monkeypatch):
    apply = processing.apply_versions
    on("*")(print)
    delivery = stored()

    def dawdle(versions, **others):
        applied = apply(versions, **others)
        # Another worker has claimed it meanwhile, after the lease was over.
        WebhookDelivery.objects.update(due_at=timezone.now() + timedelta(minutes=9))
        return applied

    monkeypatch.setattr(processing, "apply_versions", dawdle)
    assert processing.drain().failed == 1
    assert states([delivery]) == ["processing"]
    assert not Transition.objects.exists()


def test_processing_a_settled_delivery_does_nothing():
    delivery = stored()
    assert processing.drain(only=delivery.pk).processed == 1
    assert processing.drain(only=delivery.pk).claimed == 0
    assert inbox.replay(WebhookDelivery.objects.all()) == [delivery.pk]
    assert processing.drain(only=delivery.pk).processed == 1
    assert Transition.objects.filter(name="subscription_activated").count() == 1
