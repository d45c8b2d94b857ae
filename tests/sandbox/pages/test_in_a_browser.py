"""The pay page and the portal in a real browser, wide and narrow."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from polar_django.sandbox.engine import catalog, checkouts, confirmation, schedule
from polar_django.sandbox.models import Checkout, Customer, Order, Product, Subscription
from tests.browsers import OpenPage, expect_to_fit
from tests.sandbox.conftest import DECLINES, FAILS_LATER, PAYS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def make_product(name: str, interval: str, amount: int) -> Product:
    price = {"amount_type": "fixed", "price_amount": amount, "tax_behavior": "exclusive"}
    return catalog.create_product({"name": name, "recurring_interval": interval, "prices": [price]})


@pytest.fixture
def checkout(live_server: Any) -> Checkout:
    """Pro, by the month or by the year."""
    products = [make_product("Monthly", "month", 1_000), make_product("Yearly", "year", 10_000)]
    return checkouts.create_checkout(
        {"products": [each.id for each in products]}, base_url=f"{live_server.url}/sandbox"
    )


def open_portal(page: Page, live_server: Any) -> None:
    """The portal of the one customer, by the seller's page."""
    page.goto(f"{live_server.url}/sandbox/customers/{Customer.objects.get().pk}")
    page.get_by_role("button", name="Open their portal").click()
    expect(page.get_by_text("Change plan", exact=True)).to_be_visible()


def test_a_buyer_chooses_is_declined_pays_and_cancels(
    page: Page, checkout: Checkout, live_server: Any
) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{live_server.url}/sandbox/checkout/{checkout.client_secret}")
    expect_to_fit(page)

    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("Country").select_option("DE")
    expect(page.get_by_role("button", name="Pay $11.90")).to_be_visible()
    page.get_by_label("Yearly").check()
    expect(page.get_by_role("button", name="Pay $119.00")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")

    page.get_by_role("button", name="is declined").click()
    expect(page.get_by_label("Card number")).to_have_value(DECLINES)
    page.get_by_label("Card number").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("was declined")
    expect_to_fit(page)

    page.get_by_role("button", name=PAYS).click()
    expect(page.get_by_label("Card number")).to_have_value(PAYS)
    page.get_by_role("button", name="Pay $119.00").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Order.objects.get().total_amount == 11_900

    page.get_by_role("link", name="Manage it").click()
    page.get_by_text("Cancel", exact=True).click()
    page.get_by_label("Why?").select_option("Too expensive")
    page.get_by_role("button", name="Cancel at the end of the period").click()
    expect(page.get_by_role("status")).to_contain_text("You keep access")
    expect_to_fit(page)
    assert Subscription.objects.get().cancel_at_period_end
    assert problems == []


def test_a_customer_changes_the_plan_and_gives_a_seat(page: Page, live_server: Any) -> None:
    make_product("Monthly", "month", 1_000)
    per_seat = {
        "amount_type": "seat_based",
        "seat_tiers": {"tiers": [{"min_seats": 1, "max_seats": None, "price_per_seat": 500}]},
    }
    team, big = [
        catalog.create_product({"name": name, "recurring_interval": "month", "prices": [per_seat]})
        for name in ("Team", "Big team")
    ]
    checkout = checkouts.create_checkout(
        {"products": [team.id], "seats": 3, "customer_email": "ada@example.com"},
        base_url=f"{live_server.url}/sandbox",
    )
    body = {"confirmation_token_id": PAYS, "customer_billing_address": {"country": "NL"}}
    confirmation.confirm_checkout(checkout, body)
    open_portal(page, live_server)
    expect_to_fit(page)

    page.get_by_text("Change plan", exact=True).click()
    expect(page.get_by_label("Monthly")).to_have_count(0)
    page.get_by_label("Big team").check()
    page.locator("#plan-when-" + str(Subscription.objects.get().pk)).select_option("invoice")
    page.get_by_role("button", name="See what it costs").first.click()
    expect(page.get_by_role("heading", name="Big team")).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("button", name="Change the plan").click()
    expect(page.get_by_role("status")).to_contain_text("Your plan is changed")
    assert Subscription.objects.get().product == big

    page.get_by_label("Give a seat to").fill("bob@example.com")
    page.get_by_role("button", name="Give the seat").click()
    expect(page.get_by_text("bob@example.com")).to_be_visible()
    expect_to_fit(page)


def test_a_failed_renewal_is_paid_and_the_plan_becomes_yearly(page: Page, live_server: Any) -> None:
    monthly, yearly = make_product("Monthly", "month", 1_000), make_product("Yearly", "year", 9_000)
    checkout = checkouts.create_checkout(
        {"products": [monthly.id], "customer_email": "ada@example.com"},
        base_url=f"{live_server.url}/sandbox",
    )
    body = {"confirmation_token_id": FAILS_LATER, "customer_billing_address": {"country": "NL"}}
    confirmation.confirm_checkout(checkout, body)
    schedule.advance(days=32)
    open_portal(page, live_server)

    page.get_by_role("button", name="Pay $10.00").click()
    expect(page.get_by_role("status")).to_contain_text("Paid.")
    page.get_by_text("Change plan", exact=True).click()
    page.get_by_label("Yearly").check()
    page.get_by_label("When?").select_option("invoice")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("Charged now")).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("button", name="Change the plan").click()
    expect(page.get_by_role("status")).to_contain_text("Your plan is changed")
    assert Subscription.objects.get().product == yearly

    page.get_by_text("Add a card", exact=True).click()
    page.get_by_label("Test card").last.select_option(PAYS.replace(" ", ""))
    page.get_by_label("Charge it from now on").uncheck()
    page.get_by_role("button", name="Add the card").click()
    expect(page.get_by_role("status")).to_contain_text("The card is kept")
    expect_to_fit(page)


def test_without_javascript_the_page_sells_as_well(
    open_page: OpenPage, checkout: Checkout, live_server: Any
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/sandbox/checkout/{checkout.client_secret}")
    page.get_by_label("Yearly").check()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Update the total").click()
    expect(page.get_by_role("button", name="Pay $119.00")).to_be_visible()
    page.get_by_role("button", name=PAYS).click()
    expect(page.get_by_label("Card number")).to_have_value(PAYS)
    page.get_by_role("button", name="Pay $119.00").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Order.objects.get().product == Product.objects.get(name="Yearly")


def test_the_dashboard_moves_the_clock_and_fits_the_screen(page: Page, live_server: Any) -> None:
    make_product("Monthly", "month", 1_000)
    page.goto(f"{live_server.url}/sandbox/")
    expect_to_fit(page)
    page.get_by_role("button", name="+ 1 month").click()
    expect(page.get_by_role("status")).to_contain_text("The clock moved")
    page.get_by_role("link", name="product.created").click()
    expect(page.get_by_role("heading", name="Body")).to_be_visible()
    expect_to_fit(page)
