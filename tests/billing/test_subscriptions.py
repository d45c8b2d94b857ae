from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from polar_django import billing
from polar_django.billing import (
    cancel_subscription,
    revoke_subscription,
    uncancel_subscription,
)
from polar_django.exceptions import ActionRefused, ProviderUnavailable, RateLimited
from polar_django.mirror.backfill import backfill
from polar_django.models import Subscription, Transition
from polar_django.providers.registry import get_provider
from polar_django.snapshots import CustomerSnapshot, SubscriptionSnapshot


@pytest.fixture
def subscription(service, ada) -> Subscription:
    service.put(CustomerSnapshot(id="customer-1", external_id=str(ada.pk), email=ada.email))
    service.put(
        SubscriptionSnapshot(
            id="subscription-1",
            customer_id="customer-1",
            product_id="product-pro-monthly",
            status="active",
            current_period_end=timezone.now() + timedelta(days=20),
        )
    )
    for _ in backfill(get_provider(), ("customers", "subscriptions")):
        pass
    service.calls.clear()
    return Subscription.objects.get()


def test_canceling_is_in_the_mirror_when_the_verb_returns(subscription, service):
    cancel_subscription(subscription, reason="too_expensive", comment="Sorry")
    stored = Subscription.objects.get()
    assert stored.is_ending
    assert stored.customer_cancellation_reason == "too_expensive"
    assert stored.customer_cancellation_comment == "Sorry"
    assert subscription.is_ending
    assert service.calls == ["cancel_subscription"]
    assert Transition.objects.filter(name="subscription_canceled", source="verb").count() == 1


def test_canceling_twice_returns_quietly(subscription, service):
    cancel_subscription(subscription)
    cancel_subscription(subscription)
    assert subscription.is_ending
    assert Transition.objects.filter(name="subscription_canceled").count() == 1


def test_canceling_what_was_canceled_elsewhere_brings_the_mirror_up_to_date(subscription, service):
    service.change("subscription-1", cancel_at_period_end=True)
    cancel_subscription(subscription)
    assert Subscription.objects.get().is_ending


def test_uncanceling_makes_it_renew(subscription):
    cancel_subscription(subscription)
    uncancel_subscription(subscription)
    assert not Subscription.objects.get().is_ending
    uncancel_subscription(subscription)


def test_uncanceling_what_has_ended_is_refused_and_the_mirror_knows_why(subscription, service):
    service.change("subscription-1", status="canceled", ended_at=timezone.now())
    with pytest.raises(ActionRefused):
        uncancel_subscription(subscription)
    assert Subscription.objects.get().status == "canceled"


def test_revoking_ends_it_now_and_twice_is_once(subscription, service):
    revoke_subscription(subscription)
    revoke_subscription(subscription)
    stored = Subscription.objects.get()
    assert (stored.status, stored.is_active) == ("canceled", False)
    assert Transition.objects.filter(name="subscription_revoked").count() == 1


def test_a_provider_that_is_down_changes_nothing(subscription, service):
    service.faults["cancel_subscription"] = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        cancel_subscription(subscription)
    assert not Subscription.objects.get().is_ending


def test_a_cancellation_that_timed_out_but_was_made_is_read_back(subscription, service):
    service.faults["cancel_subscription"] = ProviderUnavailable("slow")
    service.before["cancel_subscription"] = lambda: service.change(
        "subscription-1", cancel_at_period_end=True
    )
    assert cancel_subscription(subscription).is_ending
    assert Subscription.objects.get().is_ending
    assert service.calls == ["cancel_subscription", "get_subscription"]


def test_what_cannot_even_be_read_back_is_told_as_it_was(subscription, service):
    service.faults["cancel_subscription"] = ProviderUnavailable("slow")
    service.faults["get_subscription"] = ProviderUnavailable("slow, too")
    with pytest.raises(ProviderUnavailable, match=r"^slow$"):
        cancel_subscription(subscription)


def test_a_refusal_that_cannot_be_looked_up_is_told_as_it_was(subscription, service):
    service.change("subscription-1", cancel_at_period_end=True)
    service.faults["get_subscription"] = ProviderUnavailable("down")
    with pytest.raises(ActionRefused):
        cancel_subscription(subscription)


def test_too_many_requests_are_told_at_once(subscription, service):
    service.faults["cancel_subscription"] = RateLimited("busy", retry_after=30)
    with pytest.raises(RateLimited) as refused:
        cancel_subscription(subscription)
    assert refused.value.retry_after == 30
    assert service.calls == ["cancel_subscription"]


def test_async_code_has_a_twin_of_every_verb(subscription):
    names = set(billing.__all__)
    twins = {name for name in names if name[0] == "a" and name[1:] in names}
    assert twins == {f"a{verb}" for verb in names - twins}
    assert async_to_sync(billing.acancel_subscription)(subscription).is_ending
