from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone

from polar_django.billing import confirm_checkout, create_checkout_session
from polar_django.conf import Plan
from polar_django.exceptions import (
    ConfigurationError,
    CustomerConflict,
    InvalidRequest,
    ProviderUnavailable,
    UnknownPlan,
)
from polar_django.models import CheckoutSession, Customer
from polar_django.snapshots import CheckoutSnapshot, CustomerSnapshot


@pytest.fixture
def request_(rf: RequestFactory):
    return rf.get("/", SERVER_NAME="shop.example")


def test_a_session_belongs_to_the_subscriber_before_anybody_pays(service, ada, request_):
    session = create_checkout_session(ada, "pro", next_url="/report/", request=request_)
    assert (session.subscriber, session.plan, session.next_url) == (ada, "pro", "/report/")
    assert session.customer == Customer.objects.get(subscriber=ada)
    assert session.product_id == "product-pro-monthly"
    assert session.success_url == f"http://shop.example/billing/return/?checkout_id={session.pk}"


def test_without_a_choice_the_pay_page_offers_all_products(service, ada, request_):
    session = create_checkout_session(ada, "pro", request=request_)
    sold = service.objects[session.pk].raw["products"]
    assert sold == ["product-pro-monthly", "product-pro-yearly"]


@pytest.mark.parametrize("choice", ["pro-yearly", "product-pro-yearly"])
def test_a_chosen_product_is_the_only_one(service, ada, request_, choice):
    session = create_checkout_session(ada, "pro", product=choice, request=request_)
    assert service.objects[session.pk].raw["products"] == ["product-pro-yearly"]


def test_a_product_of_another_plan_is_refused(service, ada, request_):
    with pytest.raises(InvalidRequest) as caught:
        create_checkout_session(ada, "pro", product="secret-product", request=request_)
    assert caught.value.code == "product_not_in_plan"
    assert service.all(CheckoutSnapshot) == []


@pytest.mark.parametrize("seats", [0, 1, 51, -3])
def test_seats_outside_the_bounds_are_refused(service, ada, request_, seats):
    with pytest.raises(InvalidRequest) as caught:
        create_checkout_session(ada, "team", seats=seats, request=request_)
    assert caught.value.code == "seats_out_of_bounds"


def test_seats_of_a_plan_without_seats_are_refused(service, ada, request_):
    with pytest.raises(InvalidRequest):
        create_checkout_session(ada, "pro", seats=2, request=request_)


@pytest.mark.parametrize(("asked", "got"), [(None, 5), (2, 2), (50, 50)])
def test_seats_are_the_plans_own_or_the_buyers(service, ada, request_, asked, got):
    assert create_checkout_session(ada, "team", seats=asked, request=request_).seats == got


def test_a_second_click_uses_the_same_session(service, ada, request_):
    first = create_checkout_session(ada, "pro", request=request_)
    second = create_checkout_session(ada, "pro", next_url="/later/", request=request_)
    assert second.pk == first.pk
    assert second.next_url == "/later/"
    assert len(service.all(CheckoutSnapshot)) == 1


def test_another_product_or_number_of_seats_is_another_session(service, ada, request_):
    create_checkout_session(ada, "pro", request=request_)
    create_checkout_session(ada, "pro", product="pro-yearly", request=request_)
    create_checkout_session(ada, "team", request=request_)
    create_checkout_session(ada, "team", seats=9, request=request_)
    assert len(service.all(CheckoutSnapshot)) == 4


def test_a_session_that_was_paid_meanwhile_is_not_offered_again(service, ada, request_):
    first = create_checkout_session(ada, "pro", request=request_)
    service.change(first.pk, status="succeeded")
    second = create_checkout_session(ada, "pro", request=request_)
    assert second.pk != first.pk
    first.refresh_from_db()
    assert first.status == "succeeded"


def test_a_session_that_the_provider_no_longer_has_is_not_offered_again(service, ada, request_):
    """After a reset of the sandbox, or with another organization's token."""
    first = create_checkout_session(ada, "pro", request=request_)
    del service.objects[first.pk]
    second = create_checkout_session(ada, "pro", request=request_)
    assert second.pk != first.pk
    assert create_checkout_session(ada, "pro", request=request_).pk == second.pk


class LaggingReplica:
    """It does not exist, so that whatever is read of checkouts there fails."""

    def db_for_read(self, model, **hints):
        return "replica" if model is CheckoutSession else None

    def db_for_write(self, model, **hints):
        return "default"


def test_a_session_is_read_where_it_was_written_a_moment_ago(service, ada, request_, settings):
    settings.DATABASE_ROUTERS = [LaggingReplica()]
    first = create_checkout_session(ada, "pro", request=request_)
    assert create_checkout_session(ada, "pro", request=request_).pk == first.pk
    assert confirm_checkout(first) == "pending"


@pytest.mark.parametrize(
    ("plan", "chosen", "changed"),
    [
        ("pro", {"product": "pro-monthly"}, {"product_id": "product-pro-yearly"}),
        ("team", {"seats": 5}, {"seats": 9}),
    ],
)
def test_what_was_chosen_here_is_offered_though_the_pay_page_was_changed_meanwhile(
    service, ada, request_, plan, chosen, changed
):
    first = create_checkout_session(ada, plan, request=request_)
    service.change(first.pk, **changed)
    second = create_checkout_session(ada, plan, request=request_, **chosen)
    assert second.pk != first.pk
    assert second.product_id == ("product-pro-monthly" if plan == "pro" else "product-team")
    assert second.seats == chosen.get("seats")


