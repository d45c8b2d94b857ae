"""Twenty dead letters of five causes, found and processed again by somebody who has read nothing.

They follow what the pages themselves say, from the admin's first page on.
"""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from polar_django.heartbeats import note_beat
from polar_django.models import Customer, Walk, WebhookDelivery
from polar_django.tasks import sweep_inbox
from polar_django.webhooks import wakeup
from tests.health.failures import hours_of_trade, twenty_dead, work_off

pytestmark = pytest.mark.browser

# Name a folder to look at what the person saw.
SCREENS = os.environ.get("POLAR_TEST_SCREENS", "")
SIZES = ((1280, 900), (390, 844))


@pytest.fixture
def troubled(transactional_db, client, live_server, monkeypatch, handlers_off):
    """A shop that runs, with twenty dead letters; the cookie of a member of staff."""
    monkeypatch.setattr(wakeup, "_wake_now", lambda: None)
    # Playwright runs an event loop in this thread, so Django takes the test for async code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    note_beat(sweep_inbox.name)
    now = timezone.now()
    report = {"customers": {"seen": 120, "missing": 1, "outdated": 2, "gone": 0, "written": 3}}
    Walk.objects.create(
        provider="polar", purpose="reconcile", started_at=now, finished_at=now, report=report
    )
    hours_of_trade()
    twenty_dead()
    client.force_login(get_user_model().objects.create_superuser("oncall"))
    name = django_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": live_server.url}


def look(page: Page, name: str) -> None:
    """Nothing is wider than the screen, in both widths; keep both, light and dark, if asked."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            if SCREENS:
                path = Path(SCREENS) / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)


def test_twenty_dead_letters_are_found_and_processed_again(chromium, troubled, live_server, away):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([troubled])
        page = context.new_page()
        page.goto(f"{live_server.url}/admin/")
        page.get_by_role("link", name="Health", exact=True).first.click()
        page.get_by_text("20 deliveries could not be processed").wait_for()
        look(page, "health")
        # What the causes say is to be mended is mended: the row that is another provider's goes.
        page.get_by_text("belongs to another provider here").wait_for()
        Customer.objects.filter(provider="other").delete()
        for _ in range(5):
            page.get_by_role("link", name="Process again").last.click()
            page.get_by_text(re.compile("^Process .* again.$")).wait_for()
            look(page, "asked")
            page.get_by_role("button", name="Process again").click()
            page.get_by_text("processed again.").first.wait_for()
        assert WebhookDelivery.objects.filter(state="pending").count() == 20
        page.get_by_text("No delivery has failed.").wait_for()
        look(page, "replayed")
        work_off()
        page.reload()
        # What could be mended is; what nobody can read says so, and has failed again.
        expect(page.get_by_text("this version of the app cannot read")).to_have_count(2)
        look(page, "after")
        browser.close()
    assert set(
        WebhookDelivery.objects.filter(state="dead").values_list("error_type", flat=True)
    ) == {"polar_django.exceptions.MalformedPayload"}
