"""What every test with a browser shares: where a Chromium is, its pages, and patience.

A click returns before the page is there that it leads to. So a test waits for a sign of that page,
one which the page before does not show, and only then measures, reads an address or asks the
database.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TimeIsUp

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # A shop's page that the test makes up has no address, so it counts as a stranger from outside.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
]
WIDTHS = {"desktop": 1280, "phone": 390}
# Milliseconds, for whatever is waited for; only a test that fails waits so long.
PATIENCE = 120_000
FITS = """(width) => {
    const root = document.documentElement;
    return !!root && document.readyState === 'complete'
        && window.innerWidth === width && root.scrollWidth <= root.clientWidth;
}"""
MEASURED = """() => {
    const root = document.documentElement;
    return `${document.readyState}, window ${window.innerWidth}, page ${root && root.scrollWidth}`;
}"""

expect.set_options(timeout=PATIENCE)

OpenPage = Callable[..., Page]


@cache
def find_chromium() -> str | None:
    """`POLAR_TEST_CHROMIUM`, else one on the path, else Playwright's own, else None."""
    named = os.environ.get("POLAR_TEST_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return str(own) if own.exists() else None


def expect_to_fit(page: Page) -> None:
    """The page is there, and nothing of it is wider than its window."""
    size = page.viewport_size
    assert size is not None
    try:
        # Unlike `evaluate`, this goes on where another page has come meanwhile.
        page.wait_for_function(FITS, arg=size["width"])
    except TimeIsUp:
        pytest.fail(f"{page.url} does not fit: {page.evaluate(MEASURED)}, not {size['width']}")


def sign_in(page: Page, client: Client, live_server: Any) -> None:
    """The page's browser goes on as whoever is signed in with Django's test client."""
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `browser` where there is none."""
    if item.get_closest_marker("browser") and find_chromium() is None:
        pytest.skip("needs Chromium")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A Chromium of the test's own; for tests marked `browser`.

    Not one for many tests: Playwright runs an event loop in this thread for as long as it is open.
    """
    # In such a thread Django would refuse to ask the database.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS, timeout=PATIENCE
        )
        yield opened
        opened.close()
    _let_the_server_finish()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """`open_page(390)`: a page of that width in a browser that remembers nothing.

    Options are those of Playwright's `new_context`, `java_script_enabled=False` for example.
    """
    opened: list[BrowserContext] = []

    def start(width: int = WIDTHS["desktop"], **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append(context)
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    yield start
    for context in opened:
        context.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """An empty page; the test runs once with a wide one and once with a narrow one."""
    return open_page(WIDTHS[request.param])


def _let_the_server_finish() -> None:
    """Until the live server has answered everybody: then the test's rows may be deleted.

    It answers in threads, which on SQLite share the test's own connection.
    """
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(30)