def test_a_session_about_to_expire_is_not_offered_again(service, ada, request_):
    first = create_checkout_session(ada, "pro", request=request_)
    CheckoutSession.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert create_checkout_session(ada, "pro", request=request_).pk != first.pk


def test_two_requests_at_once_end_at_one_session(service, ada, request_):
    found = []

    def other_tab():
        found.append(create_checkout_session(ada, "pro", request=request_))

    service.before["create_checkout"] = other_tab
    session = create_checkout_session(ada, "pro", request=request_)
    assert session.pk == found[0].pk


def test_another_subscribers_session_is_never_used(service, ada, eve, request_):
    first = create_checkout_session(ada, "pro", request=request_)
    second = create_checkout_session(eve, "pro", request=request_)
    assert second.pk != first.pk
    assert second.customer.subscriber == eve


def test_a_session_whose_creation_timed_out_is_found_when_its_webhook_came(service, ada, request_):
    lost = create_checkout_session(ada, "pro", request=request_)
    CheckoutSession.objects.update(plan="", next_url="")
    assert create_checkout_session(ada, "pro", request=request_).pk == lost.pk


def test_the_first_checkout_needs_no_sync_before_it(service, ada, request_):
    create_checkout_session(ada, "pro", request=request_)
    assert service.called("list products") == 1
    create_checkout_session(ada, "team", request=request_)
    assert service.called("list products") == 1


def test_a_name_can_be_mapped_to_an_id_in_the_settings(service, ada, request_, settings):
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PRODUCTS": {"gold": "product-secret-product"},
        "PLANS": {"gold": {"products": ["gold"]}},
    }
    session = create_checkout_session(ada, "gold", request=request_)
    assert session.product_id == "product-secret-product"


def test_a_product_nobody_knows_is_an_error_that_names_it(service, ada, request_, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "PLANS": {"x": {"products": ["nope"]}}}
    with pytest.raises(ConfigurationError, match="nope"):
        create_checkout_session(ada, "x", request=request_)
    assert service.all(CustomerSnapshot) == []


def test_an_archived_product_does_not_take_the_name_of_a_living_one(service, ada, request_):
    old = service.sell("old-pro")
    service.change(old.id, key="pro-monthly", is_archived=True)
    assert create_checkout_session(ada, "pro", request=request_).product_id == "product-pro-monthly"


def test_an_unknown_plan_is_named(service, ada, request_):
    with pytest.raises(UnknownPlan, match="gold"):
        create_checkout_session(ada, "gold", request=request_)


def test_a_conflict_makes_no_session(service, eve, request_):
    service.put(CustomerSnapshot(id="customer-legacy", email=eve.email))
    with pytest.raises(CustomerConflict):
        create_checkout_session(eve, "pro", request=request_)
    assert service.all(CheckoutSnapshot) == []


def test_a_time_out_leaves_the_customer_linked(service, ada, request_):
    service.faults["create_checkout"] = ProviderUnavailable("slow")
    with pytest.raises(ProviderUnavailable):
        create_checkout_session(ada, "pro", request=request_)
    service.faults.clear()
    create_checkout_session(ada, "pro", request=request_)
    assert len(service.all(CustomerSnapshot)) == 1


def test_without_a_request_the_success_address_must_be_given(service, ada):
    with pytest.raises(ConfigurationError, match="success_url"):
        create_checkout_session(ada, "pro")
    given = "https://shop.example/thanks?id={CHECKOUT_ID}&x=%7B"
    session = create_checkout_session(ada, "pro", success_url=given)
    assert session.success_url == f"https://shop.example/thanks?id={session.pk}&x=%7B"


def test_a_relative_success_address_keeps_its_placeholder(service, ada, request_):
    session = create_checkout_session(
        ada, "pro", success_url="/thanks/?id={CHECKOUT_ID}", request=request_
    )
    assert session.success_url == f"http://shop.example/thanks/?id={session.pk}"


def test_addresses_may_be_names(service, ada, request_, settings):
    settings.POLAR_DJANGO = {**settings.POLAR_DJANGO, "RETURN_URL": "polar:portal"}
    plan = Plan.from_options("one", {"products": ["pro-monthly"], "success_url": "login"})
    session = create_checkout_session(ada, plan, request=request_)
    assert session.success_url == "http://shop.example/accounts/login/"
    asked = service.objects[session.pk].raw
    assert asked["return_url"] == "http://shop.example/billing/portal/"


@pytest.mark.urls("django.contrib.auth.urls")
def test_an_address_of_ones_own_needs_none_of_ours(service, ada, request_):
    session = create_checkout_session(
        ada, "pro", success_url="https://shop.example/thanks", request=request_
    )
    assert session.success_url == "https://shop.example/thanks"
    with pytest.raises(ConfigurationError, match=r"polar_django\.urls"):
        create_checkout_session(ada, "pro", request=request_)


def test_a_name_of_nothing_is_said(service, ada, request_):
    plan = Plan.from_options("one", {"products": ["pro-monthly"], "success_url": "no-such-name"})
    with pytest.raises(ConfigurationError, match="no-such-name"):
        create_checkout_session(ada, plan, request=request_)
