"""The pages in a real browser, with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from polar_django.billing import create_checkout_session
from polar_django.snapshots import CheckoutSnapshot
from tests.browsers import expect_to_fit, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(transactional_db, live_server, service, ada, client):
    """A checkout of Ada's that is being confirmed: (its return address, its id)."""
    session = create_checkout_session(
        ada, "pro", success_url="https://shop.example/", next_url="/accounts/login/?bought=1"
    )
    service.change(session.pk, status="confirmed")
    client.force_login(ada)
    return f"{live_server.url}/billing/return/?checkout_id={session.pk}", session.pk


@pytest.mark.parametrize("with_script", [True, False])
def test_the_waiting_page_goes_on_by_itself(
    waiting, service, client, live_server, open_page, with_script
):
    address, checkout_id = waiting
    page = open_page(java_script_enabled=with_script)
    sign_in(page, client, live_server)
    page.goto(f"{address}&customer_session_token=polar_mst_secret")
    assert page.url == address
    expect(page.get_by_role("status")).to_be_visible()
    service.pay(checkout_id)
    page.wait_for_url("**/accounts/login/?bought=1")


def test_the_button_passes_the_csrf_check_and_leads_to_the_pay_page(
    transactional_db, live_server, service, ada, client, open_page
):
    client.force_login(ada)
    page = open_page(360)
    sign_in(page, client, live_server)
    page.route("https://pay.example/**", lambda route: route.fulfill(body="The pay page"))
    page.goto(f"{live_server.url}/billing/checkout/pro/")
    expect_to_fit(page)
    page.get_by_label("Pro Yearly").check()
    page.get_by_role("button").click()
    page.wait_for_url("https://pay.example/**")
    (made,) = service.all(CheckoutSnapshot)
    assert made.product_id == "product-pro-yearly"
