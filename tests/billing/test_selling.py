"""Discounts and checkout links from code, against the sandbox."""

from datetime import timedelta

import pytest
from django.utils import timezone

from polar_django.billing import (
    create_checkout_link,
    create_discount,
    delete_checkout_link,
    delete_discount,
    list_checkout_links,
    list_discounts,
)
from polar_django.exceptions import InvalidRequest, NotSupported
from polar_django.models import Discount, Product


def theirs(sandbox, discount):
    return sandbox.api.get(f"/v1/discounts/{discount.pk}")


def test_a_percentage_for_some_months_and_products(sandbox):
    until = timezone.now() + timedelta(days=30)
    made = create_discount(
        "A third",
        percent=33.33,
        duration="repeating",
        months=3,
        code="THIRD",
        products=["pro-monthly", Product.objects.get(key="pro-yearly")],
        ends_at=until,
        max_redemptions=10,
        metadata={"campaign": "spring"},
    )
    data = theirs(sandbox, made).json()
    assert (data["basis_points"], data["duration_in_months"], data["code"]) == (3333, 3, "THIRD")
    assert {product["name"] for product in data["products"]} == {"Pro, monthly", "Pro, yearly"}
    assert data["max_redemptions"] == 10
    stored = Discount.objects.get()
    assert (stored, stored.basis_points, stored.ends_at) == (made, 3333, until)
    assert stored.metadata == {"campaign": "spring"}


def test_an_amount(sandbox):
    made = create_discount("Five dollars", amount=500, currency="usd", duration="forever")
    assert (made.amount, made.currency, made.code) == (500, "usd", None)
    assert theirs(sandbox, made).json()["type"] == "fixed"


@pytest.mark.parametrize("both", [{}, {"percent": 5, "amount": 5}])
def test_it_is_a_share_or_an_amount(db, both):
    with pytest.raises(ValueError, match="percent"):
        create_discount("Nothing", **both)


def test_a_code_is_taken_once(sandbox):
    create_discount("Half", percent=50, code="HALF")
    with pytest.raises(InvalidRequest):
        create_discount("Half", percent=50, code="half")
    assert Discount.objects.count() == 1


def test_a_product_that_nobody_knows_is_named(sandbox):
    with pytest.raises(InvalidRequest, match="no-such") as refused:
        create_discount("Half", percent=50, products=["no-such"])
    assert refused.value.code == "unknown_product"


def test_the_list_is_what_the_provider_has_now(sandbox):
    kept = create_discount("Half", percent=50)
    gone = create_discount("Third", percent=33)
    sandbox.api.delete(f"/v1/discounts/{gone.pk}")
    made = sandbox.api.post(
        "/v1/discounts/",
        json={"name": "New", "type": "fixed", "amount": 100, "duration": "once"},
    ).json()
    assert [row.pk for row in list_discounts()] == [made["id"], kept.pk]


def test_a_deleted_discount_is_gone_and_twice_is_once(sandbox):
    made = create_discount("Half", percent=50)
    assert delete_discount(made).deleted_at is not None
    assert theirs(sandbox, made).status_code == 404
    assert delete_discount(made).deleted_at is not None
    assert list_discounts() == []


def test_a_link_is_made_listed_followed_and_voided(sandbox):
    half = create_discount("Half", percent=50)
    link = create_checkout_link(
        ["pro-monthly", "pro-yearly"], label="Newsletter", discount=half, metadata={"from": "mail"}
    )
    assert link.product_ids == tuple(
        sandbox.product_ids[key] for key in ("pro-monthly", "pro-yearly")
    )
    assert (link.label, link.discount_id) == ("Newsletter", half.pk)
    second = create_checkout_link("ebook")
    assert list_checkout_links() == [second, link]
    opened = sandbox.api.get(link.url)
    assert opened.status_code in {302, 303, 307}
    [checkout] = sandbox.api.get("/v1/checkouts/").json()["items"]
    assert checkout["metadata"] == {"from": "mail"}
    delete_checkout_link(link)
    delete_checkout_link(second.id)
    delete_checkout_link(link)
    assert list_checkout_links() == []


@pytest.mark.parametrize("products", [[], ()])
def test_a_link_sells_something(db, products):
    with pytest.raises(ValueError, match="at least one"):
        create_checkout_link(products)


def test_a_provider_that_sells_by_itself_says_so(service):
    with pytest.raises(NotSupported):
        create_discount("Half", percent=50)
