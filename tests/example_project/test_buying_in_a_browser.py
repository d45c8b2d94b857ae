"""The demo shop as its visitors use it: a real server, a real browser, nothing faked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browsers import expect_to_fit
from tests.ports import port_of_our_own

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SHOP = """
import sys, django
django.setup()
from example_project import launch
launch.prepare()
with launch.serving(int(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""
PAYS, DECLINES = "4242 4242 4242 4242", "4000 0000 0000 0002"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a shop that nobody has bought in yet; it closes with its stdin."""
    port = port_of_our_own()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "INKWELL_PORT": str(port),
        "INKWELL_DATA_DIR": str(tmp_path_factory.mktemp("inkwell")),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SHOP, str(port)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == "open"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        process.terminate()
        process.wait(60)


@pytest.fixture
def visit(shop, open_page):
    """Open a page of the shop, signed in where a name is given: `visit("/pricing/", "ada")`."""

    def start(path: str, user: str = "", **options: object) -> Page:
        page: Page = open_page(base_url=shop, **options)
        if user:
            page.goto("/accounts/login/")
            page.get_by_role("button", name=f"Sign in as {user.title()}").click()
            page.wait_for_url(lambda url: "login" not in url)
        page.goto(path)
        return page

    return start


def live_in_the_netherlands(place: Page | FrameLocator) -> None:
    """Choose it, and wait for the total: the page may be another one then, with an empty card."""
    tax = place.get_by_text("depends on the country")
    expect(tax).to_be_visible()
    place.get_by_label("Country").select_option("NL")
    expect(tax).to_have_count(0)


def fill(place: Page | FrameLocator, card: str) -> None:
    place.get_by_label("Card number").fill(card)
    place.get_by_role("button", name="Pay $").click()


def test_bought_by_redirect_on_a_phone_after_a_declined_card(visit):
    page = visit("/billing/checkout/pro/", "ada", width=390)
    expect_to_fit(page)
    page.get_by_text("Inkwell Pro, yearly").click()
    expect(page.get_by_label("Inkwell Pro, yearly")).to_be_checked()
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/sandbox/checkout/**")
    live_in_the_netherlands(page)
    fill(page, DECLINES)
    expect(page.get_by_role("alert").first).to_contain_text("declined")
    fill(page, PAYS)
    page.wait_for_url("**/account/")
    expect(page.get_by_text("Inkwell Pro, yearly").first).to_be_visible()


def test_bought_in_a_frame_that_was_closed_first_and_declined_once(visit):
    page = visit("/pricing/", "grace")
    page.evaluate(
        "window.heard = []; for (const each of ['loaded', 'close', 'confirmed', 'success'])"
        "  document.addEventListener(`polar:${each}`, (e) => {"
        "    window.heard.push(each); sessionStorage.heard = window.heard.join(' ') })"
    )
    buy = page.get_by_role("button", name="Buy the handbook")
    frame = page.frame_locator("iframe[title=Checkout]")
    buy.click()
    frame.get_by_role("button", name="Close").click()
    expect(page.locator("iframe")).to_have_count(0)
    expect(buy).to_be_focused()

    buy.click()
    expect(frame.get_by_role("heading", name="The Inkwell handbook")).to_be_visible()
    live_in_the_netherlands(frame)
    fill(frame, DECLINES)
    expect(frame.get_by_role("alert").first).to_contain_text("declined")
    fill(frame, PAYS)
    page.wait_for_url("**/account/")
    heard = page.evaluate("sessionStorage.heard").split()
    assert heard[:2] == ["loaded", "close"]
    assert heard[-2:] == ["confirmed", "success"]
    assert "customer_session_token" not in page.url


def test_without_scripts_the_same_button_leads_to_the_pay_page(visit):
    page = visit("/pricing/", "ada", java_script_enabled=False)
    page.get_by_role("button", name="Buy the handbook").click()
    page.wait_for_url("**/sandbox/checkout/**")


def test_a_visitor_who_wants_the_frame_signs_in_first(visit):
    page = visit("/pricing/")
    page.get_by_role("button", name="Buy the handbook").click()
    page.wait_for_url("**/accounts/login/?next=/billing/checkout/handbook/")


def test_a_form_of_the_sites_own_frame_works_on_the_waiting_page(visit):
    """The page of a checkout is not told to others, and yet its forms say where they come from."""
    page = visit("/billing/checkout/handbook/", "ada")
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/sandbox/checkout/**")
    listed = page.context.request.get("/sandbox/v1/checkouts/", headers=TOKEN).json()["items"]
    (row,) = (each for each in listed if each["client_secret"] in page.url)
    page.goto(f"/billing/return/?checkout_id={row['id']}")
    expect(page.get_by_role("heading", name="not complete yet")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_a_wrong_code_is_named_beside_its_field(visit):
    page = visit("/billing/checkout/handbook/?discount=NO-SUCH", "ada")
    page.get_by_role("button", name="Continue to payment").click()
    field = page.get_by_label("Discount code")
    expect(field).to_have_value("NO-SUCH")
    expect(field).to_have_accessible_description(
        "This code does not exist, has expired, or is not for this purchase."
    )


TOKEN = {"Authorization": "Bearer polar_oat_sandbox"}
