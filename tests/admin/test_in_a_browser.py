"""A support colleague with a customer on the phone, in a real browser, at a desk and on a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from polar_django.billing import create_checkout_session
from polar_django.models import BenefitGrant, Subscription
from tests.admin.clicking import logged
from tests.browsers import expect_to_fit, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_somebody_who_wants_out_is_found_and_helped(
    page: Page, scheme: str, live_server: Any, chief: Any, sandbox: Any, ada: Any
) -> None:
    sandbox.pay(create_checkout_session(ada, "pro", success_url="https://shop.example/").url)
    sandbox.deliver()
    sign_in(page, chief, live_server)
    page.emulate_media(color_scheme=scheme)

    page.goto(f"{live_server.url}/admin/polar_django/customer/")
    page.locator("#searchbar").fill("ada@example.com")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile("[?&]q=ada"))
    page.locator("#result_list tbody th a").click()
    expect(page.get_by_role("heading", name="Benefits held now")).to_be_visible()
    expect(page.get_by_text("Subscription to Pro, monthly").first).to_be_visible()
    expect_to_fit(page)

    page.get_by_role("link", name="Give a benefit").click()
    page.get_by_label("Benefit:").fill("vip")
    page.get_by_label("Reason:").fill("Waited too long")
    expect_to_fit(page)
    page.get_by_role("button", name="Give a benefit").click()
    expect(page.get_by_text("The benefit is given.")).to_be_visible()
    assert BenefitGrant.objects.get(provider="local").subscriber == ada

    page.goto(f"{live_server.url}/admin/polar_django/subscription/")
    page.locator("#result_list tbody th a").click()
    page.get_by_role("link", name="Cancel at period end").click()
    page.get_by_label("The customer's reason:").select_option("too expensive")
    expect_to_fit(page)
    page.get_by_role("button", name="Cancel at period end").click()
    expect(page.get_by_text("1 subscription will not renew.")).to_be_visible()
    expect_to_fit(page)
    assert Subscription.objects.get().cancel_at_period_end
    assert len(logged()) == 2
