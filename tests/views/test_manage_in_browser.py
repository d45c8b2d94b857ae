"""`manage/` in a real browser: a phone without JavaScript, against the sandbox."""

import pytest
from playwright.sync_api import sync_playwright

from polar_django.billing import ensure_customer
from polar_django.models import Subscription
from tests.entitlements.worlds import person
from tests.views.test_in_browser import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What a page must have so that everybody can use it: told by the browser, not by us.
UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea')]
    .filter(field => field.type !== 'hidden' && !field.labels.length).length"""


@pytest.fixture
def bought(live_server, sandbox, client):
    """Ada's monthly plan: (the subscription, the cookie of her browser)."""
    ada = person("ada", email="ada@example.com")
    sandbox.buy("pro-monthly", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    return Subscription.objects.get(), signed_in(client, ada, live_server)


@pytest.mark.parametrize(("width", "with_script"), [(360, False), (1280, True)])
def test_a_plan_is_changed_canceled_and_taken_back(
    chromium, live_server, sandbox, bought, width, with_script
):
    row, cookie = bought
    seen = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 700}, java_script_enabled=with_script
        )
        context.add_cookies([cookie])
        page = context.new_page()

        def look():
            seen.append(page.title())
            if with_script:
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(UNLABELLED) == 0
                assert page.evaluate("document.querySelectorAll('h1').length") == 1

        page.goto(f"{live_server.url}/billing/manage/")
        look()
        page.get_by_role("link", name="Change plan").click()
        page.get_by_label("Pro, yearly").check()
        look()
        page.get_by_role("button", name="See what it costs").click()
        assert page.get_by_text("$90.00").is_visible()
        look()
        page.get_by_role("button", name="Change it").click()
        page.wait_for_url("**/billing/manage/")
        assert page.get_by_role("status").inner_text() == "It is changed."
        assert page.get_by_role("heading", name="Pro, yearly").is_visible()

        page.get_by_role("link", name="Cancel").click()
        look()
        page.get_by_label("Why do you cancel?").select_option("too_expensive")
        page.get_by_role("button", name="Cancel it").click()
        page.wait_for_url("**/billing/manage/")
        assert page.get_by_text("Canceled. You have it until").is_visible()
        page.get_by_role("button", name="Take the cancellation back").click()
        page.wait_for_url("**/billing/manage/")
        assert page.get_by_text("It renews on").is_visible()
        look()
        browser.close()
    assert len(seen) == 5
    told = sandbox.api.get(f"/v1/subscriptions/{row.pk}").json()
    assert told["product_id"] == sandbox.product_ids["pro-yearly"]
    assert not told["cancel_at_period_end"]
