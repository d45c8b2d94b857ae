"""The pages in a real browser, with and without JavaScript."""

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import sync_playwright

from polar_django.billing import create_checkout_session
from polar_django.snapshots import CheckoutSnapshot

pytestmark = pytest.mark.browser


def signed_in(client, user, live_server):
    """The cookie of a browser in which the user is signed in."""
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": live_server.url}


@pytest.fixture
def waiting(transactional_db, live_server, service, ada, client):
    """A checkout that is being confirmed: (its return address, its id, the browser's cookie)."""
    session = create_checkout_session(
        ada, "pro", success_url="https://shop.example/", next_url="/accounts/login/?bought=1"
    )
    service.change(session.pk, status="confirmed")
    address = f"{live_server.url}/billing/return/?checkout_id={session.pk}"
    return address, session.pk, signed_in(client, ada, live_server)


@pytest.mark.parametrize("with_script", [True, False])
def test_the_waiting_page_goes_on_by_itself(chromium, waiting, service, with_script):
    address, checkout_id, cookie = waiting
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=with_script)
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(f"{address}&customer_session_token=polar_mst_secret")
        assert page.url == address
        assert page.get_by_role("status").is_visible()
        service.pay(checkout_id)
        page.wait_for_url("**/accounts/login/?bought=1", timeout=15_000)
        browser.close()


def test_the_button_passes_the_csrf_check_and_leads_to_the_pay_page(
    chromium, transactional_db, live_server, service, ada, client
):
    cookie = signed_in(client, ada, live_server)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 360, "height": 640})
        context.add_cookies([cookie])
        page = context.new_page()
        page.route("https://pay.example/**", lambda route: route.fulfill(body="The pay page"))
        page.goto(f"{live_server.url}/billing/checkout/pro/")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.get_by_label("Pro Yearly").check()
        page.get_by_role("button").click()
        page.wait_for_url("https://pay.example/**")
        browser.close()
    (made,) = service.all(CheckoutSnapshot)
    assert made.product_id == "product-pro-yearly"
