"""`manage/` in a real browser: a phone without JavaScript, against the sandbox."""

import pytest
from playwright.sync_api import expect

from polar_django.billing import ensure_customer
from polar_django.models import Subscription
from tests.browsers import expect_to_fit, sign_in
from tests.entitlements.worlds import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What a page must have so that everybody can use it: told by the browser, not by us.
UNLABELLED = """() => [...document.querySelectorAll('input, select, textarea')]
    .filter(field => field.type !== 'hidden' && !field.labels.length).length"""


@pytest.fixture
def bought(live_server, sandbox, client):
    """The monthly plan of Ada, who is signed in."""
    ada = person("ada", email="ada@example.com")
    sandbox.buy("pro-monthly", customer_id=ensure_customer(ada).pk)
    sandbox.deliver()
    client.force_login(ada)
    return Subscription.objects.get()


@pytest.mark.parametrize(("width", "with_script"), [(360, False), (1280, True)])
def test_a_plan_is_changed_canceled_and_taken_back(
    live_server, sandbox, bought, client, open_page, width, with_script
):
    page = open_page(width, java_script_enabled=with_script)
    sign_in(page, client, live_server)
    seen = []

    def look():
        seen.append(page.title())
        if with_script:
            expect_to_fit(page)
            assert page.evaluate(UNLABELLED) == 0
            assert page.evaluate("document.querySelectorAll('h1').length") == 1

    page.goto(f"{live_server.url}/billing/manage/")
    look()
    page.get_by_role("link", name="Change plan").click()
    page.get_by_label("Pro, yearly").check()
    look()
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("$90.00")).to_be_visible()
    look()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status")).to_have_text("It is changed.")
    expect(page.get_by_role("heading", name="Pro, yearly")).to_be_visible()
    assert page.url == f"{live_server.url}/billing/manage/"

    page.get_by_role("link", name="Cancel").click()
    page.get_by_label("Why do you cancel?").select_option("too_expensive")
    look()
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_text("Canceled. You have it until")).to_be_visible()
    assert page.url == f"{live_server.url}/billing/manage/"
    page.get_by_role("button", name="Take the cancellation back").click()
    expect(page.get_by_text("It renews on")).to_be_visible()
    assert page.url == f"{live_server.url}/billing/manage/"
    look()
    assert len(seen) == 5
    told = sandbox.api.get(f"/v1/subscriptions/{bought.pk}").json()
    assert told["product_id"] == sandbox.product_ids["pro-yearly"]
    assert not told["cancel_at_period_end"]
