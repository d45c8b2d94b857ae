"""The real client against our own Polar: each call as the rest of the package makes it."""

import pytest

from polar_django.exceptions import (
    ActionRefused,
    AuthenticationFailed,
    CustomerConflict,
    InvalidRequest,
    ObjectNotFound,
)
from polar_django.providers.base import CheckoutRequest
from polar_django.providers.registry import get_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(sandbox):
    return get_provider().create_customer(external_id="7", email="ada@example.com", name="Ada")


def checkout_for(sandbox, customer_id, key="pro-monthly"):
    return (
        get_provider()
        .create_checkout(
            CheckoutRequest(
                product_ids=(sandbox.product_ids[key],),
                customer_id=customer_id,
                success_url="http://testserver/return/?checkout_id={CHECKOUT_ID}",
                metadata={"plan": "pro"},
            )
        )
        .first
    )


@pytest.fixture
def bought(sandbox, ada):
    """The subscription that Ada bought."""
    sandbox.pay(checkout_for(sandbox, ada.first.id).id)
    [page] = get_provider().list_objects("subscriptions", customer_id=ada.first.id)
    return page.first


def test_a_customer_is_made_once_and_found_by_id_and_address(ada):
    polar = get_provider()
    assert polar.find_customer("7").first.id == ada.first.id
    assert polar.find_customer_by_email("ADA@example.com").first.id == ada.first.id
    assert polar.get_customer(ada.first.id).first.external_id == "7"
    assert polar.find_customer("8") is None
    with pytest.raises(CustomerConflict, match="e-mail"):
        polar.create_customer(external_id="8", email="Ada@example.com", name="")
    with pytest.raises(CustomerConflict, match="external id"):
        polar.create_customer(external_id="7", email="eve@example.com", name="")
    with pytest.raises(CustomerConflict, match="never changes"):
        polar.set_external_id(ada.first.id, "9")


def test_an_id_with_a_slash_is_found_all_the_same(sandbox):
    polar = get_provider()
    made = polar.create_customer(external_id="team/7", email="team@example.com", name="Team")
    assert polar.find_customer("team/7").first.id == made.first.id
    assert polar.find_customer("team/8") is None


def test_answers_are_on_the_sandboxs_clock(sandbox, ada):
    sandbox.advance(days=40)
    later = get_provider().get_customer(ada.first.id)
    assert 39 <= (later.answered_at - ada.answered_at).days <= 41


def test_a_checkout_is_made_read_and_paid(sandbox, ada):
    made = checkout_for(sandbox, ada.first.id)
    assert (made.status, made.customer_id) == ("open", ada.first.id)
    assert made.id in made.success_url
    sandbox.pay(made.id)
    assert get_provider().get_checkout(made.id).first.status == "succeeded"


def test_a_purchase_shows_in_every_list(sandbox, ada, bought):
    polar = get_provider()
    [orders] = polar.list_objects("orders", customer_id=ada.first.id)
    assert (orders.first.subscription_id, orders.first.paid) == (bought.id, True)
    assert polar.get_order(orders.first.id).first.total_amount == orders.first.total_amount
    [grants] = polar.list_benefit_grants(ada.first.id)
    assert {item.snapshot.benefit_id for item in grants.observations} == set(
        sandbox.benefit_ids.values()
    )
    assert all(item.snapshot.is_granted for item in grants.observations)
    state = polar.customer_state(ada.first.id).state
    assert [one.id for one in state.subscriptions] == [bought.id]
    assert len(state.grants) == len(grants.observations)
    product = polar.get_product(bought.product_id)
    assert product.first.key == "pro-monthly"
    assert polar.get_benefit(sandbox.benefit_ids["pro"]).first.key == "pro"


@pytest.mark.parametrize(
    "kind",
    ["benefits", "checkouts", "customers", "discounts", "members", "meters", "products", "refunds"],
)
def test_every_kind_can_be_listed(bought, kind):
    found = list(get_provider().list_objects(kind))
    assert len([seen for page in found for seen in page.observations]) >= found[0].total


def test_a_subscription_is_canceled_taken_back_and_revoked(bought):
    polar = get_provider()
    canceled = polar.cancel_subscription(bought.id, reason="unused", comment="Later").first
    assert (canceled.cancel_at_period_end, canceled.status) == (True, "active")
    assert canceled.customer_cancellation_reason == "unused"
    with pytest.raises(ActionRefused) as refused:
        polar.cancel_subscription(bought.id)
    assert refused.value.code == "AlreadyCanceledSubscription"
    assert not polar.uncancel_subscription(bought.id).first.cancel_at_period_end
    assert polar.revoke_subscription(bought.id).first.status == "canceled"
    assert polar.get_subscription(bought.id).first.ended_at is not None


def test_a_portal_session_leads_to_the_customers_own_page(ada):
    session = get_provider().create_portal_session(ada.first.id)
    assert "customer_session_token=" in session.url
    assert (session.expires_at - ada.answered_at).total_seconds() > 3000


def test_refusals_are_ours(sandbox, settings):
    polar = get_provider()
    with pytest.raises(ObjectNotFound):
        polar.get_subscription("00000000-0000-4000-8000-000000000000")
    with pytest.raises(InvalidRequest) as invalid:
        polar.create_customer(external_id="7", email="not an address", name="")
    assert invalid.value.errors
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "ACCESS_TOKEN": "polar_oat_wrong"}
    with pytest.raises(AuthenticationFailed):
        get_provider().get_customer("00000000-0000-4000-8000-000000000000")
