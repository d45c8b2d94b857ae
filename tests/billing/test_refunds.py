"""Refunds against the sandbox, over HTTP."""

import itertools

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import memcache_key_warnings

from polar_django.billing import get_invoice_url, get_receipt_url, invoices, refund_order, refunds
from polar_django.exceptions import (
    ActionRefused,
    InvalidRequest,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.models import BenefitGrant, Order, Refund, Transition
from tests.billing.fake_provider import FakeProvider
from tests.billing.lost_answers import lost_answer


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def order(sandbox) -> Order:
    """An ebook for 15 dollars, sold to France: there is tax in it."""
    return buy(sandbox, sandbox.product_ids["ebook"], country="FR")


def buy(sandbox, product_id, **details) -> Order:
    checkout = sandbox.api.post("/v1/checkouts/", json={"products": [product_id]}).json()
    sandbox.pay(checkout["id"], **details)
    sandbox.deliver()
    return Order.objects.get(checkout=checkout["id"])


def refunds_at(sandbox):
    return sandbox.api.get("/v1/refunds/").json()["items"]


def test_all_of_an_order_is_given_back_with_its_tax(sandbox, order):
    refund = refund_order(order, comment="Sorry")
    [theirs] = refunds_at(sandbox)
    assert theirs["id"] == refund.pk
    assert (theirs["amount"], theirs["reason"]) == (order.net_amount, "customer_request")
    assert Order.objects.get().status == order.status == "refunded"
    assert order.refunded_tax_amount == order.tax_amount > 0
    assert order.refundable_amount == 0
    assert Transition.objects.filter(name="order_refunded", source="verb").count() == 1


def test_all_of_it_twice_is_once(sandbox, order):
    first = refund_order(order)
    stale = Order.objects.get()
    assert refund_order(stale) == first
    assert len(refunds_at(sandbox)) == 1


def test_two_who_give_all_of_it_back_at_once_give_it_once(sandbox, order, monkeypatch):
    provider = type(sandbox.app_provider())
    original = provider.refund_order
    firsts = []

    def beaten(self, *args, **kwargs):
        monkeypatch.setattr(provider, "refund_order", original)
        firsts.append(refund_order(Order.objects.get()))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(provider, "refund_order", beaten)
    assert [refund_order(order)] == firsts
    assert len(refunds_at(sandbox)) == 1
    assert order.status == "refunded"


def test_a_cache_that_is_down_does_not_keep_a_refund_back(sandbox, order, monkeypatch):
    def fail(*args, **options):
        raise ConnectionError

    monkeypatch.setattr(refunds.cache, "add", fail)
    monkeypatch.setattr(refunds.cache, "delete", fail)
    first = refund_order(order, 500, request_key="form-1")
    assert refund_order(order, 500, request_key="form-1") == first


def test_without_an_amount_a_stale_mirror_gives_back_what_is_left(sandbox, order):
    sandbox.api.post("/v1/refunds/", json={"order_id": order.pk, "amount": 500, "reason": "other"})
    assert refund_order(order).amount == order.net_amount - 500
    assert order.status == "refunded"


def test_a_part_is_given_back_as_often_as_it_is_asked_for(sandbox, order):
    refund_order(order, 500)
    refund_order(order, 500)
    assert order.refunded_amount == 1000
    assert order.status == "partially_refunded"
    assert len(refunds_at(sandbox)) == 2


def test_a_part_of_one_request_is_given_back_once(sandbox, order):
    first = refund_order(order, 500, request_key="form-1")
    assert refund_order(order, 500, request_key="form-1") == first
    assert refund_order(order, 500, request_key="form-2") != first
    assert len(refunds_at(sandbox)) == 2


def test_a_second_submit_while_the_first_is_under_way_is_refused(sandbox, order, monkeypatch):
    provider = type(sandbox.app_provider())
    original = provider.refund_order
    refusals = []

    def submit_again(self, *args, **kwargs):
        with pytest.raises(ActionRefused) as refused:
            refund_order(order, 500, request_key="form-1")
        refusals.append(refused.value.code)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(provider, "refund_order", submit_again)
    refund_order(order, 500, request_key="form-1")
    assert refusals == ["RefundInProgress"]
    assert len(refunds_at(sandbox)) == 1


def test_every_cache_can_keep_the_guard_of_a_request(sandbox, order, monkeypatch):
    names = []
    monkeypatch.setattr(refunds.cache, "add", lambda name, *_, **__: names.append(name) or True)
    refund_order(order, 500, request_key=f"a form's {'x' * 190}")
    assert not list(memcache_key_warnings(names[0]))


def test_a_refund_whose_answer_was_lost_is_found(sandbox, order):
    with lost_answer("POST", "/v1/refunds/"):
        refund = refund_order(order, 500)
    assert [theirs["id"] for theirs in refunds_at(sandbox)] == [refund.pk]
    assert order.refunded_amount == 500


def test_a_refund_that_never_arrived_is_told_as_that(sandbox, order):
    with (
        lost_answer("POST", "/v1/refunds/", arrives=False),
        pytest.raises(ProviderUnavailable),
    ):
        refund_order(order, 500)
    assert refunds_at(sandbox) == []
    assert not Refund.objects.exists()


def test_too_many_requests_are_told_at_once(sandbox, order):
    with (
        lost_answer("POST", "/v1/refunds/", arrives=False, status=429, retry_after=60),
        pytest.raises(RateLimited) as refused,
    ):
        refund_order(order, 500)
    assert refused.value.retry_after == 60


def test_more_than_is_left_is_refused(sandbox, order):
    with pytest.raises(InvalidRequest):
        refund_order(order, order.net_amount + 1)
    refund_order(order)
    with pytest.raises(ActionRefused) as refused:
        refund_order(order, 1)
    assert refused.value.code == "RefundedAlready"


@pytest.mark.parametrize("amount", [0, -5])
def test_less_than_nothing_is_no_amount(order, amount):
    with pytest.raises(ValueError, match="at least 1"):
        refund_order(order, amount)


def test_a_refund_takes_the_benefits_only_where_asked(sandbox, order):
    refund_order(order, 500)
    sandbox.deliver()
    assert BenefitGrant.objects.active().exists()
    refund_order(order, 500, revoke_benefits=True)
    sandbox.deliver()
    assert not BenefitGrant.objects.active().exists()


def test_the_benefits_of_a_subscription_end_with_it_and_not_by_a_refund(sandbox):
    sandbox.buy("pro-monthly")
    sandbox.deliver()
    with pytest.raises(ActionRefused) as refused:
        refund_order(Order.objects.get(), revoke_benefits=True)
    assert refused.value.code == "RevokeSubscriptionBenefitsProhibited"


def test_nothing_is_given_back_for_a_free_order(sandbox):
    free = {"name": "Sample", "prices": [{"amount_type": "fixed", "price_amount": 0}]}
    order = buy(sandbox, sandbox.api.post("/v1/products/", json=free).json()["id"])
    assert order.paid
    with pytest.raises(ActionRefused) as refused:
        refund_order(order)
    assert refused.value.code == "NothingToRefund"
    with pytest.raises(ActionRefused) as refused:
        refund_order(order, 100)
    assert refused.value.code == "RefundUnknownPayment"


def test_an_invoice_is_waited_for(sandbox, order):
    sandbox.api.patch(
        f"/v1/orders/{order.pk}",
        json={"billing_name": "A Buyer", "billing_address": {"country": "NL"}},
    )
    assert get_invoice_url(order, wait=2).startswith("http")


def test_an_invoice_that_is_not_made_in_time_is_none(service, monkeypatch):
    """The provider takes it, and makes none while we wait."""
    moments = itertools.count(step=0.4)
    slept = []
    monkeypatch.setattr(invoices.time, "monotonic", lambda: next(moments))
    monkeypatch.setattr(invoices.time, "sleep", slept.append)
    monkeypatch.setattr(FakeProvider, "generate_invoice", lambda self, order_id: None)
    assert get_invoice_url(Order(pk="order-1", provider="fake"), wait=1) is None
    assert slept
    assert max(slept) <= 0.5


def test_an_invoice_is_not_waited_for_unasked(service):
    order = Order(pk="order-1", provider="fake")
    assert get_invoice_url(order) is None
    assert get_invoice_url(order).startswith("https://")


def test_a_paid_order_has_a_receipt(order):
    assert get_receipt_url(order).startswith("http")


def test_lines_of_an_order_and_totals_per_currency(sandbox, order):
    [line] = order.line_items
    assert (line.label, line.amount, line.proration) == ("Ebook", order.subtotal_amount, False)
    assert line.price_id == order.product.prices.get().pk
    sandbox.buy("pro-monthly", currency="usd")
    sandbox.deliver()
    refund_order(order, 300)
    paid = Order.objects.paid()
    assert paid.totals() == {"usd": sum(row.total_amount for row in paid)}
    assert paid.totals("refunded_amount") == {"usd": 300}
    assert Order.objects.refunded().get() == order
    assert Order.objects.none().totals() == {}
