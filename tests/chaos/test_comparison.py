"""The judge finds what is wrong; a run that nobody judges would survive anything."""

import pytest

from polar_django.models import BenefitGrant, Customer, Order, Subscription
from tests.chaos.comparison import compare, wrong_gates


@pytest.fixture
def sold(sandbox, ada):
    """Ada holds a plan, and the mirror knows."""
    sandbox.buy("pro-monthly", external_customer_id=str(ada.pk), customer_email=ada.email)
    sandbox.deliver()
    return sandbox


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


def test_a_gate_that_is_shut_is_found(sold, ada):
    BenefitGrant.objects.update(is_revoked=True)
    assert [each.split(":")[0] for each in wrong_gates(sold.api)] == [str(ada.pk)]
    assert "BenefitGrant" in wrong_tables(sold)


def test_a_gate_that_is_open_to_another_is_found(sold, grace):
    BenefitGrant.objects.update(subscriber=grace)
    assert len(wrong_gates(sold.api)) == 2
