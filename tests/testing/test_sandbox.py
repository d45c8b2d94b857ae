"""The fixture `polar_sandbox`: a whole Polar in a project's test, with nothing to set up."""

import pytest
from django.urls import get_urlconf, reverse

from polar_django.billing import cancel_subscription
from polar_django.conf import get_settings
from polar_django.entitlements import has_benefit, plan_of
from polar_django.sandbox.errors import InvalidRequest
from polar_django.testing.plugin import polar_catalogue, polar_sandbox
from polar_django.testing.sandbox import DECLINES, FAILS_LATER, NotPaid, open_sandbox
from tests.entitlements.worlds import again

__all__ = ["polar_catalogue", "polar_sandbox"]

pytestmark = pytest.mark.django_db


def test_a_plan_is_bought_renewed_and_lost(ada, polar_sandbox):
    bought = polar_sandbox.buy(ada, "pro")
    assert plan_of(ada) == "pro"
    assert has_benefit(ada, "pro")
    polar_sandbox.advance(days=32)
    assert bought.orders.count() == 2
    cancel_subscription(bought)
    polar_sandbox.advance(days=32)
    bought.refresh_from_db()
    assert bought.has_ended
    assert not has_benefit(again(ada), "pro")


def test_a_card_that_is_refused_buys_nothing(ada, polar_sandbox):
    with pytest.raises(NotPaid):
        polar_sandbox.buy(ada, "pro", DECLINES)
    assert not has_benefit(ada, "pro")
    later = polar_sandbox.buy(ada, "pro", FAILS_LATER)
    polar_sandbox.advance(days=32)
    later.refresh_from_db()
    assert later.in_grace


def test_seats_are_sold_where_the_plan_sells_seats(ada, polar_sandbox):
    assert polar_sandbox.buy(ada, "team", seats=3).seats == 3


def test_the_projects_own_pages_sell(ada, client, polar_sandbox):
    client.force_login(ada)
    answer = client.post(reverse("polar:checkout", args=["pro"]))
    assert answer.status_code == 303
    polar_sandbox.pay(answer.url)
    polar_sandbox.deliver()
    assert has_benefit(ada, "pro")
    assert get_urlconf() is None or "sandbox" not in get_urlconf()


def test_plans_and_products_may_have_long_names_and_short_ones(db, settings, ada):
    long, short = "p" * 60, "p"
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PLANS": {long: {"products": [f"{long}-monthly"]}, short: {"products": [short]}},
    }
    with open_sandbox() as sandbox:
        sandbox.buy(ada, long)
        assert plan_of(ada) == long
        shown = sandbox.api.get("/v1/products/").json()["items"]
    assert {len(product["name"]) for product in shown} == {len("Product p"), 64}


def test_what_the_api_would_refuse_is_not_for_sale(polar_sandbox):
    with pytest.raises(InvalidRequest, match=r"products\.x\.one_time\.name"):
        polar_sandbox.sell({"products": {"x": {"name": "X", "prices": [{"amount_type": "free"}]}}})


def test_what_is_for_sale_may_be_the_projects_own(db, settings, ada, tmp_path):
    file = tmp_path / "catalog.toml"
    file.write_text(
        '[benefits.books]\ndescription = "Books"\n'
        '[products.shelf]\nname = "A shelf"\nbenefits = ["books"]\n'
        'prices = [{amount_type = "fixed", price_amount = 500}]\n'
    )
    settings.POLAR_DJANGO = {
        **settings.POLAR_DJANGO,
        "PLANS": {"shelf": {"products": ["shelf"]}},
        "PRODUCTS": {"shelf": "an-id-of-the-real-polar"},
        "EXTERNAL_ID_PREFIX": "tests-",
    }
    before = get_settings()
    with open_sandbox(file) as sandbox:
        assert sandbox.buy(ada, "shelf") is None
        assert has_benefit(ada, "books")
        assert sandbox.api.get(f"/v1/products/{sandbox.product_ids['shelf']}").status_code == 200
    assert get_settings().server == before.server
