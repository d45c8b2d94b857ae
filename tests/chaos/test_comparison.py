"""The judge finds what is wrong; a run that nobody judges would survive anything."""

from random import Random

import pytest

from polar_django.models import (
    BenefitGrant,
    Customer,
    CustomerMeter,
    Discount,
    LicenseKey,
    Member,
    Meter,
    Order,
    Price,
    Refund,
    Seat,
    Subscription,
)
from polar_django.sandbox.seed import seed_file
from tests.chaos.comparison import compare, wrong_gates
from tests.chaos.seller import Seller
from tests.chaos.world import CATALOG
from tests.mirror.losses import mend


@pytest.fixture
def sold(sandbox, ada):
    """Ada holds a plan, and the mirror knows."""
    sandbox.buy("pro-monthly", external_customer_id=str(ada.pk), customer_email=ada.email)
    sandbox.deliver()
    return sandbox


@pytest.fixture
def rich(bare_sandbox):
    """Something in every table."""
    seed_file(CATALOG)
    api, seller = bare_sandbox.api, Seller(bare_sandbox.api, Random(1))
    bare_sandbox.product_ids = seller.products
    bare_sandbox.buy("app", customer_email="key@example.com")
    by_use = bare_sandbox.buy(
        "by-use", discount_id=seller.discounts()[0]["id"], customer_email="use@example.com"
    )
    event = {"name": "ai_usage", "customer_id": by_use["customer_id"], "metadata": {"tokens": 7}}
    assert api.post("/v1/events/ingest", json={"events": [event]}).status_code == 200
    book = bare_sandbox.buy("ebook", customer_email="book@example.com")
    [order] = api.get("/v1/orders/", params={"customer_id": book["customer_id"]}).json()["items"]
    body = {"order_id": order["id"], "amount": 100, "reason": "other"}
    assert api.post("/v1/refunds/", json=body).status_code == 201
    team = bare_sandbox.buy("team", seats=2, customer_email="team@example.com")
    of_team = {"customer_id": team["customer_id"]}
    [subscription] = api.get("/v1/subscriptions/", params=of_team).json()["items"]
    seat = {"subscription_id": subscription["id"], "email": "sue@example.com"}
    assert api.post("/v1/customer-seats", json=seat).status_code == 200
    bare_sandbox.deliver()
    mend()
    return bare_sandbox


def wrong_tables(sandbox):
    return {name for name, found in compare(sandbox.api).items() if found.count}


def test_a_mirror_that_is_right_is_found_right(sold):
    found = compare(sold.api)
    assert {name: each.count for name, each in found.items() if each.count} == {}
    assert found["Subscription"].seen == found["Order"].seen == 1
    assert found["BenefitGrant"].seen == 2
    assert wrong_gates(sold.api) == []


def test_a_missing_row_is_found(sold):
    Order.objects.all().delete()
    assert wrong_tables(sold) == {"Order"}


def test_a_row_too_many_is_found(sold):
    Customer(id="nobody", provider="polar", synced_at=Customer.objects.get().synced_at).save()
    assert wrong_tables(sold) == {"Customer"}


def test_a_wrong_column_is_found_and_named(sold):
    Subscription.objects.update(status="past_due")
    found = compare(sold.api)["Subscription"]
    assert [set(columns) for columns in found.wrong.values()] == [{"status"}]
    assert "past_due" in str(found)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (Member, {"role": "owner of all"}),
        (Price, {"price_amount": 1}),
        (Discount, {"basis_points": 1}),
        (Refund, {"amount": 1}),
        (LicenseKey, {"usage": 99}),
        (CustomerMeter, {"balance": 99.0}),
        (Seat, {"status": "claimed"}),
        (Meter, {"name": "Other"}),
    ],
)
def test_every_table_is_judged(rich, table, change):
    assert wrong_tables(rich) == set()
    assert table.objects.update(**change)
    assert wrong_tables(rich) == {table.__name__}
    mend()
    assert wrong_tables(rich) == set()


def test_a_gate_that_is_shut_is_found(sold, ada):
    BenefitGrant.objects.update(is_revoked=True)
    assert [each.split(":")[0] for each in wrong_gates(sold.api)] == [str(ada.pk)]
    assert "BenefitGrant" in wrong_tables(sold)


def test_a_gate_that_is_open_to_another_is_found(sold, grace):
    BenefitGrant.objects.update(subscriber=grace)
    assert len(wrong_gates(sold.api)) == 2
