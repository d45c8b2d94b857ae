"""Buying in a frame on a shop's page, with the script that the sandbox brings."""

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from polar_django.sandbox.engine import catalog, checkouts
from polar_django.sandbox.models import Checkout, Order
from tests.sandbox.conftest import DECLINES, PAYS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOP = "http://shop.localhost"
PAGE = """<!doctype html><meta name="viewport" content="width=device-width">
<h1>The shop</h1><a href="{url}" data-polar-checkout data-polar-checkout-theme="dark">Buy</a>
<script src="{script}"></script>
<script>
  window.heard = [];
  document.addEventListener("polar-checkout", (event) => {{
    for (const name of ["close", "confirmed", "success"])
      event.detail.addEventListener(name, (e) => window.heard.push([name, e.detail]));
  }});
</script>"""


@pytest.fixture
def sandbox_url(live_server: Any) -> str:
    return f"{live_server.url}/sandbox"


def open_shop(page: Page, sandbox_url: str, **data: Any) -> Checkout:
    """A page of the shop's with one button."""
    price = {"amount_type": "fixed", "price_amount": 1_000}
    product = catalog.create_product(
        {"name": "Pro", "recurring_interval": "month", "prices": [price]}
    )
    checkout = checkouts.create_checkout(
        {
            "products": [product.id],
            "embed_origin": SHOP,
            "customer_billing_address": {"country": "NL"},
            **data,
        },
        base_url=sandbox_url,
    )
    url = f"{sandbox_url}/checkout/{checkout.client_secret}"
    shown = PAGE.format(url=url, script=f"{sandbox_url}/_assets/embed.js")

    def answer(route: Route) -> None:
        thanks = "<h1>Thanks from the shop</h1>"
        body = thanks if "/thanks" in route.request.url else shown
        route.fulfill(body=body, content_type="text/html")

    page.route(f"{SHOP}/**", answer)
    page.goto(f"{SHOP}/")
    return checkout


def open_frame(page: Page) -> FrameLocator:
    page.get_by_role("link", name="Buy").click()
    frame = page.frame_locator("iframe[title=Checkout]")
    expect(page.locator("iframe")).to_have_count(1)
    expect(page.get_by_text("Loading…")).to_have_count(0)
    return frame


def choose(frame: FrameLocator, card: str) -> None:
    frame.get_by_role("button", name=card).click()
    # The script fills it in, or where that is not loaded yet, the server on a fresh page.
    expect(frame.get_by_label("Card number")).to_have_value(card)


def test_a_buyer_pays_in_a_frame_and_the_shop_goes_on(page: Page, sandbox_url: str) -> None:
    checkout = open_shop(page, sandbox_url, success_url=f"{SHOP}/thanks?id={{CHECKOUT_ID}}")
    frame = open_frame(page)
    frame.get_by_label("E-mail").fill("ada@example.com")
    choose(frame, DECLINES)
    frame.get_by_role("button", name="Pay $10.00").click()
    expect(frame.get_by_role("alert")).to_contain_text("was declined")

    choose(frame, PAYS)
    frame.get_by_role("button", name="Pay $10.00").click()
    expect(page.get_by_role("heading", name="Thanks from the shop")).to_be_visible()
    assert f"id={checkout.id}" in page.url
    assert "customer_session_token=polar_cst_" in page.url
    assert Order.objects.get().status == "paid"


def test_the_shop_hears_what_happens_and_may_stay(page: Page, sandbox_url: str) -> None:
    open_shop(page, sandbox_url)
    frame = open_frame(page)
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    frame.get_by_label("E-mail").fill("ada@example.com")
    choose(frame, PAYS)
    frame.get_by_role("button", name="Pay $10.00").click()
    expect(frame.get_by_role("heading", name="Thank you")).to_be_visible()

    page.wait_for_function("window.heard.length === 2")
    (first, _), (second, told) = page.evaluate("window.heard")
    assert (first, second) == ("confirmed", "success")
    assert told["type"] == "POLAR_CHECKOUT"
    assert told["redirect"] is False
    assert "/confirmation" in told["successURL"]

    frame.get_by_role("button", name="Close the checkout").click()
    expect(page.locator("iframe")).to_have_count(0)


def test_the_frame_closes_and_nothing_is_bought(page: Page, sandbox_url: str) -> None:
    open_shop(page, sandbox_url)
    frame = open_frame(page)
    frame.get_by_role("button", name="Close the checkout").click()
    expect(page.locator("iframe")).to_have_count(0)
    assert [name for name, _ in page.evaluate("window.heard")] == ["close"]
    assert not Order.objects.exists()
