"""Where a Chromium is, if there is one."""

import os
import shutil
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


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
