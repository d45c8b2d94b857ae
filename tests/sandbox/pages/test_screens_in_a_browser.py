"""A second press, and fingers on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from polar_django.sandbox.engine import checkouts
from polar_django.sandbox.models import Order
from tests.browsers import WIDTHS, OpenPage
from tests.sandbox.conftest import PAYS
from tests.sandbox.pages.test_in_a_browser import make_product

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Which of four presses would be sent: two, then two after a return to the page.
PRESSED = """() => {
    const form = document.querySelector('[data-checkout]');
    const press = () =>
        form.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
    const first = [press(), press()];
    window.dispatchEvent(new Event('pageshow'));
    return [...first, press(), press()];
}"""
# What a finger presses and is lower than one, 44 pixels. A label is pressed for its box.
TOO_SMALL = """() =>
    [...document.querySelectorAll('button, select, summary, .button, label, input')]
    .filter((each) => each.offsetParent && !each.parentElement.closest('label'))
    .filter((each) => each.tagName !== 'LABEL' || each.querySelector('input'))
    .map((each) => [each.textContent.trim() || each.name, each.getBoundingClientRect()])
    .filter(([name, box]) => box.right > 0 && box.height < 44).map(([name]) => name)"""


def test_a_second_press_waits_for_the_answer_and_a_return_to_the_page_for_none(
    page: Page, live_server: Any
) -> None:
    product = make_product("Pro", "month", 1_000)
    data = {"products": [product.id], "customer_billing_address": {"country": "NL"}}
    checkout = checkouts.create_checkout(data, base_url=f"{live_server.url}/sandbox")
    page.goto(f"{live_server.url}/sandbox/checkout/{checkout.client_secret}")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name=PAYS).click()
    expect(page.get_by_label("Card number")).to_have_value(PAYS)
    assert page.evaluate(PRESSED) == [True, False, True, False]
    page.evaluate("window.dispatchEvent(new Event('pageshow'))")

    page.get_by_role("button", name="Pay $10.00").dblclick()

    expect(page.get_by_role("link", name="Manage it")).to_be_visible()
    assert Order.objects.count() == 1


def test_on_a_phone_everything_is_as_high_as_a_finger(
    open_page: OpenPage, live_server: Any
) -> None:
    product = make_product("Pro", "month", 1_000)
    checkout = checkouts.create_checkout(
        {"products": [product.id]}, base_url=f"{live_server.url}/sandbox"
    )
    page = open_page(WIDTHS["phone"])
    for path in ("", f"checkout/{checkout.client_secret}", "reset"):
        page.goto(f"{live_server.url}/sandbox/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate(TOO_SMALL) == [], path
