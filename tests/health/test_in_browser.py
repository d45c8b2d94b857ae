"""Twenty dead letters of five causes, found and processed again by somebody who has read nothing.

They follow what the pages themselves say, from the admin's first page on.
"""

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page, expect

from polar_django.heartbeats import note_beat
from polar_django.models import Customer, Walk, WebhookDelivery
from polar_django.tasks import sweep_inbox
from polar_django.webhooks import wakeup
from tests.browsers import expect_to_fit, sign_in
from tests.health.failures import hours_of_trade, twenty_dead, work_off

pytestmark = pytest.mark.browser

# Name a folder to look at what the person saw.
SCREENS = os.environ.get("POLAR_TEST_SCREENS", "")
SIZES = ((1280, 900), (390, 844))


@pytest.fixture
def troubled(transactional_db, client, monkeypatch, handlers_off):
    """A shop that runs, with twenty dead letters; a member of staff is signed in."""
    monkeypatch.setattr(wakeup, "_wake_now", lambda: None)
    note_beat(sweep_inbox.name)
    now = timezone.now()
    report = {"customers": {"seen": 120, "missing": 1, "outdated": 2, "gone": 0, "written": 3}}
    Walk.objects.create(
        provider="polar", purpose="reconcile", started_at=now, finished_at=now, report=report
    )
    hours_of_trade()
    twenty_dead()
    client.force_login(get_user_model().objects.create_superuser("oncall"))


def look(page: Page, name: str) -> None:
    """Nothing is wider than the screen, in both widths; keep both, light and dark, if asked."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        expect_to_fit(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            if SCREENS:
                path = Path(SCREENS) / f"{name}-{width}-{scheme}.png"
                page.screenshot(path=path, full_page=True)


@pytest.mark.usefixtures("troubled", "away")
def test_twenty_dead_letters_are_found_and_processed_again(client, live_server, open_page):
    page = open_page()
    sign_in(page, client, live_server)
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("link", name="Health", exact=True).first.click()
    expect(page.get_by_text("20 deliveries could not be processed")).to_be_visible()
    look(page, "health")
    # What the causes say is to be mended is mended: the row that is another provider's goes.
    expect(page.get_by_text("belongs to another provider here")).to_be_visible()
    Customer.objects.filter(provider="other").delete()
    for _ in range(5):
        page.get_by_role("link", name="Process again").last.click()
        expect(page.get_by_text(re.compile("^Process .* again.$"))).to_be_visible()
        look(page, "asked")
        page.get_by_role("button", name="Process again").click()
        expect(page.get_by_text("processed again.").first).to_be_visible()
        # The page is whole, and with it the list that the next link is taken from.
        expect_to_fit(page)
    expect(page.get_by_text("No delivery has failed.")).to_be_visible()
    assert WebhookDelivery.objects.filter(state="pending").count() == 20
    look(page, "replayed")
    work_off()
    page.reload()
    # What could be mended is; what nobody can read says so, and has failed again.
    expect(page.get_by_text("this version of the app cannot read")).to_have_count(2)
    look(page, "after")
    assert set(
        WebhookDelivery.objects.filter(state="dead").values_list("error_type", flat=True)
    ) == {"polar_django.exceptions.MalformedPayload"}
