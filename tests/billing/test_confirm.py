import pytest
from django.core.cache import cache

from polar_django.billing import confirm_checkout, create_checkout_session
from polar_django.conf import Plan
from polar_django.exceptions import NotSupported, ObjectNotFound, ProviderUnavailable
from polar_django.mirror.answers import apply_answer
from polar_django.models import BenefitGrant, Order, Subscription, Transition
from polar_django.snapshots import BenefitGrantSnapshot
from tests.billing.fake_provider import FakeProvider


@pytest.fixture
def checkout(service, ada):
    session = create_checkout_session(ada, "pro", success_url="https://shop.example/")
    service.calls.clear()
    return session


def test_what_a_paid_checkout_bought_is_mirrored_at_once(checkout, service, ada):
    service.pay(checkout.pk)
    assert confirm_checkout(checkout) == "active"
    assert Subscription.objects.active().for_subscriber(ada).count() == 1
    assert Order.objects.paid().get().subscriber == ada
    assert BenefitGrant.objects.active().held_by(subscriber=ada).count() == 1
    news = Transition.objects.filter(source="return_page")
    assert {"benefit_granted", "subscription_activated", "order_paid"} <= set(
        news.values_list("name", flat=True)
    )


def test_an_active_purchase_is_not_asked_about_again(checkout, service):
    service.pay(checkout.pk)
    confirm_checkout(checkout)
    cache.clear()
    service.calls.clear()
    assert confirm_checkout(checkout) == "active"
    assert service.calls == []


def test_many_questions_at_once_reach_the_provider_once(checkout, service):
    for _ in range(20):
        assert confirm_checkout(checkout) == "pending"
    assert service.called("get_checkout") == 1


@pytest.mark.parametrize("status", ["open", "confirmed", "something new"])
def test_what_is_not_paid_gives_nothing(checkout, service, status):
    service.change(checkout.pk, status=status)
    assert confirm_checkout(checkout) == "pending"
    assert not BenefitGrant.objects.exists()
    assert not any(call.startswith("list") for call in service.calls)


@pytest.mark.parametrize("status", ["expired", "failed"])
def test_what_is_over_has_failed_and_is_asked_about_once(checkout, service, status):
    service.change(checkout.pk, status=status)
    assert confirm_checkout(checkout) == "failed"
    cache.clear()
    service.calls.clear()
    assert confirm_checkout(checkout) == "failed"
    assert service.calls == []


def test_a_purchase_without_its_grants_yet_is_pending_until_they_come(checkout, service):
    service.pay(checkout.pk, grants=False)
    assert confirm_checkout(checkout) == "pending"
    service.put(
        BenefitGrantSnapshot(
            id="grant-late",
            customer_id=checkout.customer_id,
            benefit_id="benefit-pro",
            subscription_id=f"subscription-{checkout.pk}",
            is_granted=True,
        )
    )
    cache.clear()
    assert confirm_checkout(checkout) == "active"


def test_what_was_revoked_since_has_taken_effect_all_the_same(checkout, service):
    service.pay(checkout.pk)
    assert confirm_checkout(checkout) == "active"
    cache.clear()
    service.calls.clear()
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    Subscription.objects.update(status="canceled")
    assert confirm_checkout(checkout) == "active"
    assert service.calls == []


def test_seats_are_bought_before_anybody_holds_a_grant(service, ada):
    session = create_checkout_session(ada, "team", success_url="https://shop.example/")
    service.pay(session.pk, grants=False)
    assert confirm_checkout(session) == "active"


def test_a_provider_that_is_down_leaves_it_pending(checkout, service):
    service.pay(checkout.pk)
    service.faults["get_checkout"] = ProviderUnavailable("down")
    assert confirm_checkout(checkout) == "pending"


def test_a_provider_that_goes_down_half_way_never_shows_an_unfinished_purchase(checkout, service):
    service.pay(checkout.pk)
    service.faults["list benefit_grants"] = ProviderUnavailable("down")
    assert confirm_checkout(checkout) == "pending"
    cache.clear()
    service.faults.clear()
    assert confirm_checkout(checkout) == "active"


def test_a_checkout_the_provider_has_lost_has_failed(checkout, service):
    service.faults["get_checkout"] = ObjectNotFound("gone", status=404, code="ResourceNotFound")
    assert confirm_checkout(checkout) == "failed"


@pytest.mark.parametrize("call", ["get_checkout", "list orders"])
@pytest.mark.parametrize("error", [ObjectNotFound("No such route.", status=404), NotSupported("")])
def test_a_server_that_does_not_know_the_route_says_nothing_of_a_purchase(
    checkout, service, call, error
):
    service.pay(checkout.pk)
    service.faults[call] = error
    assert confirm_checkout(checkout) == "pending"


def test_a_cache_that_is_down_keeps_nobody_from_what_they_paid_for(checkout, service, monkeypatch):
    def fail(*args, **options):
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "add", fail, raising=False)
    service.pay(checkout.pk)
    assert confirm_checkout(checkout) == "active"


@pytest.fixture
def upgrade(service, ada):
    """A checkout from the free plan, whose benefit has been granted, to "pro"."""
    service.sell("hobby", price=0, benefit="hobby")
    for page in FakeProvider().list_objects("products"):
        apply_answer(page)
    free = create_checkout_session(
        ada,
        Plan.from_options("hobby", {"products": ["hobby"]}),
        success_url="https://shop.example/",
    )
    service.pay(free.pk)
    assert confirm_checkout(free) == "active"
    cache.clear()
    Subscription.objects.update(amount=0)
    session = create_checkout_session(ada, "pro", success_url="https://shop.example/")
    assert session.subscription_id == f"subscription-{free.pk}"
    return session


def test_an_upgrade_is_active_when_its_own_benefit_is_here(upgrade, service):
    service.change(upgrade.pk, status="succeeded")
    assert confirm_checkout(upgrade) == "pending"

    held = service.change(upgrade.subscription_id, product_id=upgrade.product_id)
    cache.clear()
    assert confirm_checkout(upgrade) == "pending"

    service.put(
        BenefitGrantSnapshot(
            id="grant-upgraded",
            customer_id=upgrade.customer_id,
            benefit_id="benefit-pro",
            subscription_id=held.id,
            is_granted=True,
        )
    )
    cache.clear()
    assert confirm_checkout(upgrade) == "active"


def test_an_upgrade_is_not_active_for_a_benefit_that_was_lost_before(upgrade, service):
    service.change(upgrade.pk, status="succeeded")
    held = service.change(upgrade.subscription_id, product_id=upgrade.product_id)
    lost = service.put(
        BenefitGrantSnapshot(
            id="grant-of-old",
            customer_id=upgrade.customer_id,
            benefit_id="benefit-pro",
            subscription_id=held.id,
            is_granted=False,
            is_revoked=True,
        )
    )
    assert confirm_checkout(upgrade) == "pending"
    service.change(lost.id, is_granted=True, is_revoked=False)
    cache.clear()
    assert confirm_checkout(upgrade) == "active"
    BenefitGrant.objects.update(is_granted=False, is_revoked=True)
    Subscription.objects.update(status="canceled")
    assert confirm_checkout(upgrade) == "active"
